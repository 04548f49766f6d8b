"""What the page may see and do of the local stack, in one place."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from demo_client.web import invocations
from demo_client.web.invocations import Invocation
from tools.local_stack import inbox
from tools.local_stack.clients import client
from tools.local_stack.errors import StackError
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack, load

# What a call raises when the stack is gone, or is being replaced.
STACK_UNAVAILABLE: Final = (StackError, OSError, BotoCoreError, ClientError)

CHANNELS: Final = ("email", "sms")
_NAMES: Final = ("ada", "grace", "lin", "mary", "alan", "edith")


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody made for the page, with a verified address and number and a made-up password."""

    email: str
    phone: str
    password: str = field(repr=False)


class StackData(Protocol):
    """What the page's server needs of the stack that it shows. Each raises one of STACK_UNAVAILABLE."""

    def messages(self) -> list[Message]: ...
    def invocations(self, since: int) -> list[Invocation]: ...
    def facts(self) -> dict[str, Any]: ...
    def make_user(self, channel: str) -> DemoUser: ...


class LocalStackData:
    """The local stack that runs now."""

    def messages(self) -> list[Message]:
        """Everything that was sent, oldest first."""
        return inbox.read(load())

    def invocations(self, since: int) -> list[Invocation]:
        """The calls that ended at `since` (ms since 1970) or later, in the order of their ends."""
        stack = load()
        logs = _logs(stack.endpoint_url)
        found = [
            invocation
            for function in stack.functions
            for invocation in _read_invocations(logs, stack, function, since)
        ]
        return sorted(found, key=lambda invocation: invocation.ended_at)

    def facts(self) -> dict[str, Any]:
        """What an app is told about its pool; `hosted` is None on a stack without hosted sign-in."""
        stack = load()
        return {
            "endpoint": stack.endpoint_url,
            "userPoolId": stack.user_pool_id,
            "clients": stack.clients,
            "hosted": _hosted(stack.outputs),
        }

    def make_user(self, channel: str) -> DemoUser:
        """A new user whose codes go to `channel` first."""
        stack = load()
        user = _new_demo_user()
        wanted = {
            "email": user.email,
            "email_verified": "true",
            "phone_number": user.phone,
            "phone_number_verified": "true",
            "custom:otp_channel": channel,
        }
        pool = stack.client("cognito-idp")
        attributes = [{"Name": name, "Value": value} for name, value in wanted.items()]
        named = {"UserPoolId": stack.user_pool_id, "Username": user.email}
        pool.admin_create_user(**named, UserAttributes=attributes, MessageAction="SUPPRESS")
        pool.admin_set_user_password(**named, Password=user.password, Permanent=True)
        return user


def message_id(message: Message) -> str:
    """A name for a message that stays the same as long as the stack runs."""
    whole = f"{message.channel}\n{message.to}\n{message.sent_at.timestamp()}\n{message.text}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


# A client costs more than all that it is asked in a round.
@cache
def _logs(endpoint_url: str) -> Any:
    return client(endpoint_url, "logs")


def _read_invocations(logs: Any, stack: Stack, function: str, since: int) -> list[Invocation]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{stack.functions[function]}", startTime=since
    )
    return invocations.read(function, (event for page in pages for event in page["events"]))


def _hosted(outputs: Mapping[str, str]) -> dict[str, str] | None:
    url, client_id = outputs.get("HostedSignInURL"), outputs.get("HostedClientId")
    return {"url": url, "clientId": client_id} if url and client_id else None


def _new_demo_user() -> DemoUser:
    tag = secrets.token_hex(2)
    return DemoUser(
        email=f"{secrets.choice(_NAMES)}-{tag}@passcode.example",
        # The numbers 206-555-0100 to -0199 belong to nobody: they are kept for fiction.
        phone=f"+1206555{secrets.randbelow(100) + 100:04}",
        password=f"local-{secrets.token_hex(5)}",
    )
