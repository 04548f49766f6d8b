"""Users of the local stack's pool, and the codes that were sent to them."""

import re
from dataclasses import dataclass

from tools.local_stack.inbox import Message

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
    """The code in a message."""
    found = re.search(r"#(\d{6})$" if message.channel == "sms" else r"\b(\d{6})\b", message.text)
    assert found, f"no code in an {message.channel} message"
    return found[1]


def another_code(code: str) -> str:
    """A code of the same length that is not `code`."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"
