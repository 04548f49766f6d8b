"""What the two tokens of the HTTP token service say. No code and no address is in either.

The challenge token is for the caller, who brings it back with the code; the proof is for whoever has to be
shown that the code was given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import Challenge

Claims = Mapping[str, object]


class TokenSigner(Protocol):
    """Writes and reads signed tokens of one kind. Raises `Unavailable` if the key is out."""

    def write(self, claims: Claims) -> str:
        """Sign `claims`."""

    def read(self, token: str) -> Claims | None:
        """The claims of a token; None if it was not signed here."""


@dataclass(frozen=True)
class ChallengeToken:
    """A challenge, and what the proof of it will say."""

    challenge: Challenge
    sub: str  # the proof's `sub`
    audience: str  # the proof's `aud`
    country: str = ""  # of an SMS, whose budget hears of the answer


def challenge_token_claims(ticket: ChallengeToken, issuer: str, endpoint: str) -> dict[str, object]:
    """The claims of a challenge token that only `endpoint` takes: the same for the same ticket."""
    challenge = ticket.challenge
    return {
        "iss": issuer,
        "aud": issuer + endpoint,
        "sub": ticket.sub,
        "iat": challenge.issued_at,
        "exp": challenge.expires_at,
        "jti": challenge.nonce,
        "challenge": challenge.pack(),
        "for": ticket.audience,
        "country": ticket.country,
    }


def parse_challenge_token(claims: Claims, issuer: str, endpoint: str) -> ChallengeToken:
    """Read the claims of a token whose signature is right. Raises ValueError if it is for another place.

    Whether it has expired is the judge's to say, who says it in words of its own.
    """
    if claims.get("iss") != issuer or claims.get("aud") != issuer + endpoint:
        raise ValueError("the token is for another endpoint")
    sub, audience, country = (claims.get(key) for key in ("sub", "for", "country"))
    if not (isinstance(sub, str) and isinstance(audience, str) and isinstance(country, str)):
        raise ValueError("this is no challenge token")  # noqa: TRY004 - one error for all that is not ours
    challenge = Challenge.unpack(claims.get("challenge"))
    if challenge.channel not in CHANNELS:
        raise ValueError("the challenge is on an unknown channel")
    return ChallengeToken(challenge, sub, audience, country)


def proof_claims(
    ticket: ChallengeToken, words: str, issuer: str, jti: str, now: int, life: int
) -> dict[str, object]:
    """The claims of the proof that the ticket's code was given now. `life` is in seconds."""
    channel = CHANNELS[ticket.challenge.channel]
    return {
        "iss": issuer,
        "sub": ticket.sub,
        "aud": ticket.audience,
        "iat": now,
        "exp": now + life,
        "jti": jti,
        "amr": list(channel.amr),
        "otp_channel": channel.name,
        "purpose": words,
    }
