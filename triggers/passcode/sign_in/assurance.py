"""What a token may say about the code that was given: how, and not later than when.

Cognito's event names the user and the client but not the session, so a refresh cannot be matched with the
sign-in that it goes back to. A refreshed token therefore speaks of the first code that the user gave through
this client: it may make a sign-in look older than it is, never fresher. Otherwise a stolen refresh token
would turn fresh with the user's next sign-in.
"""

from collections.abc import Mapping

from passcode.channels.registry import CHANNELS
from passcode.token_service.store import Evidence

_SIGN_IN = "TokenGeneration_Authentication"
_REFRESH = "TokenGeneration_RefreshTokens"
# Tokens follow a right answer within seconds. An older one belongs to another sign-in.
_FRESH_SECONDS = 60


def claims(source: str, first: Evidence | None, last: Evidence | None, now: int) -> Mapping[str, str]:
    """The claims for tokens made at `source`; none where nothing is proven. All values are strings."""
    if source == _REFRESH:
        evidence = first
    elif source == _SIGN_IN and last and now - last.verified_at <= _FRESH_SECONDS:
        evidence = last
    else:
        evidence = None
    channel = CHANNELS.get(evidence.channel) if evidence else None
    # Another release may know a channel that this one does not: no claim is better than a guess.
    if evidence is None or channel is None:
        return {}
    return {
        # Parted by a blank, as in `scope`.
        "otp_amr": " ".join(channel.amr),
        "otp_channel": channel.name,
        "otp_verified_at": str(evidence.verified_at),
    }


def response(version: object, found: Mapping[str, str]) -> dict[str, object]:
    """The trigger's response: V1 for ID tokens, V2 (event version "2" and up) for access tokens too."""
    override = {"claimsToAddOrOverride": dict(found)}
    if version == "1":
        return {"claimsOverrideDetails": override}
    both = {"idTokenGeneration": override, "accessTokenGeneration": override}
    return {"claimsAndScopeOverrideDetails": both}
