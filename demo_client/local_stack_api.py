"""Functions for a local stack only: confirm addresses, and read codes from the inbox.

They do not work on AWS. A local stack delivers its messages to an inbox that this module reads.
"""

from __future__ import annotations

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


def running_stack(pool: PoolConfig) -> Stack:
    """Return the running local stack of this pool.

    Raises CliError if the pool is not local, or not running.
    """
    if not pool.is_local:
        raise CliError(
            "Only a local stack has an inbox. Omit --inbox, and enter the code from the real message."
        )
    # Imported here, because a client of a pool on AWS needs no emulator.
    from tools.local_stack import errors, stack  # noqa: PLC0415

    try:
        running = stack.load()
    except errors.StackError as error:
        raise CliError(str(error), UNREACHABLE) from None
    if running.user_pool_id != pool.user_pool_id:
        raise CliError(
            "Another local stack is running here. Set PASSCODE_LOCAL_DIR to the directory of this stack."
        )
    return running


def confirm_account(pool: PoolConfig, email: str, phone: str | None) -> None:
    """Confirm the account and mark its addresses as verified, in place of the user's confirmation codes."""
    cognito = running_stack(pool).client("cognito-idp")
    user = {"UserPoolId": pool.user_pool_id, "Username": email}
    verified = ["email_verified", *(["phone_number_verified"] if phone else [])]
    cognito.admin_confirm_sign_up(**user)
    cognito.admin_update_user_attributes(
        **user, UserAttributes=[{"Name": name, "Value": "true"} for name in verified]
    )


class Inbox:
    """The messages of one user. Create it before the sign-in: messages that exist by then count as old."""

    def __init__(self, stack: Stack, email: str) -> None:
        self._stack = stack
        self._addresses = _addresses(stack, email)
        self._seen = {channel: len(self.messages(channel)) for channel in self._addresses}

    def messages(self, channel: str) -> list[Message]:
        """Return all messages of the user on one channel, oldest first."""
        from tools.local_stack import inbox  # noqa: PLC0415

        address = self._addresses.get(channel)
        messages = inbox.read(self._stack, to=address) if address else []
        return [message for message in messages if message.channel == channel]

    def newest(self, challenge: Challenge) -> Message:
        """Wait up to 15 seconds for the message of a challenge. Raises CliError if it does not arrive."""
        from tools.local_stack import notices  # noqa: PLC0415

        channels = tuple(challenge.channels) if challenge.may_be_elsewhere else (challenge.channel,)
        new = 1 if challenge.status is Status.SENT else 0
        expected = max(sum(self._seen.get(channel, 0) for channel in channels) + new, 1)
        deadline = time.monotonic() + _WAIT_SECONDS
        while len(messages := [one for channel in channels for one in self.messages(channel)]) < expected:
            if time.monotonic() > deadline:
                # The local stack writes a notice if the user has no verified address.
                if reason := [line for line in notices.read() if self._addresses["email"] in line]:
                    raise CliError(f"No message arrived. {reason[-1]}")
                raise CliError(
                    "No message arrived. Check that this account exists. If it does, read the log file that "
                    "`python -m tools.local_stack status` shows."
                )
            time.sleep(0.05)
        for channel in channels:
            self._seen[channel] = sum(message.channel == channel for message in messages)
        return max(messages, key=lambda message: message.sent_at)


def code_in(message: Message, digits: int) -> str:
    """Return the code in a message. `digits` is its number of digits.

    Raises CliError if the message has no such number.
    """
    from tools.local_stack import inbox  # noqa: PLC0415

    code = inbox.secret_in(message)
    if code is None or not code.isdecimal() or len(code) != digits:
        raise CliError("The newest message has no code. Read it: `python -m tools.local_stack inbox`.")
    return code


def _addresses(stack: Stack, email: str) -> Mapping[str, str]:
    cognito = stack.client("cognito-idp")
    try:
        user = cognito.admin_get_user(UserPoolId=stack.user_pool_id, Username=email)
    except cognito.exceptions.UserNotFoundException:
        return {"email": email}
    attributes = {item["Name"]: item["Value"] for item in user["UserAttributes"]}
    phone = attributes.get("phone_number")
    return {"email": email, **({"sms": phone, "voice": phone} if phone else {})}
