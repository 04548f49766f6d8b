"""The assurance claims of tokens: how and when the user gave a code.

Cognito's event has the user and the client, but not the session. So a refresh cannot be matched with its
sign-in. After a refresh, the claims therefore describe the first code that the user gave through this client.
They can make a sign-in look older than it is, but never newer. Otherwise an attacker with a stolen refresh
token would get new claims as soon as the user signs in again.
"""

from collections.abc import Mapping

from passcode.channels.registry import CHANNELS
from passcode.token_service.store import Evidence

_SIGN_IN = "TokenGeneration_Authentication"
_REFRESH = "TokenGeneration_RefreshTokens"
# Cognito issues tokens within seconds of a right answer. Older evidence belongs to another sign-in.
_FRESH_SECONDS = 60


def assurance_claims(
    source: str, first: Evidence | None, last: Evidence | None, now: int
) -> Mapping[str, str]:
    """Return the claims for tokens of the trigger source `source`. All values are strings.

    `first` and `last` are the first and the last accepted code. `now` is in seconds since the epoch. Without
    evidence for this sign-in there are no claims.
    """
    if source == _REFRESH:
        evidence = first
    elif source == _SIGN_IN and last and now - last.verified_at <= _FRESH_SECONDS:
        evidence = last
    else:
        evidence = None
    channel = CHANNELS.get(evidence.channel) if evidence else None
    # Another release may have written a channel that this one does not know. Then there are no claims.
    if evidence is None or channel is None:
        return {}
    return {
        # Separated by spaces, as in `scope` (RFC 6749, 3.3).
        "otp_amr": " ".join(channel.amr),
        "otp_channel": channel.name,
        "otp_verified_at": str(evidence.verified_at),
    }


def trigger_response(version: object, added_claims: Mapping[str, str]) -> dict[str, object]:
    """Return the trigger's response with the claims `added_claims`.

    Event version "1" has ID tokens only. Version "2" and later have access tokens too.
    """
    override = {"claimsToAddOrOverride": dict(added_claims)}
    if version == "1":
        return {"claimsOverrideDetails": override}
    both = {"idTokenGeneration": override, "accessTokenGeneration": override}
    return {"claimsAndScopeOverrideDetails": both}
