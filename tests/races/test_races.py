"""Many simultaneous calls of the handlers. They bypass the local Cognito, whose lock would hide races.

The handlers use the local table and key. Only their clients have longer timeouts, so that a race on a busy
machine does not end in a timeout.
"""

import secrets
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from passcode.adapters.kms import KmsMac
from passcode.adapters.record_table import RecordTable
from passcode.channels.channel import destination_id
from passcode.channels.registry import CHANNELS
from passcode.delivery.envelope import ChangeNotice, Delivery
from passcode.delivery.notices import Notices
from passcode.sign_in.create import SignInCreator
from passcode.sign_in.steps import RoundLimits
from passcode.sign_in.verify import check_sign_in
from passcode.token_service.challenge import Challenge, derive_code
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refused
from tests.support.live_handlers import LiveHandlers, client_with_long_timeouts, event, live_handlers
from tests.support.threads import run_at_once
from tools.local_stack.stack import Stack

NOW = 1_900_000_000
POLICY = Policy()
# A wrong answer counts for both channels.
FREE = POLICY.wrong_answers_per_day // 2
SALT = "salt"


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
        notices = Notices(list[ChangeNotice]().append, self.handlers.create._TELEMETRY)
        sign_in = SignInCreator(self.table, self.queued.append, notices, POLICY, limits)
        create_event = event("CreateAuthChallenge", sub, session=[], **request)
        filled_event = self.handlers.create.respond(
            create_event,
            sign_in,
            tuple(CHANNELS.values()),
            SALT,
            self.handlers.create._TELEMETRY,
            secrets.token_hex(16),
            secrets.token_hex(8),
            now,
        )
        response: dict[str, Any] = filled_event["response"]
        return response

    def verify(self, sub: str, private: dict[str, str], answer: str, now: int = NOW) -> str:
        """Invoke Verify Auth Challenge once. Returns "accepted", "wrong", or the reason of a refusal."""
        judge = partial(
            check_sign_in,
            order=tuple(CHANNELS.values()),
            code_mac=self.code_mac,
            store=self.table,
            policy=POLICY,
            now=now,
            salt=SALT,
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

    def code(self, sub: str, private: dict[str, str]) -> str:
        """The right code of a challenge, derived in the same way as in `deliver`."""
        challenge = Challenge.unpack(private["challenge"])
        channel = CHANNELS[challenge.channel]
        to = channel.destination(event("any", sub)["request"]["userAttributes"][channel.attribute])
        assert to
        mac = self.code_mac(challenge.mac_message())
        return derive_code(mac, channel.name, destination_id(to, SALT), challenge.digits).reveal()


def in_rounds(private: dict[str, str]) -> Callable[[int], dict[str, str]]:
    """The private parameters of the same challenge in other rounds, as `create` writes them."""
    return lambda n: private | {"round": f"{n:016x}"}


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
    right = handlers.code(sub, private)
    wrong = [code for n in range(201) if (code := f"{n:08d}") != right]
    verdicts = Counter(run_at_once(200, lambda n: handlers.verify(sub, private, wrong[n])))
    assert verdicts == {"wrong": FREE, "longer_code": 200 - FREE}


def test_200_simultaneous_wrong_answers_do_not_keep_the_user_out(handlers: StackHandlers, sub: str) -> None:
    """The next code is long. Wrong answers to it are not counted, and the right one is accepted."""
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(sub, private)
    wrong = [code for n in range(201) if (code := f"{n:08d}") != right]
    run_at_once(200, lambda n: handlers.verify(sub, private, wrong[n]))
    private = handlers.create(sub, now=NOW + 30)["privateChallengeParameters"]
    right = handlers.code(sub, private)
    assert len(right) == 20
    verdicts = Counter(
        run_at_once(
            100,
            lambda n: handlers.verify(
                sub, in_rounds(private)(n), right if n == 50 else f"{n:020d}", now=NOW + 31
            ),
        )
    )
    assert verdicts["accepted"] == 1
    assert set(verdicts) <= {"accepted", "wrong", "spent"}


def test_a_right_answer_among_200_malformed_ones_is_accepted_once(handlers: StackHandlers, sub: str) -> None:
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(sub, private)
    verdicts = Counter(
        run_at_once(200, lambda n: handlers.verify(sub, private, right if n == 100 else "x" * 8))
    )
    assert verdicts == {"accepted": 1, "malformed": 199}, "a malformed answer is not counted"


def test_one_of_50_simultaneous_right_answers_is_accepted(handlers: StackHandlers, sub: str) -> None:
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(sub, private)
    verdicts = Counter(run_at_once(50, lambda n: handlers.verify(sub, in_rounds(private)(n), right)))
    assert verdicts == {"accepted": 1, "spent": 49}


def test_a_round_that_cognito_repeats_gets_the_same_result(handlers: StackHandlers, sub: str) -> None:
    """Cognito invokes a slow trigger again. The user must not see a wrong code after a right one."""
    private = handlers.create(sub)["privateChallengeParameters"]
    right = handlers.code(sub, private)
    wrong = f"{(int(right) + 1) % 10**8:08d}"
    assert Counter(run_at_once(20, lambda _: handlers.verify(sub, private, wrong))) == {"wrong": 20}
    assert sum(handlers.table.read(f"sign_in_code#{sub}").wrong.values()) == 2, "counted once"
    assert Counter(run_at_once(20, lambda _: handlers.verify(sub, private, right))) == {"accepted": 20}


def test_50_simultaneous_starts_send_one_message_for_one_challenge(handlers: StackHandlers, sub: str) -> None:
    handlers.queued.clear()
    answers = run_at_once(50, lambda _: handlers.create(sub))
    assert len(handlers.queued) == 1
    assert Counter(a["publicChallengeParameters"]["status"] for a in answers) == {"SENT": 1, "WAITING": 49}
    assert len({a["privateChallengeParameters"]["challenge"] for a in answers}) == 1


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
    challenges = [made["privateChallengeParameters"]["challenge"] for made in (first, second)]
    assert challenges[0] == challenges[1]
    assert first["challengeMetadata"] == second["challengeMetadata"]
