"""/token and /userinfo: the codes that are accepted, and the access that the tokens give."""

import base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import jwt
import pytest

from passcode.hosted.provider import Provider, TokenError
from passcode.token_service.refusal import Unavailable
from tests.support.aws_stubs import refused_by_aws
from tests.support.events import EMAIL, NOW, SUB
from tests.support.hosted_in_memory import (
    BACK,
    FORM,
    GRANT,
    ISSUER,
    S256,
    VERIFIER,
    kms_of,
    pool_of,
    provider,
)
from tests.support.kms_stubs import KEY_A, PRIVATE


def refusal_of(provider_under_test: Provider, form: Mapping[str, str], now: int = NOW) -> str:
    with pytest.raises(TokenError) as error:
        provider_under_test.exchange(form, now)
    return str(error.value)


def test_a_code_is_exchanged_for_tokens_that_a_jwt_library_accepts() -> None:
    response = provider().exchange(FORM, NOW)
    token = str(response["id_token"])
    key = PRIVATE[KEY_A].public_key()
    claims = jwt.decode(
        token, key, ["RS256"], audience="cognito", issuer=ISSUER, options={"verify_exp": False}
    )
    assert claims == {
        "iss": ISSUER,
        "sub": SUB,
        "aud": "cognito",
        "iat": NOW,
        "exp": NOW + 300,
        "auth_time": NOW,
        "nonce": "the nonce",
        "acr": "urn:cognito:loa:3",
        "amr": ["sms", "pwd", "mfa"],
        "email": EMAIL,
        "email_verified": True,
    }
    assert jwt.get_unverified_header(token)["kid"] == KEY_A.rpartition("/")[2]
    assert response["token_type"] == "Bearer"


@pytest.mark.parametrize("fault", ["admin_get_user", "admin_link_provider_for_user", "sign", "lost"])
def test_after_a_fault_the_same_request_gets_tokens(fault: str) -> None:
    by = provider()
    for client in (pool_of(by), kms_of(by)):
        client.errors[fault] = refused_by_aws("InternalErrorException")
    with suppress(Unavailable):  # without a fault, only the response is lost
        by.exchange(FORM, NOW)
    for client in (pool_of(by), kms_of(by)):
        client.errors.clear()
    assert refusal_of(by, FORM | {"code_verifier": VERIFIER}, NOW + 1) == "invalid_grant"
    assert by.exchange(FORM, NOW + 15)["id_token"]
    assert refusal_of(by, FORM, NOW + 16) == "invalid_grant"


def test_the_user_is_linked_before_the_tokens_are_returned() -> None:
    provider_under_test = provider()
    provider_under_test.exchange(FORM, NOW)
    assert len(pool_of(provider_under_test).sent("admin_link_provider_for_user")) == 1


def test_a_user_who_cannot_be_linked_gets_no_tokens() -> None:
    provider_under_test = provider(link=refused_by_aws("AliasExistsException"))
    with pytest.raises(Unavailable):
        provider_under_test.exchange(FORM, NOW)


def test_a_forged_or_expired_access_token_costs_no_call_of_kms() -> None:
    provider_under_test = provider()
    signed = str(provider_under_test.exchange(FORM, NOW)["access_token"])
    calls = len(kms_of(provider_under_test).calls)
    forged = jwt.encode({"iss": ISSUER, "aud": f"{ISSUER}/userinfo", "exp": 1}, "k" * 32, "HS256")
    assert provider_under_test.user_info(forged, NOW) is None
    assert provider_under_test.user_info(signed, NOW + 300) is None
    assert len(kms_of(provider_under_test).calls) == calls


def test_an_id_token_has_no_nonce_when_the_request_had_none() -> None:
    response = provider(replace(GRANT, nonce="", channel="email", with_password=False)).exchange(FORM, NOW)
    claims = jwt.decode(str(response["id_token"]), options={"verify_signature": False})
    assert "nonce" not in claims
    assert claims["amr"] == ["email_otp"]


@pytest.mark.parametrize(
    ("channel", "methods"), [("email", ["email_otp"]), ("sms", ["sms"]), ("", []), ("fax", [])]
)
@pytest.mark.parametrize("with_password", [True, False])
def test_an_id_token_names_only_the_methods_that_are_known(
    channel: str, methods: list[str], with_password: bool
) -> None:
    response = provider(replace(GRANT, channel=channel, with_password=with_password)).exchange(FORM, NOW)
    claims = jwt.decode(str(response["id_token"]), options={"verify_signature": False})
    # For Cognito, `otp` is the one-time password of an authenticator app. A step-up could count it later.
    assert claims.get("amr", []) == methods + (["pwd", "mfa"] if with_password else [])
    assert claims.get("amr") != []


@pytest.mark.parametrize(
    ("with_password", "acr"), [(True, "urn:cognito:loa:3"), (False, "urn:cognito:loa:2")]
)
@pytest.mark.parametrize("channel", ["email", "sms", ""])
def test_the_level_depends_on_the_password_alone(with_password: bool, acr: str, channel: str) -> None:
    response = provider(replace(GRANT, channel=channel, with_password=with_password)).exchange(FORM, NOW)
    claims = jwt.decode(str(response["id_token"]), options={"verify_signature": False})
    assert (claims["acr"], claims["auth_time"]) == (acr, NOW)


def test_a_code_is_accepted_once() -> None:
    provider_under_test = provider()
    provider_under_test.exchange(FORM, NOW)
    assert refusal_of(provider_under_test, FORM | {"code_verifier": VERIFIER}) == "invalid_grant"
    assert refusal_of(provider_under_test, FORM, NOW + 16) == "invalid_grant"


def test_a_code_expires_after_a_minute() -> None:
    assert "id_token" in provider().exchange(FORM, NOW + 59)
    assert refusal_of(provider(), FORM, NOW + 60) == "invalid_grant"


@pytest.mark.parametrize(
    "change", [{"client_secret": ""}, {"client_secret": "the secret "}, {"client_id": "other"}]
)
def test_another_client_gets_no_tokens_and_does_not_spend_the_code(change: dict[str, str]) -> None:
    provider_under_test = provider()
    assert refusal_of(provider_under_test, FORM | change) == "invalid_client"
    provider_under_test.exchange(FORM, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": ""},
        {"code_verifier": VERIFIER},
        {"code": "another"},
        {"code": ""},
    ],
)
def test_a_code_is_refused_with_the_parameters_of_another_request(change: dict[str, str]) -> None:
    assert refusal_of(provider(), FORM | change) == "invalid_grant"


def test_a_code_with_pkce_needs_its_verifier() -> None:
    grant = replace(GRANT, code_challenge=S256)
    assert refusal_of(provider(grant), FORM) == "invalid_grant"
    assert refusal_of(provider(grant), FORM | {"code_verifier": "w" * 43}) == "invalid_grant"
    provider(grant).exchange(FORM | {"code_verifier": VERIFIER}, NOW)


def test_other_grant_types_are_refused() -> None:
    assert refusal_of(provider(), FORM | {"grant_type": "client_credentials"}) == "unsupported_grant_type"


def test_a_disabled_user_gets_no_tokens() -> None:
    assert refusal_of(provider(enabled=False), FORM) == "invalid_grant"


def test_a_user_name_that_now_belongs_to_another_user_gets_no_tokens_or_claims() -> None:
    provider_under_test = provider()
    taken = provider(sub="7a30f1de-0000-4000-8000-000000000000")
    assert refusal_of(taken, FORM) == "invalid_grant"
    assert pool_of(taken).sent("admin_link_provider_for_user") == []
    access = str(provider_under_test.exchange(FORM, NOW)["access_token"])
    assert provider_under_test.user_info(access, NOW) is not None
    assert taken.user_info(access, NOW) is None


def test_userinfo_accepts_the_access_token_and_refuses_the_id_token() -> None:
    provider_under_test = provider()
    response = provider_under_test.exchange(FORM, NOW)
    claims = provider_under_test.user_info(str(response["access_token"]), NOW)
    assert claims == {"sub": SUB, "email": EMAIL, "email_verified": True}
    assert provider_under_test.user_info(str(response["id_token"]), NOW) is None
    assert provider_under_test.user_info(str(response["access_token"]), NOW + 300) is None


def part(content: str) -> str:
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


DEEPLY_NESTED = part("[" * 2_900)
HEADER = part('{"alg": "RS256"}')


@pytest.mark.parametrize(
    "token",
    ["not a token", "", f"{HEADER}.{DEEPLY_NESTED}.eA", f"{DEEPLY_NESTED}.{HEADER}.eA", f"{HEADER}.W10.eA"],
)
def test_a_malformed_token_is_refused_without_a_call_of_kms(token: str) -> None:
    provider_under_test = provider()
    assert provider_under_test.user_info(token, NOW) is None
    assert kms_of(provider_under_test).calls == []
