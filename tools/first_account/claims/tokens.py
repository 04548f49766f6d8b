"""Claims of tokens: `acr` after CUSTOM_AUTH, and `auth_time` after a refresh."""

import time

from tools.first_account.account import ThrowAwayAccount
from tools.first_account.claim import Claim, Observation, changes, no, yes
from tools.first_account.sign_in import CustomAuth, claims_of

_CALLS = ("InitiateAuth (CUSTOM_AUTH)", "RespondToAuthChallenge (CUSTOM_CHALLENGE)")


def _acr(account: ThrowAwayAccount) -> Observation:
    sign_in = CustomAuth(account)
    claims = claims_of(sign_in.tokens(sign_in.start(account.new_user().email))["IdToken"])
    found = f"acr {claims.get('acr', 'missing')}, amr {claims.get('amr', 'missing')}"
    return (yes if "acr" in claims else no)(f"The ID token had: {found}.")


def _auth_time(account: ThrowAwayAccount) -> Observation:
    sign_in = CustomAuth(account, "RotatingClientId")
    first = sign_in.tokens(sign_in.start(account.new_user().email))
    # `auth_time` is in whole seconds.
    time.sleep(2)
    refreshed = account.cognito.get_tokens_from_refresh_token(
        ClientId=sign_in.client_id, RefreshToken=first["RefreshToken"]
    )["AuthenticationResult"]
    before, after = (claims_of(tokens["IdToken"])["auth_time"] for tokens in (first, refreshed))
    if before == after:
        return yes("The refreshed ID token kept auth_time.")
    return no(f"The auth_time of the refreshed ID token was {after - before} seconds later.")


CLAIMS = (
    Claim(
        "acr-of-custom-auth",
        "ID tokens of a sign-in with CUSTOM_AUTH have the claim `acr`.",
        "An app that checks `acr` needs to know the level of a sign-in with a code. AWS's tables have no "
        "row for it.",
        _CALLS,
        ("pool",),
        changes(
            yes="Name the value in docs/clients.md. If it is the lowest level, recommend AssuranceClaims.",
            no="Say in docs/clients.md that these tokens have no `acr`, and recommend AssuranceClaims.",
        ),
        _acr,
        emulator_lacks="the claim acr",
    ),
    Claim(
        "auth-time-after-a-rotation",
        "With refresh token rotation, a refreshed ID token keeps `auth_time`.",
        "StepUpMaxAuthAge limits the age of a sign-in by `auth_time`.",
        (*_CALLS, "GetTokensFromRefreshToken"),
        ("pool",),
        changes(
            yes="Remove the sentence about rotation from the threat model, and let the local stack keep "
            "auth_time.",
            no="Nothing. The threat model says so already: an app client with rotation avoids "
            "StepUpMaxAuthAge.",
        ),
        _auth_time,
    ),
)
