"""OpenID Connect: the accepted requests, and the redirect, the error and the claims of the response."""

from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted.oidc import (
    AuthorizationError,
    InvalidRedirect,
    claims_of,
    discovery,
    pkce_matches,
    read_request,
    response_url,
)
from tests.support.hosted_in_memory import AUTHORIZATION_REQUEST, BACK, ISSUER, RELYING_PARTY, S256, VERIFIER


def read(**changes: list[str]) -> object:
    return read_request(
        {name: values for name, values in (AUTHORIZATION_REQUEST | changes).items() if values}, RELYING_PARTY
    )


def test_a_valid_request_is_read() -> None:
    request = read_request(
        AUTHORIZATION_REQUEST | {"nonce": ["n"], "code_challenge": [S256], "code_challenge_method": ["S256"]},
        RELYING_PARTY,
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
    ],
)
def test_an_invalid_request_is_an_error_at_the_redirect_uri(
    changes: dict[str, list[str]], error: str
) -> None:
    with pytest.raises(AuthorizationError) as declined:
        read(**changes)
    assert (declined.value.error, declined.value.redirect_uri) == (error, BACK)


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
    described = discovery(ISSUER)
    assert described["issuer"] == ISSUER
    assert not ISSUER.endswith("/")
    assert described["token_endpoint_auth_methods_supported"] == ["client_secret_post"]
    assert all(
        str(described[name]).startswith(ISSUER + "/")
        for name in described
        if name.endswith(("_endpoint", "_uri"))
    )
