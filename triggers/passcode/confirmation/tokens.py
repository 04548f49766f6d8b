"""The claims of the two tokens of the HTTP token service. Neither token has a code or an address.

The challenge token goes to the caller, who sends it back with the code. The proof shows a third party that
the code was given. Both have a version, `v`, and their readers ignore unknown claims.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import Challenge, check_version, read_field

Claims = Mapping[str, object]
_VERSION = 1


class TokenSigner(Protocol):
    """Writes and reads signed tokens of one kind. Raises `Unavailable` if the key is not available."""

    def write(self, claims: Claims) -> str:
        """Sign `claims`."""

    def read(self, token: str) -> Claims | None:
        """Return the claims of a token; None if this service did not sign it."""


class ChallengeToken(NamedTuple):
    """A challenge, and the values for its proof."""

    challenge: Challenge
    sub: str  # the proof's `sub`
    audience: str  # the proof's `aud`
    country: str = ""  # of an SMS; an accepted answer reduces this country's unanswered SMS


class Proof(NamedTuple):
    """A proof, with the claims that its caller reads. `expires_at` is in seconds since the epoch."""

    jti: str
    expires_at: int
    claims: Claims


def challenge_token_claims(challenge_token: ChallengeToken, issuer: str, endpoint: str) -> dict[str, object]:
    """Return the claims of a challenge token that only `endpoint` accepts. Equal tokens give equal claims."""
    challenge = challenge_token.challenge
    return {
        "v": _VERSION,
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
    """Read the claims of a token with a valid signature.

    Raises ValueError if the token is for another endpoint, or has another version, or if a required claim is
    missing or wrong. This function does not check the expiry: the check of the answer does, and returns a
    specific refusal.
    """
    if claims.get("iss") != issuer or claims.get("aud") != issuer + endpoint:
        raise ValueError("the token is for another endpoint")
    check_version(claims, _VERSION)
    challenge = Challenge.unpack(claims.get("challenge"))
    named = (read_field(claims, "jti", str), read_field(claims, "exp", int))
    if named != (challenge.nonce, challenge.expires_at):
        raise ValueError("the token is for another challenge")
    if challenge.channel not in CHANNELS:
        raise ValueError("the challenge is on an unknown channel")
    return ChallengeToken(
        challenge,
        sub=read_field(claims, "sub", str),
        audience=read_field(claims, "for", str),
        country=read_field(claims, "country", str, ""),
    )


def proof_claims(
    challenge_token: ChallengeToken, purpose_text: str, issuer: str, accepted_at: int, life: int
) -> dict[str, object]:
    """Return the claims of the proof that the code of `challenge_token` was accepted.

    `accepted_at` is in seconds since the epoch, `life` in seconds. A repeat of the request gets the same
    claims: they depend on nothing else.
    """
    channel = CHANNELS[challenge_token.challenge.channel]
    return {
        "v": _VERSION,
        "iss": issuer,
        "sub": challenge_token.sub,
        "aud": challenge_token.audience,
        "iat": accepted_at,
        "exp": accepted_at + life,
        "jti": challenge_token.challenge.nonce,
        "amr": list(channel.amr),
        "otp_channel": channel.name,
        "purpose": purpose_text,
    }


def parse_proof(claims: Claims) -> Proof:
    """Read the claims of a proof with a valid signature.

    Raises ValueError if the proof has another version, or if a required claim is missing or wrong. This
    function does not compare the claims with the values that the caller wants, and does not check the expiry.
    """
    check_version(claims, _VERSION)
    for name in ("iss", "sub", "aud"):
        read_field(claims, name, str)
    return Proof(read_field(claims, "jti", str), read_field(claims, "exp", int), claims)
