"""The token service conforms to its OpenAPI description: Schemathesis tests it on the local stack."""

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
from tests.support.openapi_checks import api_description
from tests.support.users import User
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

# These requests match their schema and are refused for another reason:
_REFUSED_BEYOND_SCHEMA = {
    # a text that is not a code, and a wrong code;
    "/verifyToken": [400, 422],
    "/step-up/verify": [400, 422],
    # an address that is not in the form of its channel, a purpose with a web address, and a channel without
    # an address, because the request has only the other one.
    "/createToken": [400, 422],
    # a purpose with a web address.
    "/step-up": [400, 422],
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
            for path, more in _REFUSED_BEYOND_SCHEMA.items()
        ],
    }
)
# pytest collects the tests before the stack runs. The first test compares this description with the stack's.
schema = schemathesis.openapi.from_dict(api_description().whole, config=CONFIG)
_run, _numbers = os.urandom(4).hex(), itertools.count()


class Signed(requests.auth.AuthBase):
    """Signs the request just before it is sent."""

    def __call__(self, prepared: Any) -> Any:
        sent = AWSRequest(prepared.method, prepared.url, data=prepared.body)
        SigV4Auth(ADMINISTRATOR, "execute-api", "us-east-1").add_auth(sent)
        prepared.headers.update(dict(sent.headers.items()))
        return prepared


class IdTokenAuth(requests.auth.AuthBase):
    """Adds the ID token of a user."""

    def __init__(self, id_token: str) -> None:
        self._id_token = id_token

    def __call__(self, prepared: Any) -> Any:
        prepared.headers["Authorization"] = self._id_token
        return prepared


@pytest.fixture(scope="module")
def api(local_stack: Stack) -> Iterator[Api]:
    """The token service without its rate limits, because Schemathesis sends many requests."""
    found = Api(local_stack)
    with pytest.MonkeyPatch.context() as patch, found.limits(10_000, 10_000):
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield found


@pytest.fixture
def id_token(local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]) -> str:
    user = new_user()
    sdk_sign_in = code_only(local_stack).start(user.email)
    return sdk_sign_in.answer(code_for(user.email)).tokens["IdToken"]


@pytest.fixture
def tokens(api: Api, id_token: str) -> dict[str, str]:
    """A challenge token for each endpoint that takes one."""
    return {
        "/verifyToken": api.post("/createToken", {"email": _unused_address()}).body["token"],
        "/step-up/verify": api.as_user(id_token, "/step-up", {"purpose": "to be wrong"}).body["token"],
    }


def test_the_stack_serves_the_description_of_the_repository(api: Api) -> None:
    served = api.get("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.body.pop("servers") == [{"url": api.stack.outputs["TokenIssuer"]}]
    assert served.body | {"servers": []} == api_description().whole | {"servers": []}


@schema.parametrize()
@settings(
    max_examples=20,
    derandomize=True,
    database=None,
    # All requests can use one user.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_operation_conforms_to_its_description(
    case: Any, api: Api, id_token: str, tokens: dict[str, str]
) -> None:
    if case.meta.generation.mode.is_positive:
        _make_valid(case, tokens)
    authorization = {"sigv4": Signed(), "id_token": IdTokenAuth(id_token)}
    schemes = [name for each in case.operation.definition.raw["security"] for name in each]
    signs = authorization[schemes[0]] if schemes else None
    # The excluded check expects 405. API Gateway returns 403 for an unknown method, as for an unknown path.
    unfit = [unsupported_method]
    response = case.call_and_validate(base_url=api.url, auth=signs, timeout=60, excluded_checks=unfit)
    if response.request.method != case.operation.method.upper():
        assert (response.status_code, response.headers["content-type"]) == (403, [PROBLEM])


def _make_valid(case: Any, tokens: dict[str, str]) -> None:
    """Set the values that a schema cannot describe: an address, a token of the stack, a new key."""
    if case.headers and "idempotency-key" in case.headers:
        case.headers["idempotency-key"] = f"{_run}-{next(_numbers)}"
    if not isinstance(case.body, dict):
        return
    body = dict(case.body)
    if case.path == "/createToken":
        body["email"] = _unused_address()
    if body.get("token"):
        body["token"] = tokens[case.path]
    if body.get("purpose"):
        body["purpose"] = "".join(letter for letter in body["purpose"] if letter.isprintable())
    case.body = body


def _unused_address() -> str:
    return f"described-{_run}-{next(_numbers)}@people.example"
