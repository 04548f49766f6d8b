"""An endpoint accepts only its own unchanged challenge tokens. All other tokens get the same refusal."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from passcode.token_service.challenge import Challenge
from tests.support.api_gateway_events import GatewayResponse
from tests.support.events import SUB
from tests.support.jwt_tampering import encoded, parts, rearranged, tampered, with_mac, with_signature
from tests.support.kms_stubs import KEY_A, public_der
from tests.support.openapi_checks import ISSUER
from tests.support.token_api_in_memory import Api


def assert_refused(
    api: Api, tokens: Iterable[str], verify: Callable[..., GatewayResponse] | None = None
) -> None:
    """Check that all tokens get the same refusal, and that no attempt is counted."""
    before = api.store.read(f"token#{api.queued[0].challenge.subject}")
    for token in tokens:
        response = (verify or api.verify)(token)
        assert (response.status, response.problem) == (400, "invalid-token"), token
        assert "proof" not in response.body
    assert api.store.read(f"token#{api.queued[0].challenge.subject}") == before


@pytest.fixture
def token(api: Api) -> str:
    return str(api.create(purpose="pay").body["token"])


def test_a_token_contains_no_code_and_no_address(api: Api, token: str) -> None:
    header, claims = parts(token)
    assert header == {"alg": "HS256", "typ": "JWT"}
    assert set(claims) == {"v", "iss", "aud", "sub", "iat", "exp", "jti", "challenge", "for", "country"}
    for text in (token, str(claims)):
        assert api.code() not in text
        assert "ann@" not in text
        assert "example" not in text


def test_a_token_with_a_changed_letter_is_refused(api: Api, token: str) -> None:
    assert_refused(api, tampered(token))


def test_a_token_with_missing_repeated_or_moved_parts_is_refused(api: Api, token: str) -> None:
    assert_refused(api, rearranged(token))


@pytest.mark.parametrize(
    "shown",
    [
        *("x", "a.b.c", "\u00e9.\u00e9.\u00e9", "e30.e30.e30", "....", "eyJhbGciOiJub25lIn0.e30.", "\x00"),
        "=.=.=",
        *(encoded(b"[" * 2_000) + ".e30.AA", encoded(b"9" * 2_900) + ".e30.AA", encoded([]) + ".e30.AA"),
    ],
)
def test_a_malformed_token_is_refused_without_a_kms_call(api: Api, token: str, shown: str) -> None:
    api.kms.calls.clear()
    assert_refused(api, [shown])
    assert api.kms.calls == []


def test_a_token_over_the_length_limit_is_refused_without_a_kms_call(api: Api, token: str) -> None:
    api.kms.calls.clear()
    header, claims, mac = token.split(".")
    assert_refused(api, [f"{header}.{claims}{'A' * (4_096 - len(token))}.{mac}"])
    response = api.verify(f"{header}.{claims}{'A' * (4_097 - len(token))}.{mac}")
    assert (response.status, response.problem) == (400, "invalid-request")
    assert len(api.kms.sent("generate_mac")) == 1, "one call, for the token of maximum length"


def test_a_token_over_the_message_limit_of_kms_is_refused_without_a_call(api: Api, token: str) -> None:
    header, claims = parts(token)
    long = with_mac(header, claims | {"more": "x" * 4_096})
    api.kms.calls.clear()
    assert api.answering.tokens.read(long) is None
    assert api.answering.proofs.read(long) is None
    assert api.kms.calls == []


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "", None, "hs256", "HS384", "HS512", "RS256", "ES256", 1, []]
)
def test_a_token_with_another_algorithm_is_refused(api: Api, token: str, alg: object) -> None:
    """RFC 8725, 2.1: an attacker sets `none` or another algorithm."""
    _, claims = parts(token)
    api.kms.calls.clear()
    for header in ({"alg": alg, "typ": "JWT"}, {"alg": alg}):
        assert_refused(api, [with_mac(header, claims), f"{encoded(header)}.{encoded(claims)}."])
    assert api.kms.calls == []


def test_a_token_without_an_algorithm_is_refused(api: Api, token: str) -> None:
    assert_refused(api, [with_mac({"typ": "JWT"}, parts(token)[1])])


def test_a_mac_with_the_public_key_is_refused(api: Api, token: str) -> None:
    """CVE-2015-9235: an attacker uses the public key of the proofs as the MAC key."""
    header, claims = parts(token)
    signing_input = f"{encoded(header)}.{encoded(claims)}"
    der = public_der(KEY_A)
    for key in (der, b"", b"token", b"code", encoded(der).encode()):
        assert_refused(
            api, [f"{signing_input}.{encoded(hmac.digest(key, signing_input.encode(), hashlib.sha256))}"]
        )


def test_a_proof_is_refused_as_a_challenge_token(api: Api, token: str) -> None:
    proof = api.verify(token).body["proof"]
    assert_refused(
        api,
        [
            proof,
            with_signature({"alg": "RS256"}, parts(token)[1]),
            with_signature({"alg": "HS256"}, parts(token)[1]),
        ],
    )


@pytest.mark.parametrize(
    "critical",
    [
        {"crit": ["b64"], "b64": False},
        *({"crit": crit} for crit in (["exp"], ["x"], ["b64", "x"], [], "b64", 1, None, [1])),
        {"crit": ["x"], "x": True},
    ],
)
def test_a_token_with_a_critical_header_is_refused(api: Api, token: str, critical: dict[str, object]) -> None:
    """RFC 7515, 4.1.11 and RFC 7797: a reader must not ignore `crit`, even with a valid MAC."""
    header, claims = parts(token)
    assert_refused(api, [with_mac(header | critical, claims)])


@pytest.mark.parametrize("payload", [[], "x", 1, None, True, b"", b"{", b"\xff", [{"iss": ISSUER}]])
def test_a_payload_that_is_no_object_is_refused(api: Api, token: str, payload: object) -> None:
    """Only this service has the MAC key. A fault in it must cause a refusal, not an error."""
    assert_refused(api, [with_mac({"alg": "HS256", "typ": "JWT"}, payload)])


@pytest.mark.parametrize("channel", ["pigeon", "", "Email"])
def test_a_challenge_on_an_unknown_channel_is_refused(api: Api, token: str, channel: str) -> None:
    """If it were read as email, the proof would name the wrong channel."""
    header, claims = parts(token)
    packed = Challenge.unpack(claims["challenge"])._replace(channel=channel).pack()
    assert_refused(api, [with_mac(header, claims | {"challenge": packed})])


# A challenge of the release before.
V1 = (
    '{"v":1,"purpose":"token:pay","subject":"s","counter":1,"nonce":"n","issued_at":1,"expires_at":1,'
    '"channel":"email","bound":"b","decoy":false}'
)
WRONG_CLAIMS: dict[str, list[Any]] = {
    "v": [None, 0, 2, "1", True, 1.0],
    "exp": [None, "", 1, True, 10**300],
    "jti": [None, "", 1, "0" * 32],
    "iss": [None, "", 1, ISSUER + "/", ISSUER.replace("abcdef", "bcdefa"), [ISSUER]],
    "aud": [
        None,
        "",
        ISSUER,
        ISSUER + "/step-up/verify",
        ISSUER + "/verifyToken/",
        [ISSUER + "/verifyToken"],
    ],
    "sub": [None, 1, [], True],
    "for": [None, 1, ["payments"]],
    "country": [None, 1, []],
    "challenge": [
        None,
        "",
        "{}",
        "[]",
        "[1]",
        1,
        [],
        "[" * 900,
        "x" * 2_000,
        '["token:",1,1,"",1,1,"","",false]',
        V1,
    ],
}


@pytest.mark.parametrize(("claim", "value"), [(name, v) for name in WRONG_CLAIMS for v in WRONG_CLAIMS[name]])
def test_a_wrong_or_missing_claim_is_refused(api: Api, token: str, claim: str, value: object) -> None:
    header, claims = parts(token)
    assert api.verify(with_mac(header, claims), "000000").status in (200, 422), (
        "the unchanged token must be accepted"
    )
    assert_refused(api, [with_mac(header, claims | {claim: value})])
    if claim != "country":  # another release may leave the country out
        assert_refused(api, [with_mac(header, {name: v for name, v in claims.items() if name != claim})])


def test_a_token_is_refused_at_another_endpoint(api: Api, token: str) -> None:
    step_up = api.step_up().body["token"]
    assert_refused(api, [step_up])
    assert_refused(api, [token], api.verify_step_up)
    assert api.verify(token, api.code(0)).status == 200
    assert api.verify_step_up(step_up, api.code(1)).status == 200


@pytest.mark.parametrize("kind", ["sign_in_code", "sign_in_password", "token", "step_up", ""])
def test_a_challenge_of_another_kind_is_refused_even_with_a_valid_mac(
    api: Api, token: str, kind: str
) -> None:
    header, claims = parts(token)
    purpose = kind if kind.startswith("sign_in") else f"{kind}:pay"
    challenge = Challenge(**api.queued[0].challenge._asdict() | {"purpose": purpose, "subject": SUB})
    at = {"challenge": challenge.pack(), "sub": SUB}
    if kind != "token":
        assert_refused(api, [with_mac(header, claims | at)])
    if kind != "step_up":
        assert_refused(
            api, [with_mac(header, claims | at | {"aud": ISSUER + "/step-up/verify"})], api.verify_step_up
        )
