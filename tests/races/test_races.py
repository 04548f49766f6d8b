"""Many simultaneous calls of the handlers. They bypass the local Cognito, whose lock would hide races.

The handlers use the local table and key. Only their clients have longer timeouts, so that a race on a busy
machine does not end in a timeout.
"""

import secrets
import uuid
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from passcode.adapters.kms import KmsMac
from passcode.adapters.record_table import RecordTable
from passcode.channels.registry import CHANNELS
from passcode.delivery.envelope import Delivery
from passcode.sign_in.create import SignInCreator
from passcode.sign_in.steps import RoundLimits
from passcode.sign_in.verify import check_sign_in
from passcode.token_service.challenge import Challenge
from passcode.token_service.code import code_from_mac
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from tests.support.live_handlers import LiveHandlers, client_with_long_timeouts, event, live_handlers
from tests.support.threads import run_at_once
from tools.local_stack.stack import Stack

NOW = 1_900_000_000
POLICY = Policy()


@dataclass
class StackHandlers:
    """The handlers with the local stack behind them, and every queued delivery."""

    handlers: LiveHandlers
    table: RecordTable
    code_mac: KmsMac
    queued: list[Delivery]

    def create(self, sub: str, now: int = NOW, **request: Any) -> dict[str, Any]:
        """Invoke Create Auth Challenge once. Returns its response."""
        limits = RoundLimits(5, 3)
        sign_in = SignInCreator(self.table, self.queued.append, POLICY, limits)
        create_event = event("CreateAuthChallenge", sub, session=[], **request)
        filled_event = self.handlers.create.respond(
            create_event,
            sign_in,
            tuple(CHANNELS.values()),
            "salt",
            self.handlers.create._TELEMETRY,
            secrets.token_hex(16),
            now,
        )
        response: dict[str, Any] = filled_event["response"]
        return response

    def verify(self, sub: str, private: dict[str, str], answer: str, now: int = NOW) -> str:
        """Invoke Verify Auth Challenge once. Returns "accepted", "wrong", or the reason of a refusal."""
        judge = partial(
            check_sign_in, code_mac=self.code_mac, store=self.table, policy=POLICY, now=now, salt="salt"
        )
        reasons: list[str] = []

        def recorded_check(event: Any, challenge: Challenge) -> Any:
            verdict = judge(event, challenge)
            reasons.append(verdict.refusal.value if verdict.refusal else "accepted")
            return verdict

        verify_event = event(
            "VerifyAuthChallengeResponse", sub, privateChallengeParameters=private, challengeAnswer=answer
        )
        try:
            answered = self.handlers.verify.respond(
                verify_event, recorded_check, lambda *_: None, self.handlers.verify._TELEMETRY
            )
        except Refused as refused:
            return refused.refusal.value
        assert answered["response"]["answerCorrect"] is (reasons == ["accepted"])
        return reasons[0]

    def code(self, private: dict[str, str]) -> str:
        """The right code of a challenge, derived in the same way as in `deliver`."""
        return code_from_mac(self.code_mac(Challenge.unpack(private["challenge"]).mac_message()), 6).reveal()


@pytest.fixture(scope="module")
def handlers(local_stack: Stack) -> StackHandlers:
    handlers = live_handlers(local_stack)
    table = RecordTable(client_with_long_timeouts(local_stack, "dynamodb"), local_stack.table, POLICY)
    return StackHandlers(
        handlers,
        table,
        KmsMac(client_with_long_timeouts(local_stack, "kms"), handlers.settings["CODE_KEY_ID"]),
        [],
    )


@pytest.fixture
def sub() -> str:
    return str(uuid.uuid4())


def test_200_simultaneous_wrong_answers_get_no_extra_attempts(handlers: StackHandlers, sub: str) -> None:
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(private)
    wrong = [code for n in range(201) if (code := f"{n:06d}") != right]
    verdicts = Counter(run_at_once(200, lambda n: handlers.verify(sub, private, wrong[n])))
    assert verdicts == {"wrong": POLICY.free_failures, "locked": 200 - POLICY.free_failures}


def test_a_right_answer_among_200_malformed_ones_is_accepted_once(handlers: StackHandlers, sub: str) -> None:
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(private)
    verdicts = Counter(
        run_at_once(200, lambda n: handlers.verify(sub, private, right if n == 100 else "x" * 6))
    )
    assert verdicts == {"accepted": 1, "malformed": 199}, "a malformed answer is not counted"


def test_one_of_50_simultaneous_right_answers_is_accepted(handlers: StackHandlers, sub: str) -> None:
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(private)
    verdicts = Counter(run_at_once(50, lambda _: handlers.verify(sub, private, right)))
    assert verdicts == {"accepted": 1, "spent": 49}


def test_50_simultaneous_starts_send_one_message_for_one_challenge(handlers: StackHandlers, sub: str) -> None:
    handlers.queued.clear()
    responses = run_at_once(50, lambda _: handlers.create(sub))
    assert len(handlers.queued) == 1
    assert Counter(a["publicChallengeParameters"]["status"] for a in responses) == {"SENT": 1, "WAITING": 49}
    assert len({a["privateChallengeParameters"]["challenge"] for a in responses}) == 1


def test_50_simultaneous_resends_send_one_message(handlers: StackHandlers, sub: str) -> None:
    first = handlers.create(sub)
    handlers.queued.clear()
    responses = run_at_once(50, lambda _: handlers.create(sub, now=NOW + 30))
    assert len(handlers.queued) == 1
    assert {a["privateChallengeParameters"]["challenge"] for a in responses} == {
        first["privateChallengeParameters"]["challenge"]
    }


def test_create_sends_one_message_for_a_repeated_event(handlers: StackHandlers, sub: str) -> None:
    """Cognito invokes a slow trigger again, and the user would get several codes (amplify-js#4805)."""
    handlers.queued.clear()
    first, second = handlers.create(sub), handlers.create(sub)
    assert len(handlers.queued) == 1
    assert first["privateChallengeParameters"] == second["privateChallengeParameters"]
    assert first["challengeMetadata"] == second["challengeMetadata"]


def test_after_a_pause_only_the_free_attempts_are_checked(handlers: StackHandlers, sub: str) -> None:
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(private)
    wrong = "000000" if right != "000000" else "000001"
    handlers.table.client.update_item(
        TableName=handlers.table.name,
        Key={"pk": {"S": f"sign_in#{sub}"}},
        UpdateExpression="SET failures = :hard, failed_at = :then",
        ExpressionAttributeValues={":hard": {"N": "100"}, ":then": {"N": str(NOW - POLICY.pause_seconds)}},
    )
    verdicts = Counter(run_at_once(50, lambda _: handlers.verify(sub, private, wrong)))
    assert 1 <= verdicts["wrong"] <= POLICY.free_failures
    assert set(verdicts) <= {"wrong", "locked", Refusal.NO_CHALLENGE.value}
