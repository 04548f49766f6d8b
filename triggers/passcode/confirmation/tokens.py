"""The claims of the two tokens of the HTTP token service. Neither token has a code or an address.

The challenge token goes to the caller, who sends it back with the code. The proof shows a third party that
the code was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import Challenge

Claims = Mapping[str, object]


class TokenSigner(Protocol):
    """Writes and reads signed tokens of one kind. Raises `Unavailable` if the key is not available."""

    def write(self, claims: Claims) -> str:
        """Sign `claims`."""

    def read(self, token: str) -> Claims | None:
        """Return the claims of a token; None if this service did not sign it."""


@dataclass(frozen=True)
class ChallengeToken:
    """A challenge, and the values for its proof."""

    challenge: Challenge
    sub: str  # the proof's `sub`
    audience: str  # the proof's `aud`
    country: str = ""  # of an SMS; an accepted answer is added to this country's SMS budget


def challenge_token_claims(challenge_token: ChallengeToken, issuer: str, endpoint: str) -> dict[str, object]:
    """Return the claims of a challenge token that only `endpoint` accepts.

    Equal values give equal claims.
    """
    challenge = challenge_token.challenge
    return {
        "iss": issuer,
        "aud": issuer + endpoint,
        "sub": challenge_token.sub,
        "iat": challenge.issued_at,
        "exp": challenge.expires_at,
        "jti": challenge.nonce,
        "challenge": challenge.pack(),
        "for": challenge_token.audience,
        "country": challenge_token.country,
    }


def parse_challenge_token(claims: Claims, issuer: str, endpoint: str) -> ChallengeToken:
    """Read the claims of a token with a valid signature. Raises ValueError if it is for another endpoint.

    This function does not check the expiry: the check of the answer does, and returns a specific refusal.
    """
    if claims.get("iss") != issuer or claims.get("aud") != issuer + endpoint:
        raise ValueError("the token is for another endpoint")
    sub, audience, country = (claims.get(key) for key in ("sub", "for", "country"))
    if not (isinstance(sub, str) and isinstance(audience, str) and isinstance(country, str)):
        raise ValueError("this is no challenge token")  # noqa: TRY004 - one error for all foreign tokens
    challenge = Challenge.unpack(claims.get("challenge"))
    if challenge.channel not in CHANNELS:
        raise ValueError("the challenge is on an unknown channel")
    return ChallengeToken(challenge, sub, audience, country)


def proof_claims(
    challenge_token: ChallengeToken, purpose_text: str, issuer: str, jti: str, now: int, life: int
) -> dict[str, object]:
    """Return the claims of the proof that the code of `challenge_token` was given now.

    `life` is in seconds.
    """
    channel = CHANNELS[challenge_token.challenge.channel]
    return {
        "iss": issuer,
        "sub": challenge_token.sub,
        "aud": challenge_token.audience,
        "iat": now,
        "exp": now + life,
        "jti": jti,
        "amr": list(channel.amr),
        "otp_channel": channel.name,
        "purpose": purpose_text,
    }
