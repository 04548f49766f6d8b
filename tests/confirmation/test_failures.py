"""A dependency that fails: 503, nobody gets in, nothing is sent twice, and nothing of it is told."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from passcode.token_service.refusal import Unavailable
from tests.support.api_gateway_events import Answer
from tests.support.aws_stubs import Wire, refused_by_aws
from tests.support.events import EMAIL, PHONE
from tests.support.kms_stubs import Out, kms
from tests.support.token_api_world import Api, Said, Time

THROTTLED = "ThrottlingException"
DOWN = refused_by_aws(THROTTLED)


def unavailable(answer: Answer, said: Said) -> bool:
    """503 with a time to wait; an error in the log that says where, and not what AWS said."""
    heard = said()
    assert (answer.status, answer.problem, answer.headers["retry-after"]) == (503, "unavailable", "30")
    assert answer.body["retry_after"] == 30
    for text in (heard, str(answer)):
        assert EMAIL not in text
        assert PHONE not in text
        assert "Traceback" not in text
    assert ("errors", "") in said.metrics()
    return f"answered {THROTTLED}" in heard


BREAK: dict[str, Callable[[Api], Api]] = {
    "store": lambda api: replace(api, store=Out()),
    "queue": lambda api: replace(api, queue=Wire(send_message=DOWN)),
    "token key": lambda api: replace(api, kms=kms(token=THROTTLED)),
    "code key": lambda api: replace(api, kms=kms(code=THROTTLED)),
    "proof key": lambda api: replace(
        api, kms=kms(sign=THROTTLED, verify=THROTTLED, get_public_key=THROTTLED)
    ),
    "claims": lambda api: replace(api, requests=Out()),
    "marks": lambda api: replace(api, proofs=Wire(update_item=DOWN)),
    "pool": lambda api: replace(api, users=Wire(admin_get_user=DOWN)),
}


@pytest.mark.parametrize("part", ["store", "queue", "token key"])
def test_a_code_is_not_sent_or_its_token_not_given(api: Api, said: Said, part: str) -> None:
    answer = BREAK[part](api).create()
    assert unavailable(answer, said)
    assert "token" not in answer.body


@pytest.mark.parametrize("part", ["store", "queue", "token key", "pool"])
def test_a_step_up_is_not_begun(api: Api, said: Said, part: str) -> None:
    assert unavailable(BREAK[part](api).step_up(), said)


@pytest.mark.parametrize("part", ["store", "token key", "code key"])
def test_nobody_is_verified_and_the_code_stays_good(api: Api, said: Said, part: str) -> None:
    token = api.create().body["token"]
    answer = BREAK[part](api).verify(token)
    assert unavailable(answer, said)
    assert api.code() not in said()
    assert api.verify(token).status == 200


@pytest.mark.parametrize("part", ["store", "token key", "code key", "pool"])
def test_no_user_is_verified_and_the_code_stays_good(api: Api, said: Said, part: str) -> None:
    token = api.step_up().body["token"]
    assert unavailable(BREAK[part](api).verify_step_up(token), said)
    assert api.verify_step_up(token).status == 200


def test_a_code_that_was_spent_stays_spent_though_its_proof_was_not_signed(api: Api, said: Said) -> None:
    """The other order would sign proofs for codes that were never accepted."""
    token = api.create().body["token"]
    answer = BREAK["proof key"](api).verify(token)
    assert unavailable(answer, said)
    assert "proof" not in answer.body
    assert api.verify(token).problem == "code-spent"


def test_a_wrong_code_asks_for_no_signature(api: Api) -> None:
    token = api.create().body["token"]
    api.kms.calls.clear()
    assert BREAK["proof key"](api).verify(token, api.wrong_code()).problem == "wrong-code"
    assert api.kms.sent("sign") == []


@pytest.mark.parametrize("part", ["marks", "proof key"])
def test_a_proof_is_not_called_good(api: Api, said: Said, part: str) -> None:
    proof = api.proof()
    answer = BREAK[part](api).introspect(proof)
    assert unavailable(answer, said)
    assert proof not in said()


def test_a_failing_claim_sends_nothing(api: Api, said: Said) -> None:
    assert unavailable(BREAK["claims"](api).create(key="k"), said)
    assert api.queued == []


def test_the_key_set_is_not_half_a_set(api: Api, said: Said) -> None:
    assert unavailable(BREAK["proof key"](api).call("GET", "/.well-known/jwks.json"), said)


def test_a_message_that_was_not_queued_goes_out_after_the_cooldown(api: Api, clock: Time) -> None:
    BREAK["queue"](api).create()
    assert api.create().body["status"] == "WAITING"
    clock.now += 30
    assert api.create().body["status"] == "SENT"
    assert len(api.queued) == 1


class Odd(Exception):
    """What nobody foresaw, with a secret in its text."""


@pytest.mark.parametrize(
    "raised", [Odd(f"{EMAIL} 123456"), KeyError(EMAIL), ValueError(EMAIL), RuntimeError(EMAIL)]
)
def test_what_nobody_foresaw_is_told_to_nobody(api: Api, said: Said, raised: Exception) -> None:
    odd = replace(api, queue=Wire(send_message=raised))
    answer = odd.create(EMAIL)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert EMAIL not in said() + str(answer)
    assert "123456" not in said() + str(answer)
    assert f'"error":"{type(raised).__name__}"' in said()


def test_ready_if_every_part_is(api: Api) -> None:
    answer = replace(api, checks={"table": dict, "queue": list}).call("GET", "/health/ready")
    assert (answer.status, answer.body) == (
        200,
        {"status": "ready", "checks": {"table": "ok", "queue": "ok"}},
    )


@pytest.mark.parametrize("raised", [Unavailable("the table answered x"), Odd(EMAIL)])
def test_not_ready_if_one_part_is_not_and_the_others_are_tried(
    api: Api, said: Said, raised: Exception
) -> None:
    def fails() -> None:
        raise raised

    answer = replace(api, checks={"table": fails, "queue": list}).call("GET", "/health/ready")
    assert answer.status == 503
    assert answer.body == {"status": "not_ready", "checks": {"table": "failed", "queue": "ok"}}
    assert EMAIL not in said()
    assert "not ready: table" in said()


def test_every_part_is_tried_while_the_others_hang(api: Api) -> None:
    """One after the other would outlive the function, and nobody would hear which part it was."""
    all_there = threading.Barrier(3)
    checks = dict.fromkeys(("table", "queue", "key"), partial(all_there.wait, 60))
    answer = replace(api, checks=checks).call("GET", "/health/ready")
    assert (answer.status, answer.body["status"]) == (200, "ready")


def test_alive_whatever_fails(api: Api) -> None:
    broken = replace(api, store=Out(), kms=Wire(), users=Wire(admin_get_user=DOWN))
    assert broken.call("GET", "/health").body == {"status": "ok"}
    assert api.kms.calls == []
