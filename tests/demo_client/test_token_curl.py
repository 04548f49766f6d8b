"""The curl commands of docs/token-service.md against the fake: their signatures fit their requests."""

import pytest

from tests.clients import curl
from tests.support.fake_token_service import (
    CREATED,
    KEY_ID,
    PROOF,
    REGION,
    SECRET,
    FakeResponse,
    problem,
    serve,
)


def environment(url: str, session_token: str) -> dict[str, str]:
    return {
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": session_token,
        "TOKEN_CREATION_API_URL": f"{url}/createToken",
        "TOKEN_VERIFICATION_API_URL": f"{url}/verifyToken",
        "EMAIL": "ada@example.com",
        "TOKEN": "created.token.here",
        "CODE": "123456",
    }


# curl signs a header that is empty, and then does not send it.
@pytest.mark.parametrize("session_token", ["", "of/a+role=="])
def test_create_and_verify(session_token: str) -> None:
    with serve(FakeResponse(CREATED), FakeResponse(PROOF)) as server:
        around = environment(server.url, session_token)
        assert curl.run("token_create.sh", around) == curl.CurlResult(CREATED, 0)
        assert curl.run("token_verify.sh", around) == curl.CurlResult(PROOF, 0)
        create, verify = server.sent
    assert create.fields["email"] == "ada@example.com"
    assert verify.fields == {"token": "created.token.here", "verification_code": "123456"}
    for sent in (create, verify):
        assert sent.is_signed
        assert sent.headers.get("x-amz-security-token", "") == session_token
        assert ("x-amz-security-token" in sent.headers["authorization"]) == bool(session_token)


def test_a_refusal_is_shown_and_fails_the_command() -> None:
    with serve(problem("quota", 429, retry_after=60)) as server:
        result = curl.run("token_create.sh", environment(server.url, ""))
    assert (result.code, result.answer["retry_after"]) == (22, 60)
