"""`verify` against golden events: the right answers, and the writes that each answer costs."""

from dataclasses import replace

import pytest

from passcode.channels.channel import fingerprint
from passcode.channels.registry import CHANNELS
from tests.support.events import SALT, attributes, challenge, code_of, golden, wrong_code_of
from tests.support.sign_in_handlers import CODE, SignInHandlers, answered, failures, other_digits


@pytest.fixture
def handlers() -> SignInHandlers:
    return SignInHandlers()


@pytest.mark.parametrize("name", ["verify_plain", "verify_null_metadata"])
def test_the_right_code_is_accepted_once(handlers: SignInHandlers, name: str) -> None:
    to = handlers.issued()
    request = {"privateChallengeParameters": {"challenge": to.pack()}, "challengeAnswer": code_of(to)}
    assert handlers.verify(golden(name, **request)) is True
    assert handlers.answered == [to]
    assert handlers.verify(golden(name, **request)) is False
    assert handlers.answered == [to]
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
        CODE[:5],
        CODE + "0",
        "0" + CODE,
        f"+{CODE}",
        f"{CODE}.0",
        f"{CODE[:3]}_{CODE[3:]}",
        f"{CODE[:3]}\u2013{CODE[3:]}",
        f"{CODE[:3]}\u200b{CODE[3:]}",
        f"{CODE}\x00",
        other_digits(CODE, "\uff10"),
        other_digits(CODE, "\u0660"),
        other_digits(CODE, "\u0966"),
        other_digits(CODE, "\U0001d7ce"),
        CODE[:5] + "\ud800",
        "\u00b2" * 6,
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


@pytest.mark.parametrize("forged", [{"counter": 2}, {"nonce": "f" * 32}, {"expires_at": 2**31}])
def test_the_code_of_one_challenge_is_wrong_for_another(
    handlers: SignInHandlers, forged: dict[str, object]
) -> None:
    to = handlers.issued()
    other = replace(to, **forged)  # type: ignore[arg-type]
    assert answered(handlers, other, code_of(to)) is False


def test_the_golden_challenge_is_bound_to_the_golden_user() -> None:
    assert challenge().bound == fingerprint(attributes(), SALT, CHANNELS.values())
