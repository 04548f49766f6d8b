"""A failing dependency: 503, no proof, no second message, and no detail in the response."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from passcode.token_service.refusal import Unavailable
from tests.support.api_gateway_events import GatewayResponse
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import EMAIL, PHONE
from tests.support.kms_stubs import FailingStore, kms
from tests.support.token_api_in_memory import Api, ApiOutput, FakeClock

THROTTLED = "ThrottlingException"
THROTTLED_BY_AWS = refused_by_aws(THROTTLED)


def unavailable(response: GatewayResponse, output: ApiOutput) -> bool:
    """Check a 503 with Retry-After, and an error in the log without the text of AWS.

    Returns whether the log has the error code."""
    logged = output()
    assert (response.status, response.problem, response.headers["retry-after"]) == (503, "unavailable", "30")
    assert response.body["retry_after"] == 30
    for text in (logged, str(response)):
        assert EMAIL not in text
        assert PHONE not in text
        assert "Traceback" not in text
    assert ("errors", "") in output.metrics()
    return f"answered {THROTTLED}" in logged


FAILING_PARTS: dict[str, Callable[[Api], Api]] = {
    "store": lambda api: replace(api, store=FailingStore()),
    "queue": lambda api: replace(api, queue=RecordingClient(send_message=THROTTLED_BY_AWS)),
    "token key": lambda api: replace(api, kms=kms(token=THROTTLED)),
    "code key": lambda api: replace(api, kms=kms(code=THROTTLED)),
    "proof key": lambda api: replace(
        api, kms=kms(sign=THROTTLED, verify=THROTTLED, get_public_key=THROTTLED)
    ),
    "claims": lambda api: replace(api, requests=FailingStore()),
    "marks": lambda api: replace(api, proofs=RecordingClient(update_item=THROTTLED_BY_AWS)),
    "pool": lambda api: replace(api, users=RecordingClient(admin_get_user=THROTTLED_BY_AWS)),
}


@pytest.mark.parametrize("part", ["store", "queue", "token key"])
def test_a_failure_of_create_returns_no_token(api: Api, output: ApiOutput, part: str) -> None:
    response = FAILING_PARTS[part](api).create()
    assert unavailable(response, output)
    assert "token" not in response.body


@pytest.mark.parametrize("part", ["store", "queue", "token key", "pool"])
def test_a_failure_of_step_up_gets_503(api: Api, output: ApiOutput, part: str) -> None:
    assert unavailable(FAILING_PARTS[part](api).step_up(), output)


@pytest.mark.parametrize("part", ["store", "token key", "code key"])
def test_after_a_failure_of_verify_the_code_is_still_valid(api: Api, output: ApiOutput, part: str) -> None:
    token = api.create().body["token"]
    response = FAILING_PARTS[part](api).verify(token)
    assert unavailable(response, output)
    assert api.code() not in output()
    assert api.verify(token).status == 200


@pytest.mark.parametrize("part", ["store", "token key", "code key", "pool"])
def test_after_a_failure_of_step_up_verify_the_code_is_still_valid(
    api: Api, output: ApiOutput, part: str
) -> None:
    token = api.step_up().body["token"]
    assert unavailable(FAILING_PARTS[part](api).verify_step_up(token), output)
    assert api.verify_step_up(token).status == 200


def test_after_a_failed_signature_only_the_same_request_gets_the_proof(
    api: Api, output: ApiOutput, clock: FakeClock
) -> None:
    """The code is spent first. Otherwise, the service would sign proofs for codes that were not accepted."""
    token = api.create().body["token"]
    response = FAILING_PARTS["proof key"](api).verify(token)
    assert unavailable(response, output)
    assert "proof" not in response.body
    clock.now += 15
    assert api.verify(token, caller="AROAEXAMPLE:another-session").problem == "code-spent"
    assert api.verify(token).status == 200
    clock.now += 1
    assert api.verify(token).problem == "code-spent"


def test_a_wrong_code_causes_no_signature(api: Api) -> None:
    token = api.create().body["token"]
    api.kms.calls.clear()
    assert FAILING_PARTS["proof key"](api).verify(token, api.wrong_code()).problem == "wrong-code"
    assert api.kms.sent("sign") == []


@pytest.mark.parametrize("part", ["marks", "proof key"])
def test_a_failure_of_introspect_confirms_no_proof(api: Api, output: ApiOutput, part: str) -> None:
    proof = api.proof()
    response = FAILING_PARTS[part](api).introspect(proof)
    assert unavailable(response, output)
    assert proof not in output()


def test_a_failing_idempotency_store_stops_the_message(api: Api, output: ApiOutput) -> None:
    assert unavailable(FAILING_PARTS["claims"](api).create(key="k"), output)
    assert api.queued == []


def test_a_failure_of_a_key_returns_no_partial_key_set(api: Api, output: ApiOutput) -> None:
    assert unavailable(FAILING_PARTS["proof key"](api).call("GET", "/.well-known/jwks.json"), output)


def test_a_message_that_was_not_queued_is_queued_by_the_next_request(api: Api, clock: FakeClock) -> None:
    assert FAILING_PARTS["queue"](api).create().status == 503
    assert api.create().body["status"] == "WAITING"
    assert [delivery.sent_at for delivery in api.queued] == [clock.now]
    clock.now += 30
    assert api.create().body["status"] == "SENT"
    assert len(api.queued) == 2


class UnexpectedError(Exception):
    """An error that no code handles, with a secret in its text."""


@pytest.mark.parametrize(
    "raised",
    [
        *(UnexpectedError(f"{EMAIL} 123456"), KeyError(EMAIL), ValueError(EMAIL), RuntimeError(EMAIL)),
        UnicodeDecodeError("utf-8", EMAIL.encode(), 0, 1, EMAIL),
    ],
)
def test_an_unexpected_error_gets_503_and_shows_no_secret(
    api: Api, output: ApiOutput, raised: Exception
) -> None:
    broken = replace(api, queue=RecordingClient(send_message=raised))
    response = broken.create(EMAIL)
    assert (response.status, response.problem) == (503, "unavailable")
    assert EMAIL not in output() + str(response)
    assert "123456" not in output() + str(response)
    assert type(raised).__name__ in output()


def test_bytes_that_are_no_text_are_not_the_fault_of_the_caller(api: Api, output: ApiOutput) -> None:
    """Outside the adapters too, for example from a library that reads a response of AWS."""
    error = UnicodeDecodeError("utf-8", EMAIL.encode(), 0, 1, EMAIL)
    response = replace(api, store=FailingStore(error)).create()
    assert (response.status, response.problem) == (503, "unavailable")
    assert ("errors", "") in output.metrics()
    assert EMAIL not in output() + str(response)


def test_the_service_is_ready_if_every_part_is_ready(api: Api) -> None:
    response = replace(api, checks={"table": dict, "queue": list}).call("GET", "/health/ready")
    assert (response.status, response.body) == (
        200,
        {"status": "ready", "checks": {"table": "ok", "queue": "ok"}},
    )


@pytest.mark.parametrize("raised", [Unavailable("the table answered x"), UnexpectedError(EMAIL)])
def test_a_failing_part_is_reported_and_the_others_are_still_checked(
    api: Api, output: ApiOutput, raised: Exception
) -> None:
    def fails() -> None:
        raise raised

    response = replace(api, checks={"table": fails, "queue": list}).call("GET", "/health/ready")
    assert response.status == 503
    assert response.body == {"status": "not_ready", "checks": {"table": "failed", "queue": "ok"}}
    assert EMAIL not in output()
    assert "not ready: table" in output()


def test_all_parts_are_checked_at_the_same_time(api: Api) -> None:
    """Sequential checks of hanging parts would exceed the timeout, and no log line would name the part."""
    all_there = threading.Barrier(3)
    checks = dict.fromkeys(("table", "queue", "key"), partial(all_there.wait, 60))
    response = replace(api, checks=checks).call("GET", "/health/ready")
    assert (response.status, response.body["status"]) == (200, "ready")


def test_the_liveness_check_needs_no_dependency(api: Api) -> None:
    broken = replace(
        api,
        store=FailingStore(),
        kms=RecordingClient(),
        users=RecordingClient(admin_get_user=THROTTLED_BY_AWS),
    )
    assert broken.call("GET", "/health").body == {"status": "ok"}
    assert api.kms.calls == []
