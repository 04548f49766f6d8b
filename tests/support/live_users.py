"""Users of a local stack, and the messages that it sent to them."""

import secrets
import time

from tests.support.users import User, code_in
from tools.local_stack import inbox
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack


def add_user(stack: Stack, *, channel: str = "", phone: bool = True, **extra: str) -> User:
    """Add a user with a password. `channel` is the preferred one; `extra` are attributes of the user."""
    pool, tag = stack.client("cognito-idp"), secrets.token_hex(5)
    email = extra.get("email", f"user-{tag}@people.example")
    number = extra.get("phone_number", f"+1202555{secrets.randbelow(10_000):04d}")
    wanted = {"email": email, "email_verified": "true"} | extra
    if phone:
        wanted |= {"phone_number": number, "phone_number_verified": "true"}
    if channel:
        wanted["custom:otp_channel"] = channel
    made = pool.admin_create_user(
        UserPoolId=stack.user_pool_id,
        Username=email,
        UserAttributes=[{"Name": name, "Value": value} for name, value in wanted.items()],
        MessageAction="SUPPRESS",
    )
    password = f"correct horse {tag}"
    pool.admin_set_user_password(
        UserPoolId=stack.user_pool_id, Username=email, Password=password, Permanent=True
    )
    (sub,) = (a["Value"] for a in made["User"]["Attributes"] if a["Name"] == "sub")
    return User(email, number if phone else "", password, sub)


def messages_to(stack: Stack, to: str, count: int = 1, timeout: float = 60) -> list[Message]:
    """Wait for `count` messages to an address or number. Returns them, oldest first."""
    end = time.monotonic() + timeout
    while True:
        messages = inbox.read(stack, to)
        if len(messages) >= count or time.monotonic() > end:
            assert len(messages) >= count, f"{len(messages)} of {count} messages arrived"
            return messages
        time.sleep(0.05)


def newest_code(stack: Stack, to: str, count: int = 1) -> str:
    """Wait for `count` messages to an address or number. Returns the newest code."""
    return code_in(messages_to(stack, to, count)[-1])
