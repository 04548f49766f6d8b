"""What the pool says after each round: a challenge to answer, or tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from demo_client.errors import REFUSED, CliError


class Status(StrEnum):
    SENT = "SENT"
    WAITING = "WAITING"
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    CHOOSE = "CHOOSE"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One demand for a code. Times are in seconds; `channels` maps each usable channel to its mask."""

    status: Status
    channel: str
    destination: str
    channels: Mapping[str, str]
    code_length: int
    expires_in: int
    resend_in: int
    attempts_left: int
    resends_left: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in ends with. `client_id` is the app client that they were issued to."""

    client_id: str
    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


def read_challenge(parameters: Mapping[str, str]) -> Challenge:
    """A Challenge from Cognito's ChallengeParameters; raises CliError when they are not this product's."""
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
        )
    except (KeyError, ValueError, AttributeError):
        raise CliError(
            "This pool asks for something else than a passcode. Check that its triggers are this stack's.",
            REFUSED,
        ) from None


def read_tokens(result: Mapping[str, Any], client_id: str, refresh_token: str = "") -> Tokens:
    """Tokens from Cognito's AuthenticationResult. A refresh brings no refresh token, so the old one stays."""
    return Tokens(
        client_id=client_id,
        id_token=result["IdToken"],
        access_token=result["AccessToken"],
        refresh_token=result.get("RefreshToken", refresh_token),
    )
