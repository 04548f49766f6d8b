"""`verify` against golden events: the right answers, and the writes that each answer costs."""

from collections.abc import Callable

import pytest

from passcode.channels.email import EMAIL as EMAIL_CHANNEL
from passcode.texts.catalogue import group_digits
from passcode.token_service.challenge import SIGN_IN_PASSWORD
from tests.support.events import NOW, code_of, golden, wrong_code_of
from tests.support.sign_in_handlers import CODE, SignInHandlers, answered, failures


@pytest.fixture
def handlers() -> SignInHandlers:
    return SignInHandlers()


@pytest.mark.parametrize("name", ["verify_plain", "verify_null_metadata"])
def test_the_right_code_is_accepted_once(handlers: SignInHandlers, name: str) -> None:
    to = handlers.issued()
    for accepted in (True, False):
        private = {"challenge": to.pack(), "round": handlers.new_round()}
        request = {"privateChallengeParameters": private, "challengeAnswer": code_of(to)}
        assert handlers.verify(golden(name, **request)) is accepted
        assert handlers.answered == [to]
    assert failures(handlers) == 0


def test_a_repeated_round_gets_the_same_answer_for_fifteen_seconds(handlers: SignInHandlers) -> None:
    # Cognito repeats the call of a round after a lost response. Its session is used up, so only Cognito can.
    to = handlers.issued()
    assert answered(handlers, to, wrong_code_of(to), "a" * 16) is False
    assert answered(handlers, to, wrong_code_of(to), "a" * 16) is False
    assert failures(handlers) == 1, "a repeat is counted once"
    assert answered(handlers, to, code_of(to), "b" * 16) is True
    for later, accepted in ((15, True), (16, False)):
        handlers.now = NOW + later
        assert answered(handlers, to, code_of(to), "b" * 16) is accepted
    assert answered(handlers, to, code_of(to), "c" * 16) is False


def test_another_answer_in_a_repeated_round_is_another_attempt(handlers: SignInHandlers) -> None:
    to = handlers.issued()
    assert answered(handlers, to, wrong_code_of(to), "a" * 16) is False
    assert answered(handlers, to, code_of(to), "a" * 16) is True


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_code_of_each_destination_is_accepted_and_names_its_channel(
    handlers: SignInHandlers, channel: str
) -> None:
    to = handlers.issued()
    assert code_of(to, "email") != code_of(to, "sms")
    assert answered(handlers, to, code_of(to, channel)) is True
    assert [accepted.channel for accepted in handlers.answered] == [channel]


def test_a_channel_that_is_not_deployed_has_no_code() -> None:
    handlers = SignInHandlers(order=(EMAIL_CHANNEL,))
    to = handlers.issued()
    assert answered(handlers, to, code_of(to, "sms")) is False
    assert answered(handlers, to, code_of(to, "email")) is True


@pytest.mark.parametrize(("digits", "other"), [(6, 8), (8, 6), (20, 8)])
def test_a_code_of_another_length_is_malformed_and_costs_nothing(digits: int, other: int) -> None:
    handlers = SignInHandlers()
    to = handlers.issued(digits=digits)
    touched = handlers.touched()
    assert answered(handlers, to, "1" * other) is False
    assert handlers.touched() == touched


@pytest.mark.parametrize("shown", [str, group_digits])
def test_a_long_code_is_accepted_with_and_without_its_spaces(
    handlers: SignInHandlers, shown: Callable[[str], str]
) -> None:
    to = handlers.issued(digits=20)
    assert answered(handlers, to, shown(code_of(to))) is True


def test_a_wrong_answer_to_a_long_code_is_written_and_not_counted(handlers: SignInHandlers) -> None:
    to = handlers.issued(digits=20)
    writes, _, _ = handlers.touched()
    for number in range(1, 4):
        assert answered(handlers, to, wrong_code_of(to)) is False
        assert handlers.touched() == (writes + number, 1, number)
    assert failures(handlers) == 0


@pytest.mark.parametrize("form", ["{} {}", "{}-{}", " {}{} ", "{}{}\n", "{}\u00a0{}", "-{} - {}-"])
def test_spaces_and_dashes_in_an_answer_are_ignored(handlers: SignInHandlers, form: str) -> None:
    to = handlers.issued()
    code = code_of(to)
    assert answered(handlers, to, form.format(code[:3], code[3:])) is True


def test_a_wrong_code_is_refused_and_counted(handlers: SignInHandlers) -> None:
    to = handlers.issued()
    writes, _, _ = handlers.touched()
    assert answered(handlers, to, wrong_code_of(to)) is False
    assert handlers.touched() == (writes + 1, 1, 1)
    assert failures(handlers) == 1
    assert answered(handlers, to, code_of(to)) is True
    assert failures(handlers) == 0


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " ",
        None,
        True,
        False,
        int(CODE),
        float(CODE),
        [CODE],
        {"ANSWER": CODE},
        CODE * 2**20,
        "0" * 10 * 2**20,
        " " * 10 * 2**20 + CODE,
        CODE[:6],
        CODE[:7],
        CODE + "0",
        "0" + CODE,
        f"+{CODE}",
        f"{CODE}.0",
        f"{CODE[:3]}_{CODE[3:]}",
        f"{CODE[:3]}\u0301{CODE[3:]}",
        CODE[:7] + "\ud800",
        "\u00b2" * 8,
        "abcdef",
    ],
    ids=lambda answer: f"{type(answer).__name__} {str(answer)[:12]!a}",
)
def test_a_malformed_answer_is_refused_without_a_write(handlers: SignInHandlers, answer: object) -> None:
    to = handlers.issued()
    assert code_of(to) == CODE
    touched = handlers.touched()
    assert answered(handlers, to, answer) is False
    assert handlers.touched() == touched
    assert failures(handlers) == 0
    assert answered(handlers, to, CODE) is True


def test_an_event_without_an_answer_is_refused(handlers: SignInHandlers) -> None:
    event = golden("verify_plain", privateChallengeParameters={"challenge": handlers.issued().pack()})
    del event["request"]["challengeAnswer"]
    assert handlers.verify(event) is False


@pytest.mark.parametrize("action", ["resend", "send"])
def test_a_request_for_a_message_is_not_checked_as_an_answer(handlers: SignInHandlers, action: str) -> None:
    to = handlers.issued()
    touched = handlers.touched()
    assert answered(handlers, to, code_of(to), clientMetadata={"action": action}) is False
    assert handlers.verify(golden("verify_resend")) is False
    assert handlers.touched() == touched
    assert answered(handlers, to, code_of(to)) is True


@pytest.mark.parametrize("later", [299, 300, 301, 10_000])
def test_a_code_is_accepted_until_it_expires(handlers: SignInHandlers, later: int) -> None:
    to = handlers.issued()
    handlers.now += later
    assert answered(handlers, to, code_of(to)) is (later < 300)
    assert failures(handlers) == 0


def test_an_older_code_is_refused_after_a_newer_one_is_used(handlers: SignInHandlers) -> None:
    old = handlers.issued()
    handlers.now += 200
    new = handlers.issued()
    assert (old.counter, new.counter) == (1, 2)
    assert answered(handlers, new, code_of(new)) is True
    assert answered(handlers, old, code_of(old)) is False


def test_an_older_code_is_accepted_until_a_newer_one_is_used(handlers: SignInHandlers) -> None:
    old = handlers.issued()
    handlers.now += 200
    handlers.issued()
    assert answered(handlers, old, code_of(old)) is True


@pytest.mark.parametrize(
    "forged",
    [
        {"counter": 2},
        {"nonce": "f" * 32},
        {"expires_at": NOW + 301},
        {"expires_at": NOW + 2**20},
        {"purpose": SIGN_IN_PASSWORD},
    ],
)
def test_the_code_of_one_challenge_is_wrong_for_another(
    handlers: SignInHandlers, forged: dict[str, object]
) -> None:
    to = handlers.issued()
    other = to._replace(**forged)  # type: ignore[arg-type]
    assert answered(handlers, other, code_of(to)) is False
