"""Attacks on the counts of messages and answers: too many guesses, too many messages, a user kept out."""

import contextlib

import pytest

from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD
from passcode.token_service.refusal import Unavailable
from tests.attacks.service import DAY, HOUR, Service
from tests.attacks.trial import TryAttack
from tests.attacks.weak_counters import (
    AcceptsWithoutStore,
    ChecksThenDeletes,
    CountsPerCode,
    CountsPerSession,
    ForgetsTheNonce,
    LocksAfterWrongAnswers,
    NewCodeResetsAnswers,
    NoMessageLimit,
    OneRecordForAllKinds,
    ReadsThenCounts,
    RefusesAtTheLimit,
    RightAnswerClearsLimits,
    RollsBackTheCount,
    StoreThatFails,
)
from tests.support.threads import run_at_once


def signs_in(service: Service, kind: str = SIGN_IN_CODE) -> bool:
    """Return True if the user requests a code and it is accepted, at once or after one wait of a minute."""
    for _ in range(2):
        challenge = service.start(kind)
        if challenge and service.answer(challenge, service.code(challenge)) is None:
            return True
        service.now += 60
    return False


def test_nine_wrong_answers_an_hour(try_attack: TryAttack) -> None:
    """A stranger with a user name and nine requests an hour keeps the user out (CVE-2024-1722)."""

    def attack(service: Service) -> bool:
        start = service.now
        for hour in range(24):
            service.now = start + hour * HOUR
            challenge = service.start()
            if challenge:
                service.guess(challenge, 8)
            service.now += 60
            if not signs_in(service):
                return True
        return False

    try_attack(attack, weak=LocksAfterWrongAnswers(), product=Service())


def test_attack_on_the_password_client(try_attack: TryAttack) -> None:
    """A stranger without the password disturbs sign-ins with a password."""

    def attack(service: Service) -> bool:
        challenge = service.start(SIGN_IN_CODE)
        assert challenge
        service.guess(challenge, 20)
        service.now += 60
        service.start(SIGN_IN_CODE)
        challenge = service.start(SIGN_IN_PASSWORD)
        assert challenge
        is_short = challenge.digits == service.policy.code_digits
        return not (is_short and service.answer(challenge, service.code(challenge)) is None)

    try_attack(attack, weak=OneRecordForAllKinds(), product=Service())


@pytest.mark.parametrize("channel", [EMAIL, SMS], ids=lambda channel: channel.name)
def test_right_answers_draw_messages(try_attack: TryAttack, channel: Channel) -> None:
    """A right answer clears cooldown and quota: one account draws messages without end."""
    most = {"email": 100, "sms": 20}[channel.name]

    def attack(service: Service) -> bool:
        end = service.now + DAY
        while service.now < end and len(service.sent) <= most:
            challenge = service.start(channel=channel.name, cap=channel.accepted_per_day)
            if challenge:
                service.answer(challenge, service.code(challenge))
            service.now += 5 if challenge else service.wait
        return len(service.sent) > most

    try_attack(attack, weak=Service(RightAnswerClearsLimits()), product=Service())


def test_one_hundred_starts(try_attack: TryAttack) -> None:
    """100 starts for one user send more messages than the burst of five."""

    def attack(service: Service) -> bool:
        for _ in range(100):
            service.start()
            service.now += 1
        return len(service.sent) > service.policy.send_burst

    try_attack(attack, weak=Service(NoMessageLimit()), product=Service())


def test_no_live_code_during_one_hundred_starts(try_attack: TryAttack) -> None:
    """While a stranger starts 100 sign-ins, the user has no code to sign in with."""

    def attack(service: Service) -> bool:
        for _ in range(100):
            service.start()
            if service.start() is None:
                return True
            service.now += 30
        return not signs_in(service)

    try_attack(attack, weak=RefusesAtTheLimit(), product=Service())


def test_guesses_in_new_sessions(try_attack: TryAttack) -> None:
    """300 sessions of one day with three guesses each (AuthQuake, CVE-2024-45404)."""

    def attack(service: Service) -> bool:
        compared = 0
        for _ in range(300):
            challenge = service.start()
            compared += service.guess(challenge, 3) if challenge else 0
            service.now += DAY // 300
        return compared > service.policy.wrong_answers_per_day

    try_attack(attack, weak=Service(CountsPerSession()), product=Service())


@pytest.mark.parametrize(
    ("kind", "odds"), [(SIGN_IN_CODE, 1e-4), (SIGN_IN_PASSWORD, 4e-3)], ids=["code only", "password"]
)
def test_odds_of_a_guess(try_attack: TryAttack, kind: str, odds: float) -> None:
    """A stranger who guesses for a year has better odds than the documented ones."""

    def attack(service: Service) -> bool:
        a_day = 0.0
        for _ in range(DAY // 600):
            challenge = service.start(kind)
            if challenge:
                a_day += service.guess(challenge, 10) / 10**challenge.digits
            service.now += 600
        return 365 * a_day > odds

    try_attack(attack, weak=Service(CountsPerSession()), product=Service())


def test_a_second_start_resets_the_answers(try_attack: TryAttack) -> None:
    """A second start resets the count of wrong answers (better-auth#11162)."""

    def attack(service: Service) -> bool:
        compared = 0
        for _ in range(4):
            challenge = service.start()
            compared += service.guess(challenge, 4) if challenge else 0
            service.now += 600
        return compared > service.policy.wrong_answers_per_day

    try_attack(attack, weak=Service(NewCodeResetsAnswers()), product=Service())


def test_guesses_at_the_code_before(try_attack: TryAttack) -> None:
    """The old code after a resend has new answers."""

    def attack(service: Service) -> bool:
        first = service.start()
        service.now += 200
        second = service.start()
        assert first
        assert second
        assert first.nonce != second.nonce, "the resend has a new code"
        compared = service.guess(second, 10) + service.guess(first, 10)
        return compared > service.policy.wrong_answers_per_day

    try_attack(attack, weak=Service(CountsPerCode()), product=Service())


def test_right_answers_at_once(try_attack: TryAttack) -> None:
    """20 right answers at once are accepted more than once (CVE-2026-22751, GHSA-jpq4-7fmq-q5fj)."""

    def attack(service: Service) -> bool:
        challenge = service.start()
        assert challenge
        code = service.code(challenge)
        return run_at_once(20, lambda _: service.answer(challenge, code)).count(None) > 1

    try_attack(attack, weak=ChecksThenDeletes(), product=Service())


def test_wrong_answers_at_once(try_attack: TryAttack) -> None:
    """40 wrong answers at once get more than ten guesses (CVE-2023-47111, Pentagrid 2021)."""

    def attack(service: Service) -> bool:
        challenge = service.start()
        assert challenge
        compared = sum(run_at_once(40, lambda _: service.guess(challenge, 1)))
        return compared > service.policy.wrong_answers_per_day

    try_attack(attack, weak=ReadsThenCounts(), product=Service())


def test_a_used_code_after_the_loss_of_its_record(try_attack: TryAttack) -> None:
    """A used code is accepted again after its record was lost and created again."""

    def attack(service: Service) -> bool:
        challenge = service.start()
        assert challenge
        code = service.code(challenge)
        assert service.answer(challenge, code) is None
        service.store.records.clear()
        service.now += 60
        again = service.start()
        assert again
        assert again.counter == challenge.counter
        return service.answer(challenge, code) is None

    try_attack(attack, weak=Service(ForgetsTheNonce()), product=Service())


def test_an_answer_without_a_store(try_attack: TryAttack) -> None:
    """A code is accepted while the store fails."""

    def attack(service: Service) -> bool:
        challenge = service.start()
        assert challenge
        assert isinstance(service.store, StoreThatFails)
        service.store.is_down = True
        with contextlib.suppress(Unavailable):
            return service.answer(challenge, service.code(challenge)) is None
        return False

    try_attack(attack, weak=AcceptsWithoutStore(StoreThatFails()), product=Service(StoreThatFails()))


def test_a_count_that_is_lost(try_attack: TryAttack) -> None:
    """An error after the write undoes the count of a wrong answer (CVE-2026-35597, CVE-2026-27801)."""

    def attack(service: Service) -> bool:
        challenge = service.start()
        assert challenge
        store = service.store
        assert isinstance(store, StoreThatFails)
        store.is_down = store.only_responses = True
        for _ in range(service.policy.wrong_answers_per_day):
            with contextlib.suppress(Unavailable):
                service.guess(challenge, 1)
        store.is_down = False
        return service.guess(challenge, 1) > 0

    try_attack(attack, weak=RollsBackTheCount(StoreThatFails()), product=Service(StoreThatFails()))
