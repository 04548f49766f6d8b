"""What only a local stack can do: nobody reads mail there, so addresses are confirmed and codes read here.

Nothing in this file works on AWS, and nothing outside it knows that a local stack exists.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from demo_client.cognito.challenge import Challenge, Status
from demo_client.cognito.pool_config import PoolConfig
from demo_client.errors import UNREACHABLE, CliError

if TYPE_CHECKING:
    from tools.local_stack.inbox import Message
    from tools.local_stack.stack import Stack

_WAIT_SECONDS: Final = 15
_ORIGIN_LINE = re.compile(r"@\S+ #(?P<code>\d+)\s*\Z")


def running_stack(pool: PoolConfig) -> Stack:
    """The running local stack that this pool is part of; raises CliError when it is not one."""
    if not pool.is_local:
        raise CliError("Only a local stack has an inbox. Leave --inbox out and read the real message.")
    # Imported here, so that a client for real pools needs no emulator.
    from tools.local_stack import errors, stack  # noqa: PLC0415

    try:
        found = stack.load()
    except errors.StackError as error:
        raise CliError(str(error), UNREACHABLE) from None
    if found.user_pool_id != pool.user_pool_id:
        raise CliError(
            "Another local stack runs here. Point PASSCODE_LOCAL_DIR at the directory of this one."
        )
    return found


def confirm_account(pool: PoolConfig, email: str, phone: str | None) -> None:
    """Do what a person does with two confirmation messages: confirm the account and its addresses."""
    cognito = running_stack(pool).client("cognito-idp")
    user = {"UserPoolId": pool.user_pool_id, "Username": email}
    verified = ["email_verified", *(["phone_number_verified"] if phone else [])]
    cognito.admin_confirm_sign_up(**user)
    cognito.admin_update_user_attributes(
        **user, UserAttributes=[{"Name": name, "Value": "true"} for name in verified]
    )


class Inbox:
    """The messages of one user. Make it before the sign-in begins: what is there then counts as old."""

    def __init__(self, stack: Stack, email: str) -> None:
        self._stack = stack
        self._addresses = _addresses(stack, email)
        self._seen = {channel: len(self.messages(channel)) for channel in self._addresses}

    def messages(self, channel: str) -> list[Message]:
        """All of the user's messages on one channel, oldest first."""
        from tools.local_stack import inbox  # noqa: PLC0415

        address = self._addresses.get(channel)
        found = inbox.read(self._stack, to=address) if address else []
        return [message for message in found if message.channel == channel]

    def newest(self, challenge: Challenge) -> Message:
        """The message that a challenge speaks of; waits until it is there, at most 15 seconds."""
        fresh = 1 if challenge.status is Status.SENT else 0
        wanted = max(self._seen.get(challenge.channel, 0) + fresh, 1)
        give_up_at = time.monotonic() + _WAIT_SECONDS
        while len(found := self.messages(challenge.channel)) < wanted:
            if time.monotonic() > give_up_at:
                raise CliError(
                    "No message came. Is there an account of that name? Otherwise look into the log that "
                    "`python -m tools.local_stack status` names."
                )
            time.sleep(0.05)
        self._seen[challenge.channel] = len(found)
        return found[-1]


def code_in(message: Message, digits: int) -> str:
    """The code in a message: the origin-bound line of an SMS, else the one number of that many digits."""
    if match := _ORIGIN_LINE.search(message.text):
        return match["code"]
    found = re.search(rf"(?<![\d#])\d([ -]?\d){{{digits - 1}}}(?!\d)", message.text)
    if not found:
        raise CliError("The newest message holds no code. Look at it: `python -m tools.local_stack inbox`.")
    return re.sub(r"[ -]", "", found[0])


def _addresses(stack: Stack, email: str) -> Mapping[str, str]:
    cognito = stack.client("cognito-idp")
    try:
        user = cognito.admin_get_user(UserPoolId=stack.user_pool_id, Username=email)
    except cognito.exceptions.UserNotFoundException:
        return {"email": email}
    attributes = {item["Name"]: item["Value"] for item in user["UserAttributes"]}
    return {"email": email, **({"sms": attributes["phone_number"]} if "phone_number" in attributes else {})}
