"""OpenID Connect: the accepted requests, and the redirect, the error and the claims of the response."""

from dataclasses import replace
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted.levels import Level, level_of
from passcode.hosted.oidc import (
    AuthorizationError,
    InvalidRedirect,
    claims_of,
    discovery,
    id_token_claims,
    pkce_matches,
    read_request,
    response_url,
)
from passcode.hosted.state import AuthorizationRequest
from tests.support.events import NOW
from tests.support.hosted_in_memory import (
    AUTHORIZATION_REQUEST,
    BACK,
    GRANT,
    ISSUER,
    RELYING_PARTY,
    S256,
    VERIFIER,
)

NOT_AN_AGE = ("-1", "-0", "+60", "1.5", "1e3", "60 ", " 60", "ten", "0x10", "٣٦", "³", "60,60", "60s")


def read(reachable: Level = Level.PASSWORD_AND_CODE, /, **changes: list[str]) -> AuthorizationRequest:
    query = {name: values for name, values in (AUTHORIZATION_REQUEST | changes).items() if values}
    return read_request(query, RELYING_PARTY, reachable)


def test_a_valid_request_is_read() -> None:
    request = read_request(
        AUTHORIZATION_REQUEST | {"nonce": ["n"], "code_challenge": [S256], "code_challenge_method": ["S256"]},
        RELYING_PARTY,
        Level.CODE,
    )
    assert (request.redirect_uri, request.state, request.nonce) == (BACK, "the state", "n")
    assert request.code_challenge == S256


@pytest.mark.parametrize(
    "redirect_uri",
    [
        BACK + "/",
        BACK + "?",
        BACK + "#",
        BACK.upper(),
        BACK.replace("https", "http"),
        BACK.replace("amazoncognito.com", "amazoncognito.com.evil.example"),
        BACK.replace("https://", "https://evil.example@"),
        BACK + "/../elsewhere",
        BACK.replace("oauth2", "oauth2%2f"),
        " " + BACK,
        "//evil.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_redirect_uri_that_does_not_match_exactly_is_refused(redirect_uri: str) -> None:
    with pytest.raises(InvalidRedirect):
        read(redirect_uri=[redirect_uri])


@pytest.mark.parametrize(
    "changes",
    [{"redirect_uri": [BACK, BACK]}, {"redirect_uri": []}, {"client_id": ["other"]}, {"client_id": []}],
)
def test_two_redirect_uris_or_another_client_are_refused(changes: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidRedirect):
        read(**changes)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": ["token"]}, "unsupported_response_type"),
        ({"response_type": ["code id_token"]}, "unsupported_response_type"),
        ({"response_type": []}, "unsupported_response_type"),
        ({"response_mode": ["fragment"]}, "invalid_request"),
        ({"scope": ["email"]}, "invalid_scope"),
        ({"scope": []}, "invalid_scope"),
        ({"prompt": ["none"]}, "login_required"),
        ({"request": ["e30.e30."]}, "request_not_supported"),
        ({"request_uri": ["https://x.example"]}, "request_uri_not_supported"),
        ({"state": ["a", "b"]}, "invalid_request"),
        ({"state": ["s" * 6_145]}, "invalid_request"),
        ({"nonce": ["n" * 2_049]}, "invalid_request"),
        ({"code_challenge": [S256], "code_challenge_method": ["plain"]}, "invalid_request"),
        ({"code_challenge": [S256]}, "invalid_request"),
        ({"code_challenge_method": ["S256"]}, "invalid_request"),
        ({"code_challenge": ["short"], "code_challenge_method": ["S256"]}, "invalid_request"),
        *(({"max_age": [value]}, "invalid_request") for value in NOT_AN_AGE),
        ({"max_age": ["60", "60"]}, "invalid_request"),
        ({"max_age": ["-1"], "prompt": ["none"]}, "invalid_request"),
        ({"max_age": ["60"], "prompt": ["none"]}, "login_required"),
        ({"acr_values": ["urn:cognito:loa:2", "urn:cognito:loa:3"]}, "invalid_request"),
        ({"acr_values": ["urn:cognito:loa:2 " * 200]}, "invalid_request"),
    ],
)
def test_an_invalid_request_is_an_error_at_the_redirect_uri(
    changes: dict[str, list[str]], error: str
) -> None:
    with pytest.raises(AuthorizationError) as declined:
        read(**changes)
    assert (declined.value.error, declined.value.redirect_uri) == (error, BACK)


@pytest.mark.parametrize("value", ["0", "1", "060", "3600", "9" * 2_000, ""])
def test_a_sign_in_meets_every_maximum_age(value: str) -> None:
    """The provider keeps no session, so it always asks the user."""
    assert read(max_age=[value]) == read()


CODE, BOTH = Level.CODE, Level.PASSWORD_AND_CODE
ACR = {level: level.acr for level in Level}


@pytest.mark.parametrize(
    ("acr_values", "reachable", "level"),
    [
        *(("", reachable, 0) for reachable in (CODE, BOTH)),
        *((" ", reachable, 0) for reachable in (CODE, BOTH)),
        (ACR[BOTH], BOTH, 3),
        (ACR[CODE], CODE, 2),
        # A stronger sign-in is enough for a weaker level.
        (ACR[CODE], BOTH, 2),
        (ACR[Level.PASSWORD], CODE, 1),
        (ACR[Level.PASSWORD], BOTH, 1),
        # The first level that the sign-in can reach counts, whether the list rises or falls.
        (f"{ACR[Level.PASSWORD_AND_APP]} {ACR[BOTH]} {ACR[CODE]}", BOTH, 3),
        (f"{ACR[Level.PASSWORD_AND_APP]} {ACR[BOTH]} {ACR[CODE]}", CODE, 2),
        (f"{ACR[CODE]} {ACR[BOTH]}", BOTH, 2),
        (f"  {ACR[BOTH]}   {ACR[CODE]} ", BOTH, 3),
        # Unknown names are ignored.
        (f"urn:mace:incommon:iap:silver {ACR[CODE]}", CODE, 2),
        *(
            (f"urn:cognito:loa:{n} phr 3 URN:COGNITO:LOA:2 {ACR[BOTH]}", BOTH, 3)
            for n in ("0", "5", "03", "3.0")
        ),
    ],
)
def test_the_first_level_that_a_sign_in_can_reach_is_required(
    acr_values: str, reachable: Level, level: int
) -> None:
    assert read(reachable, acr_values=[acr_values]).required_level == level


@pytest.mark.parametrize(
    ("acr_values", "reachable"),
    [
        (ACR[BOTH], CODE),
        (ACR[Level.PASSWORD_AND_APP], BOTH),
        (f"{ACR[Level.PASSWORD_AND_APP]} {ACR[BOTH]}", CODE),
        *((name, BOTH) for name in ("phr", "urn:cognito:loa:0", "urn:cognito:loa:٣", ACR[BOTH].upper())),
        (f"{ACR[BOTH]},{ACR[CODE]}", BOTH),
    ],
)
def test_a_level_that_no_sign_in_can_reach_is_refused(acr_values: str, reachable: Level) -> None:
    with pytest.raises(AuthorizationError) as declined:
        read(reachable, acr_values=[acr_values])
    assert (declined.value.error, declined.value.state) == ("unmet_authentication_requirements", "the state")


def test_a_long_state_is_accepted() -> None:
    read(state=["s" * 6_144])


def test_nonce_and_pkce_and_state_are_optional() -> None:
    read(state=[])


def test_the_state_is_returned_unchanged() -> None:
    state = "a b&c=d#e+f%20\u00e9\r\nSet-Cookie: x"
    url = response_url(BACK, state, ISSUER, code="the code")
    assert "\r" not in url
    assert "\n" not in url
    assert parse_qs(urlsplit(url).query) == {"code": ["the code"], "state": [state], "iss": [ISSUER]}


def test_a_redirect_uri_keeps_its_own_query() -> None:
    assert response_url("https://app.example/?x=1", "", ISSUER, error="e").startswith(
        "https://app.example/?x=1&error=e&"
    )


def test_a_pkce_verifier_matches_only_its_challenge() -> None:
    assert pkce_matches(VERIFIER, S256)
    assert not pkce_matches(VERIFIER + "v", S256)
    assert not pkce_matches("", S256)
    assert not pkce_matches("v" * 42, S256)
    assert not pkce_matches("v" * 129, S256)
    assert pkce_matches("", "")
    # A verifier without a challenge: an attacker may have removed the challenge from the request.
    assert not pkce_matches(VERIFIER, "")


def test_only_claims_of_openid_connect_are_returned() -> None:
    attributes = {
        "sub": "s",
        "email": "a@b.example",
        "email_verified": "True",
        "name": "Ann",
        "custom:x": "y",
    }
    assert claims_of(attributes) == {"sub": "s", "email": "a@b.example", "email_verified": True}
    assert claims_of({"sub": "s", "phone_number": "+1", "phone_number_verified": "false"}) == {
        "sub": "s",
        "phone_number": "+1",
        "phone_number_verified": False,
    }


def test_the_discovery_document_names_only_supported_features() -> None:
    described = discovery(ISSUER, Level.CODE)
    assert described["issuer"] == ISSUER
    assert not ISSUER.endswith("/")
    assert described["token_endpoint_auth_methods_supported"] == ["client_secret_post"]
    assert all(
        str(described[name]).startswith(ISSUER + "/")
        for name in described
        if name.endswith(("_endpoint", "_uri"))
    )


@pytest.mark.parametrize("with_password", [True, False])
def test_the_discovery_document_names_the_level_of_the_id_token(with_password: bool) -> None:
    grant = replace(GRANT, with_password=with_password)
    described = discovery(ISSUER, level_of(with_password=with_password))
    claims = id_token_claims(grant, {"sub": grant.sub}, ISSUER, NOW)
    assert described["acr_values_supported"] == [claims["acr"]]
    assert {*claims} <= {*cast(list[str], described["claims_supported"])}
