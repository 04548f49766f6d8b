"""The result of each round of a sign-in: a challenge to answer, or tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from demo_client.errors import REFUSED, CliError


class Status(StrEnum):
    """The challenge parameter `status`: the result of the round before."""

    SENT = "SENT"
    WAITING = "WAITING"
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    CHOOSE = "CHOOSE"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One request for a code. Times are in seconds. `channels` maps usable channels to masked addresses.

    `fallback` is the channel of the message if it cannot be sent on `channel`, or empty.
    """

    status: Status
    channel: str
    destination: str
    channels: Mapping[str, str]
    code_length: int
    expires_in: int
    resend_in: int
    attempts_left: int
    resends_left: int
    fallback: str = ""

    @property
    def may_be_elsewhere(self) -> bool:
        """True before the password is proven, if the code may have gone to another channel than `channel`."""
        return not self.destination.strip("*@+.") and len(self.channels) > 1


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one sign-in. `client_id` is the app client that they were issued to."""

    client_id: str
    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def read_challenge(parameters: Mapping[str, str]) -> Challenge:
    """Read a Challenge from Cognito's ChallengeParameters.

    Raises CliError if they do not have the form that the triggers of this stack write.
    """
    try:
        channels = json.loads(parameters["channels"])
        return Challenge(
            status=Status(parameters["status"]),
            channel=parameters["channel"],
            destination=parameters["destination"],
            channels={str(channel): str(mask) for channel, mask in channels.items()},
            code_length=int(parameters["codeLength"]),
            expires_in=int(parameters["expiresIn"]),
            resend_in=int(parameters["resendIn"]),
            attempts_left=int(parameters["attemptsLeft"]),
            resends_left=int(parameters["resendsLeft"]),
            # An older release of the stack has no such parameter.
            fallback=parameters.get("fallback", ""),
        )
    except (KeyError, ValueError, AttributeError):
        raise CliError(
            "This pool does not ask for a one-time code. Check that its triggers are those of this stack.",
            REFUSED,
        ) from None


def read_tokens(result: Mapping[str, Any], client_id: str, refresh_token: str = "") -> Tokens:
    """Read Tokens from Cognito's AuthenticationResult.

    A refresh returns no refresh token, so `refresh_token` is kept then.
    """
    return Tokens(
        client_id=client_id,
        id_token=result["IdToken"],
        access_token=result["AccessToken"],
        refresh_token=result.get("RefreshToken", refresh_token),
    )
