"""The client of the token service against a fake on loopback: its requests, responses and retries."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from botocore.credentials import Credentials

from demo_client.token_client import (
    CodeGone,
    TokenApiError,
    TokenClient,
    TooSoon,
    Unreachable,
    WrongCode,
)
from tests.support.fake_token_service import (
    CREATED,
    KEY_ID,
    PROOF,
    REGION,
    SECRET,
    FakeResponse,
    FakeTokenApi,
    problem,
    serve,
)

Start = Callable[..., tuple[TokenClient, FakeTokenApi]]
ID_TOKEN = "header.claims.signature"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a fake with these answers, and a client that does not wait between its requests."""
    with ExitStack() as stack:

        def make(*responses: FakeResponse, read_timeout: float = 10) -> tuple[TokenClient, FakeTokenApi]:
            server = stack.enter_context(serve(*responses))
            credentials = Credentials(KEY_ID, SECRET, "a session token")
            client = TokenClient(
                server.url,
                region=REGION,
                credentials=credentials,
                read_timeout=read_timeout,
                sleep=lambda _: None,
            )
            return client, server

        yield make


def test_create_sends_a_signed_request_and_reads_the_response(start: Start) -> None:
    client, server = start(FakeResponse(CREATED))
    created = client.create(email="ada@example.com", purpose="to pay 20 €", audience="shop")
    (sent,) = server.sent
    assert (sent.method, sent.path) == ("POST", "/v1/createToken")
    assert sent.fields == {"email": "ada@example.com", "purpose": "to pay 20 €", "audience": "shop"}
    assert sent.is_signed
    assert {"idempotency-key", "x-amz-security-token"} <= set(_signed_headers(sent.headers["authorization"]))
    assert (created.token, created.status, created.resend_in) == ("created.token.here", "SENT", 30)
    assert created.subject == "the-subject"


def test_a_changed_body_breaks_the_signature(start: Start) -> None:
    client, server = start(FakeResponse(CREATED))
    client.create(email="ada@example.com")
    (sent,) = server.sent
    changed = type(sent)(sent.method, sent.path, sent.headers, sent.body.replace(b"ada", b"eve"))
    assert not changed.is_signed


def test_verify_and_introspect(start: Start) -> None:
    claims = {"iss": "i", "sub": "s", "aud": "a", "iat": 1, "exp": 2, "jti": "j", "amr": ["otp", "sms"]}
    active = {"active": True, "otp_channel": "sms", "purpose": "p"} | claims
    client, server = start(FakeResponse(PROOF), FakeResponse(active), FakeResponse({"active": False}))
    proof = client.verify("created.token.here", "123456")
    assert (proof.jwt, proof.expires_in) == ("signed.proof.here", 300)
    first = client.introspect(proof.jwt, audience="a", purpose="p", subject="s")
    assert (first.active, first.sub, first.amr) == (True, "s", ("otp", "sms"))
    assert not client.introspect(proof.jwt).active
    assert [sent.path for sent in server.sent] == ["/v1/verifyToken", "/v1/introspect", "/v1/introspect"]
    assert server.sent[0].fields == {"token": "created.token.here", "verification_code": "123456"}
    expected = {"proof": "signed.proof.here", "audience": "a", "purpose": "p", "subject": "s"}
    assert server.sent[1].fields == expected
    assert server.sent[2].fields == {"proof": "signed.proof.here"}
    assert all(sent.is_signed for sent in server.sent)


def test_a_step_up_is_authorized_by_the_id_token_and_not_signed(start: Start) -> None:
    client, server = start(FakeResponse(CREATED), FakeResponse(PROOF))
    created = client.step_up(ID_TOKEN, channel="sms")
    client.verify_step_up(ID_TOKEN, created.token, "123456")
    assert [sent.path for sent in server.sent] == ["/v1/step-up", "/v1/step-up/verify"]
    assert [sent.headers["authorization"] for sent in server.sent] == [ID_TOKEN, ID_TOKEN]
    assert server.sent[0].fields == {"channel": "sms"}


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("wrong-code", 422, WrongCode),
        ("cooldown", 429, TooSoon),
        ("quota", 429, TooSoon),
        ("busy", 429, TooSoon),
        ("code-spent", 409, CodeGone),
        ("longer-code", 409, CodeGone),
        ("code-expired", 410, CodeGone),
        ("no-challenge", 404, CodeGone),
        ("unavailable", 503, Unreachable),
        ("invalid-token", 400, TokenApiError),
        ("wrong-user", 403, TokenApiError),
        ("destination-not-allowed", 422, TokenApiError),
    ],
)
def test_each_problem_has_its_class_of_error(
    name: str, status: int, kind: type[TokenApiError], start: Start
) -> None:
    client, _ = start(problem(name, status, attempts_left=3, retry_after=60))
    with pytest.raises(TokenApiError) as caught:
        client.verify("created.token.here", "123456")
    error = caught.value
    assert type(error) is kind
    assert (error.problem, error.status, error.title) == (name, status, "A title")
    assert (error.attempts_left, error.retry_after) == (3, 60)
    assert str(error) == f"A title. A sentence. ({name})"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [("quota", "quota"), ("destination_changed", "destination_changed"), (None, ""), (7, ""), ("<b>", "")],
)
def test_a_refusal_has_the_reason_of_its_document(sent: object, reason: str, start: Start) -> None:
    client, _ = start(problem("quota", 429, reason=sent))
    with pytest.raises(TokenApiError) as caught:
        client.verify("created.token.here", "123456")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (403, "not-authorised"),
        (404, "not-found"),
        (413, "too-large"),
        (429, "throttled"),
        (502, "unreachable"),
    ],
)
@pytest.mark.parametrize("body", [b"<html>Go away</html>", b'{"message":"Forbidden"}', b"", b"[" * 60_000])
def test_a_gateway_response_without_a_problem_document_has_a_sentence(
    status: int, name: str, body: bytes, start: Start
) -> None:
    response = FakeResponse(body, status, {"Retry-After": "7"})
    client, _ = start(response, response)
    with pytest.raises(TokenApiError) as caught:
        client.verify("created.token.here", "123456")
    assert (caught.value.problem, caught.value.retry_after) == (name, 7)
    assert "Forbidden" not in str(caught.value)


@pytest.mark.parametrize(
    "response",
    [
        FakeResponse(b"not JSON"),
        FakeResponse(b"\xff\xfe"),
        FakeResponse([CREATED]),
        FakeResponse({}),
        FakeResponse(CREATED | {"token": ""}),
        FakeResponse(CREATED | {"expires_in": "300"}),
        FakeResponse(CREATED | {"resend_in": True}),
        FakeResponse(CREATED, status=201),
        FakeResponse(b'{"a":' * 10_000),
        FakeResponse(CREATED | {"more": "x" * 70_000}),
        FakeResponse(b"x" * 5_000_000, status=400),
    ],
)
def test_an_invalid_response_is_an_error_and_not_retried(response: FakeResponse, start: Start) -> None:
    client, server = start(response)
    with pytest.raises(TokenApiError) as caught:
        client.create(email="ada@example.com")
    assert caught.value.problem == "invalid-response"
    assert len(server.sent) == 1


def test_verified_false_is_an_error(start: Start) -> None:
    client, _ = start(FakeResponse(PROOF | {"verified": False}))
    with pytest.raises(TokenApiError):
        client.verify("created.token.here", "123456")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int, start: Start) -> None:
    _, elsewhere = start(FakeResponse(CREATED))
    client, _ = start(FakeResponse(b"", status, {"Location": elsewhere.url + "/createToken"}))
    with pytest.raises(TokenApiError) as caught:
        client.create(email="ada@example.com")
    assert caught.value.problem == "invalid-response"
    assert elsewhere.sent == []


@pytest.mark.parametrize("lost", [FakeResponse(b"", 502), FakeResponse(None, hang=True)])
@pytest.mark.parametrize("call", ["create", "step_up"])
def test_a_request_without_a_response_is_repeated_with_the_same_key(
    call: str, lost: FakeResponse, start: Start
) -> None:
    client, server = start(lost, lost, FakeResponse(CREATED), read_timeout=2)
    created = client.create(email="ada@example.com") if call == "create" else client.step_up(ID_TOKEN)
    assert created.token == "created.token.here"
    keys = {sent.headers["idempotency-key"] for sent in server.sent}
    assert (len(server.sent), len(keys)) == (3, 1)
    assert len({sent.body for sent in server.sent}) == 1


@pytest.mark.parametrize(
    "response", [problem("unavailable", 503), problem("idempotency-key-in-use", 409), problem("quota", 429)]
)
def test_a_problem_of_the_service_is_not_retried(response: FakeResponse, start: Start) -> None:
    client, server = start(response)
    with pytest.raises(TokenApiError):
        client.create(email="ada@example.com")
    assert len(server.sent) == 1


def test_a_key_in_use_after_a_lost_response_is_final(start: Start) -> None:
    """The code of the lost response is used, expired or replaced, so the same key gets no other one."""
    client, server = start(FakeResponse(b"", 504), problem("idempotency-key-in-use", 409))
    with pytest.raises(TokenApiError) as caught:
        client.create(email="ada@example.com")
    assert caught.value.problem == "idempotency-key-in-use"
    assert len(server.sent) == 2


def test_each_create_has_a_new_key_unless_one_is_given(start: Start) -> None:
    client, server = start(*[FakeResponse(CREATED)] * 3)
    client.create(email="ada@example.com")
    client.create(email="ada@example.com")
    client.create(email="ada@example.com", idempotency_key="order-17")
    first, second, third = (sent.headers["idempotency-key"] for sent in server.sent)
    assert first != second
    assert third == "order-17"


def test_at_most_three_requests_are_sent(start: Start) -> None:
    client, server = start(*[FakeResponse(b"", 502)] * 4)
    with pytest.raises(Unreachable):
        client.create(email="ada@example.com")
    assert len(server.sent) == 3


@pytest.mark.parametrize("call", ["verify", "introspect", "verify_step_up"])
def test_an_answer_or_a_proof_without_a_response_is_repeated_once(call: str, start: Start) -> None:
    """The service recognises the repeat for 15 seconds. A third request could come too late."""
    client, server = start(FakeResponse(None, hang=True), FakeResponse(b"", 502), read_timeout=2)
    arguments = {"verify": ["t", "123456"], "introspect": ["p"]}
    with pytest.raises(Unreachable) as caught:
        getattr(client, call)(*arguments.get(call, [ID_TOKEN, "t", "123456"]))
    assert caught.value.problem == "unreachable"
    first, second = server.sent
    assert first.fields == second.fields
    assert first.headers.get("idempotency-key") == second.headers.get("idempotency-key")
    assert ("idempotency-key" in first.headers) == (call == "introspect")


def test_a_closed_port_is_unreachable() -> None:
    with serve() as server:
        url = server.url
    client = TokenClient(url, region=REGION, credentials=Credentials("a", "b"), sleep=lambda _: None)
    with pytest.raises(Unreachable):
        client.verify("t", "123456")


def _signed_headers(authorization: str) -> list[str]:
    return authorization.split("SignedHeaders=")[1].split(",", maxsplit=1)[0].split(";")
