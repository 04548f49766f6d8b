"""The token service does what its own description says, tried out by Schemathesis against the local stack."""

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import HealthCheck, settings
from schemathesis.checks import unsupported_method
from schemathesis.config import SchemathesisConfig

from tests.support.live_sign_in import code_only
from tests.support.live_token_api import ADMINISTRATOR, PROBLEM, Api
from tests.support.openapi_checks import described
from tests.support.users import User
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

# A description says what a good request looks like. What is refused beyond that:
_BEYOND_ITS_LOOKS = {
    # words that are no code, and a code that is wrong;
    "/verifyToken": [400, 422],
    "/step-up/verify": [400, 422],
    # a channel that leads nowhere, because only the other address was given.
    "/createToken": [422],
}
_USUAL = ["2xx", 401, 403, 404, 409, 429]

CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"deterministic": True, "with-security-parameters": False},
        "operations": [
            {
                "include-path": path,
                "checks": {"positive_data_acceptance": {"expected-statuses": [*_USUAL, *more]}},
            }
            for path, more in _BEYOND_ITS_LOOKS.items()
        ],
    }
)
# The tests are made before there is a stack. That it serves the same is the first of them.
schema = schemathesis.openapi.from_dict(described().whole, config=CONFIG)
_run, _numbers = os.urandom(4).hex(), itertools.count()


class Signed(requests.auth.AuthBase):
    """Signs what is sent, at the last moment."""

    def __call__(self, prepared: Any) -> Any:
        sent = AWSRequest(prepared.method, prepared.url, data=prepared.body)
        SigV4Auth(ADMINISTRATOR, "execute-api", "us-east-1").add_auth(sent)
        prepared.headers.update(dict(sent.headers.items()))
        return prepared


class SignedIn(requests.auth.AuthBase):
    """Shows a user's ID token."""

    def __init__(self, id_token: str) -> None:
        self._id_token = id_token

    def __call__(self, prepared: Any) -> Any:
        prepared.headers["Authorization"] = self._id_token
        return prepared


@pytest.fixture(scope="module")
def api(local_stack: Stack) -> Iterator[Api]:
    """The token service without its limits: it is called as fast as it answers."""
    found = Api(local_stack)
    with pytest.MonkeyPatch.context() as patch, found.limits(10_000, 10_000):
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield found


@pytest.fixture
def id_token(local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]) -> str:
    user = new_user()
    talk = code_only(local_stack).start(user.email)
    return talk.answer(code_for(user.email)).tokens["IdToken"]


@pytest.fixture
def tokens(api: Api, id_token: str) -> dict[str, str]:
    """A challenge token for each endpoint that takes one."""
    return {
        "/verifyToken": api.post("/createToken", {"email": _somebody()}).body["token"],
        "/step-up/verify": api.as_user(id_token, "/step-up", {"purpose": "to be wrong"}).body["token"],
    }


def test_the_stack_serves_its_own_description(api: Api) -> None:
    served = api.get("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.body.pop("servers") == [{"url": api.stack.outputs["TokenIssuer"]}]
    assert served.body | {"servers": []} == described().whole | {"servers": []}


@schema.parametrize()
@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    # One user is enough for all of it.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_operation_is_as_described(case: Any, api: Api, id_token: str, tokens: dict[str, str]) -> None:
    if case.meta.generation.mode.is_positive:
        _make_good(case, tokens)
    who = {"sigv4": Signed(), "id_token": SignedIn(id_token)}
    schemes = [name for each in case.operation.definition.raw["security"] for name in each]
    signs = who[schemes[0]] if schemes else None
    # That one asks for 405. To API Gateway a method that is not there is an address that is not there: 403.
    unfit = [unsupported_method]
    answer = case.call_and_validate(base_url=api.url, auth=signs, timeout=60, excluded_checks=unfit)
    if answer.request.method != case.operation.method.upper():
        assert (answer.status_code, answer.headers["content-type"]) == (403, [PROBLEM])


def _make_good(case: Any, tokens: dict[str, str]) -> None:
    """What a schema has no words for: an address is one, a token is ours, a key names one request."""
    if case.headers and "idempotency-key" in case.headers:
        case.headers["idempotency-key"] = f"{_run}-{next(_numbers)}"
    if not isinstance(case.body, dict):
        return
    body = dict(case.body)
    if case.path == "/createToken":
        body["email"] = _somebody()
    if body.get("token"):
        body["token"] = tokens[case.path]
    if body.get("purpose"):
        body["purpose"] = "".join(letter for letter in body["purpose"] if letter.isprintable())
    case.body = body


def _somebody() -> str:
    return f"described-{_run}-{next(_numbers)}@people.example"
