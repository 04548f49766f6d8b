"""The OpenAPI description is complete, closed, and matches the routes."""

import json
import re

import pytest

from passcode.confirmation import problems
from passcode.confirmation.problems import Problem, of_refusal, of_refused
from passcode.token_service.refusal import REFUSALS, Refusal, Refused
from tests.support.events import EMAIL, PHONE
from tests.support.openapi_checks import ISSUER, api_description
from tests.support.token_api_in_memory import Api

PATHS = {
    "/createToken": ("post", "sigv4"),
    "/verifyToken": ("post", "sigv4"),
    "/introspect": ("post", "sigv4"),
    "/step-up": ("post", "id_token"),
    "/step-up/verify": ("post", "id_token"),
    "/health/ready": ("get", "sigv4"),
    "/health": ("get", ""),
    "/.well-known/jwks.json": ("get", ""),
}
# The name and status of each problem. Callers depend on them, so they never change.
NAMES = {
    "invalid-request": 400,
    "malformed-code": 400,
    "invalid-token": 400,
    "sign-in-too-old": 401,
    "wrong-user": 403,
    "user-gone": 403,
    "no-challenge": 404,
    "not-found": 404,
    "code-spent": 409,
    "idempotency-key-in-use": 409,
    "longer-code": 409,
    "code-expired": 410,
    "too-large": 413,
    "wrong-code": 422,
    "channel-not-offered": 422,
    "destination-not-allowed": 422,
    "no-destination": 422,
    "idempotency-key-reused": 422,
    "cooldown": 429,
    "quota": 429,
    "busy": 429,
    "unavailable": 503,
}


def test_every_path_is_described_with_its_authorization() -> None:
    found = {
        path: (method, *(next(iter(need)) for need in operation["security"]))
        for path, operations in api_description().whole["paths"].items()
        for method, operation in operations.items()
    }
    assert found == {path: (method, *([who] if who else [])) for path, (method, who) in PATHS.items()}


def test_the_description_has_its_server_and_no_broken_reference(api: Api) -> None:
    whole = api.call("GET", "/openapi.json").body
    assert whole == api_description().whole
    assert whole["openapi"].startswith("3.1")
    assert whole["servers"] == [{"url": ISSUER}]
    assert set(whole["components"]["securitySchemes"]) == {"sigv4", "id_token"}
    text = json.dumps(whole)
    wanted = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert wanted == set(whole["components"]["schemas"])


@pytest.mark.parametrize("path", PATHS)
def test_every_error_response_is_a_problem_document(path: str) -> None:
    for operation in api_description().whole["paths"][path].values():
        for status, response in operation["responses"].items():
            assert ("application/problem+json" in response["content"]) is (status != "200")
            assert "x-problems" not in operation


@pytest.mark.parametrize("name", ["CreateToken", "StepUp", "VerifyToken", "Introspect"])
def test_no_body_accepts_an_unknown_field(name: str) -> None:
    assert api_description().whole["components"]["schemas"][name]["additionalProperties"] is False


def test_the_names_and_statuses_of_problems_never_change() -> None:
    assert {kind.name: kind.status for kind in problems.all_kinds()} == NAMES


@pytest.mark.parametrize("kind", problems.all_kinds(), ids=lambda kind: kind.name)
def test_every_problem_has_a_complete_detail(kind: problems.ProblemKind) -> None:
    document = Problem(kind, detail="" if kind.detail else "Do this.", wait=90).document
    assert document["type"] == f"urn:cognito-passcode:problem:{kind.name}"
    assert document["status"] == kind.status
    assert str(document["detail"]).endswith(".")
    assert "{" not in str(document["detail"])
    assert not kind.title.endswith(".")


WAITS = {Refusal.COOLDOWN, Refusal.QUOTA, Refusal.BUSY, Refusal.SMS_STOPPED}


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_a_problem(refusal: Refusal) -> None:
    problem = of_refused(Refused(refusal, 90 if refusal in WAITS else 0))
    assert problem.document["reason"] == refusal.value
    assert problem.document["status"] == REFUSALS[refusal].status
    assert problem.headers == ({"Retry-After": "90"} if refusal in WAITS else {})
    assert (problem.document.get("retry_after") == 90) is (refusal in WAITS)
    assert (problem.kind.status == 429) is (refusal in WAITS)
    if refusal in WAITS:
        assert "90 seconds" in str(problem.document["detail"])


@pytest.mark.parametrize("left", [None, 0, 7])
def test_a_wrong_code_has_the_attempts_left_if_they_are_limited(left: int | None) -> None:
    assert of_refusal(Refusal.WRONG, attempts_left=left).document.get("attempts_left") == left


def test_every_endpoint_names_known_problems_and_every_problem_has_an_endpoint() -> None:
    """The description names the problems of a status in the text of its response."""
    named: set[str] = set()
    for operations in api_description().whole["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status != "200":
                    named |= set(re.findall(r"[a-z]+(?:-[a-z]+)*", answer["description"]))
    assert named >= NAMES.keys() - {"not-found"}
    for gone in ("locked", "paused", "address-changed"):
        assert gone not in named


def test_only_refusals_and_unavailable_have_a_reason() -> None:
    known = {refusal.value for refusal in Refusal}
    others = {kind.name: kind.reason for kind in problems.all_kinds() if kind.reason not in known}
    assert {name for name, reason in others.items() if reason} == {"unavailable"}
    assert others["unavailable"] == "unavailable"
    assert "reason" not in Problem(problems.TOO_LARGE).document


def test_known_and_unknown_destinations_get_the_same_response(api: Api) -> None:
    """Otherwise, a caller could find out whether the pool has a user with an address."""
    # The pool has a verified user with the first address, who requests a step-up code.
    assert api.step_up().body["status"] == "SENT"
    assert [each.value for each in api.queued[0].destinations] == [EMAIL, PHONE]
    api.users.calls.clear()

    def shape(address: str) -> tuple[object, ...]:
        api.kms.calls.clear()
        api.queue.calls.clear()
        response = api.create(address)
        members = {name: type(value) for name, value in response.body.items()}
        kms_operations = [name for name, _ in api.kms.calls]
        return (
            response.status,
            response.headers,
            members,
            response.body["status"],
            kms_operations,
            len(api.queued),
        )

    assert shape(EMAIL) == shape("eve@people.example")
    assert api.users.calls == []
