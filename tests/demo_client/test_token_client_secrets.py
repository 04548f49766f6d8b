"""Secrets that the client of the token service never repeats, and URLs to which it sends nothing."""

import pickle
import traceback
from collections.abc import Callable

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import Credentials
from botocore.exceptions import HTTPClientError, NoCredentialsError
from botocore.httpsession import URLLib3Session

from demo_client.token_client import Created, Proof, TokenApiError, TokenClient, Unreachable, WrongCode
from tests.support.fake_token_service import KEY_ID, REGION, SECRET, problem, serve

ADDRESS, TOKEN, CODE, ID_TOKEN = "ada@example.com", "secret.token.here", "918273", "secret.id.token"
AWS = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1"


def client(url: str, region: str | None = REGION) -> TokenClient:
    credentials = Credentials(KEY_ID, SECRET, "a session token")
    return TokenClient(url, region=region, credentials=credentials, sleep=lambda _: None)


def test_no_repr_has_a_token_or_a_proof() -> None:
    created = Created(TOKEN, 300, "email", "a***@e***", "SENT", 30, "the-subject")
    assert TOKEN not in repr(created) + repr(Proof(TOKEN, 300, "email", "the-subject"))
    assert SECRET not in repr(client(AWS)) + repr(vars(client(AWS)))


@pytest.mark.parametrize("field", ["title", "detail"])
def test_an_error_repeats_nothing_of_the_request(field: str) -> None:
    echo = f"Not {ADDRESS}, {TOKEN}, {CODE} or {ID_TOKEN}\x1b[31m\n" + "x" * 1000
    response = problem("invalid-request", 400, **{field: echo})
    with serve(*[response] * 4) as server:
        calls = client(server.url)
        texts = [
            _texts(lambda: calls.create(email=ADDRESS)),
            _texts(lambda: calls.verify(TOKEN, CODE)),
            _texts(lambda: calls.introspect(TOKEN)),
            _texts(lambda: calls.step_up(ID_TOKEN)),
        ]
    for text, secret in zip(texts, [[ADDRESS], [TOKEN, CODE], [TOKEN], [ID_TOKEN]], strict=True):
        assert not any(part in text for part in secret)
        assert "\x1b" not in text


def test_an_error_without_a_response_repeats_nothing_of_the_request() -> None:
    with serve() as server:
        url = server.url
    text = _texts(lambda: client(url).verify(TOKEN, CODE))
    assert "does not respond" in text
    assert TOKEN not in text
    assert CODE not in text


@pytest.mark.parametrize("id_token", ["", "not a jwt", f"{ID_TOKEN}\r\nX-Evil: 1", f"Bearer {ID_TOKEN}"])
def test_an_invalid_id_token_is_not_sent_and_not_repeated(id_token: str) -> None:
    with pytest.raises(ValueError, match=r"\AThe ID token is not a JWT\.\Z"):
        client(AWS).step_up(id_token)


@pytest.mark.parametrize("key", ["", "two words", "x" * 65, "ключ", "a\r\nX-Evil: 1"])
def test_an_invalid_idempotency_key_is_not_sent(key: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII"):
        client(AWS).create(email=ADDRESS, idempotency_key=key)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/v1",
        "http://127.0.0.1.example.com/v1",
        "http://localhost@example.com/v1",
        "https://user:word@example.com/v1",
        "https://example.com/v1?stage=2",
        "ftp://127.0.0.1/v1",
        "v1",
        "",
    ],
)
def test_nothing_is_sent_over_the_network_without_tls(url: str) -> None:
    with pytest.raises(ValueError, match="token service's URL"):
        client(url)


@pytest.mark.parametrize(
    ("url", "region", "signed_for"),
    [(AWS, None, "eu-central-1"), ("https://codes.example.com", REGION, REGION)],
)
def test_the_region_is_read_from_the_url_or_given(
    url: str, region: str | None, signed_for: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes: list[str] = []

    def send(_: URLLib3Session, request: AWSPreparedRequest) -> None:
        scopes.append(request.headers["Authorization"].split("/")[2])
        raise HTTPClientError(error="nothing is sent here")

    monkeypatch.setattr(URLLib3Session, "send", send)
    with pytest.raises(Unreachable):
        client(url, region).verify(TOKEN, CODE)
    assert set(scopes) == {signed_for}


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: None)
    with serve() as server:
        with pytest.raises(NoCredentialsError):
            TokenClient(server.url, region=REGION).verify(TOKEN, CODE)
        assert server.sent == []


def test_an_error_can_be_pickled() -> None:
    error = WrongCode("wrong-code", 422, "A title", "A sentence.", 3)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.attempts_left) == (WrongCode, str(error), 3)


def _texts(call: Callable[[], object]) -> str:
    """All texts of an error that could end in a log."""
    with pytest.raises(TokenApiError) as caught:
        call()
    error = caught.value
    return f"{error}{error!r}{error.title}{error.detail}" + "".join(traceback.format_exception(error))
