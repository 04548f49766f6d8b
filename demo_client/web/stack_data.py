"""The data of the local stack that the demo page shows, and the one change that it can make."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from demo_client.demo_users import DemoUser, new_demo_user
from demo_client.web import invocations
from demo_client.web.invocations import Invocation
from tools.local_stack import inbox
from tools.local_stack.clients import client
from tools.local_stack.errors import StackError
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack, load

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

# The errors of a call if the stack is not running, or is being replaced.
STACK_UNAVAILABLE: Final = (StackError, OSError, BotoCoreError, ClientError)

_NAMES: Final = ("ada", "grace", "lin", "mary", "alan", "edith")


class StackData(Protocol):
    """The port of the page's server to a stack. Each method raises one of STACK_UNAVAILABLE."""

    def messages(self) -> list[Message]: ...
    def invocations(self, since: int) -> list[Invocation]: ...
    def facts(self) -> dict[str, Any]: ...
    def channels(self) -> list[str]: ...
    def make_user(self, channel: str) -> DemoUser: ...


class LocalStackData:
    """The data of the running local stack."""

    def messages(self) -> list[Message]:
        """Return all messages that were sent, oldest first."""
        return inbox.read(load())

    def invocations(self, since: int) -> list[Invocation]:
        """Return the invocations that ended at `since` (ms since 1970) or later, ordered by their end."""
        stack = load()
        logs = _logs(stack.endpoint_url)
        ended = [
            invocation
            for function in stack.functions
            for invocation in _read_invocations(logs, stack, function, since)
        ]
        return sorted(ended, key=lambda invocation: invocation.ended_at)

    def facts(self) -> dict[str, Any]:
        """Return the configuration of an app for this pool.

        `hosted` is None on a stack without hosted sign-in.
        """
        stack = load()
        return {
            "endpoint": stack.endpoint_url,
            "userPoolId": stack.user_pool_id,
            "clients": stack.clients,
            "hosted": _hosted(stack.outputs),
        }

    def channels(self) -> list[str]:
        """Return the channels of this stack, in the order of ChannelOrder."""
        stack = load()
        name = stack.functions["create_auth_challenge"]
        found = stack.client("lambda").get_function_configuration(FunctionName=name)
        channels: str = found["Environment"]["Variables"]["CHANNEL_ORDER"]
        return channels.split(",")

    def make_user(self, channel: str) -> DemoUser:
        """Create a user whose codes go to `channel` first."""
        stack = load()
        user = new_demo_user(secrets.choice(_NAMES))
        values = {
            "email": user.email,
            "email_verified": "true",
            "phone_number": user.phone,
            "phone_number_verified": "true",
            "custom:otp_channel": channel,
        }
        pool = stack.client("cognito-idp")
        attributes = [{"Name": name, "Value": value} for name, value in values.items()]
        key = {"UserPoolId": stack.user_pool_id, "Username": user.email}
        pool.admin_create_user(**key, UserAttributes=attributes, MessageAction="SUPPRESS")
        pool.admin_set_user_password(**key, Password=user.password, Permanent=True)
        return user


def message_id(message: Message) -> str:
    """Return an id of a message that does not change while the stack runs."""
    content = f"{message.channel}\n{message.to}\n{message.sent_at.timestamp()}\n{message.text}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


# Creating a client takes longer than all its requests in one round.
@cache
def _logs(endpoint_url: str) -> CloudWatchLogsClient:
    logs: CloudWatchLogsClient = client(endpoint_url, "logs")
    return logs


def _read_invocations(
    logs: CloudWatchLogsClient, stack: Stack, function: str, since: int
) -> list[Invocation]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{stack.functions[function]}", startTime=since
    )
    return invocations.read(function, (event for page in pages for event in page["events"]))


def _hosted(outputs: Mapping[str, str]) -> dict[str, str] | None:
    url, client_id = outputs.get("HostedSignInURL"), outputs.get("HostedClientId")
    return {"url": url, "clientId": client_id} if url and client_id else None
