"""Users of the local stack's pool, and the codes that were sent to them."""

from dataclasses import dataclass

from tools.local_stack.inbox import Message, secret_in

# The shortest value that the template allows, because tests wait for it.
COOLDOWN = 5


@dataclass(frozen=True)
class User:
    """A user in the pool, with a password and verified destinations."""

    email: str
    phone: str
    password: str
    sub: str


def code_in(message: Message) -> str:
    """The code in a message, or the temporary password."""
    found = secret_in(message)
    assert found, f"no code in an {message.channel} message"
    return found


def another_code(code: str, number: int = 1) -> str:
    """A code of the same length that is not `code`, another one for each `number` below 10**6."""
    return f"{(int(code) + number) % 10 ** len(code):0{len(code)}d}"
