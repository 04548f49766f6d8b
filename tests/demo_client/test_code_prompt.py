"""SignInLoop: the meaning of each input, and the requests that are not sent because they cannot succeed."""

from typing import Any

import pytest

from demo_client.cli.code_prompt import SignInLoop
from demo_client.cognito.challenge import Challenge, Tokens
from demo_client.cognito.sign_in import SignIn
from demo_client.errors import CliError
from demo_client.texts import describe
from tests.support.demo_pool import POOL, FakeCognito, challenge, choose, tokens
from tests.support.typed_codes import FORMS, Form


class FakePrompt:
    """Answers with the given lines, and records the sentences that it shows."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)
        self.shown: list[str] = []

    def show(self, challenge: Challenge) -> None:
        self.shown.append(describe(challenge))

    def info(self, sentence: str) -> None:
        self.shown.append(sentence)

    def ask(self, challenge: Challenge) -> str:
        return self._lines.pop(0)


def run(
    replies: list[dict[str, Any]], *lines: str, channel: str | None = None, passed: float = 0
) -> tuple[FakeCognito, FakePrompt]:
    """Run a sign-in that ends in tokens. Each reading of the clock is `passed` seconds later."""
    cognito, prompt, clock = FakeCognito(*replies), FakePrompt(*lines), iter(range(100))
    sign_in = SignIn(cognito, POOL, "ada@example.com", passwordless=True)
    done = SignInLoop(sign_in, prompt, now=lambda: next(clock) * passed).run(channel=channel)
    assert isinstance(done, Tokens)
    return cognito, prompt


def answers(cognito: FakeCognito) -> list[tuple[str, dict[str, str]]]:
    return [
        (sent["ChallengeResponses"]["ANSWER"], sent.get("ClientMetadata", {})) for sent in cognito.sent[1:]
    ]


def test_a_code_is_an_answer_and_an_empty_line_is_not() -> None:
    cognito, _ = run([challenge(), tokens()], "", "  ", " 123456 ")
    assert answers(cognito) == [("123456", {})]


@pytest.mark.parametrize("typed", ["12345", "1234567", "abcdef", "12345a", "-", "\u0661" * 5])
def test_a_malformed_code_is_not_sent(typed: str) -> None:
    cognito, prompt = run([challenge(), tokens()], typed, "123-456")
    assert answers(cognito) == [("123-456", {})]
    assert prompt.shown[-1] == "A code has 6 digits. This was not counted."


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_a_code_is_sent_as_it_was_typed(form: Form) -> None:
    cognito, _ = run([challenge(), tokens()], form("123456"))
    assert answers(cognito) == [(form("123456").strip(), {})]


@pytest.mark.parametrize(
    ("digits", "refused", "accepted"),
    [("8", "123456", "1234 5678"), ("20", "12345678", "1234 5678 9012 3456 7890")],
)
def test_the_length_of_a_code_is_that_of_its_challenge(digits: str, refused: str, accepted: str) -> None:
    cognito, prompt = run([challenge(codeLength=digits), tokens()], refused, accepted)
    assert answers(cognito) == [(accepted, {})]
    assert prompt.shown[-1] == f"A code has {digits} digits. This was not counted."


def test_a_resend_may_bring_a_longer_code() -> None:
    replies = [challenge(resendIn="0"), challenge("session-2", codeLength="20"), tokens()]
    cognito, _ = run(replies, "resend", "123456", "12345678901234567890")
    assert [answer for answer, _ in answers(cognito)] == ["resend", "12345678901234567890"]


def test_a_wrong_code_is_followed_by_another_question() -> None:
    cognito, prompt = run(
        [challenge(), challenge(status="WRONG", attemptsLeft="1"), tokens()], "111111", "222222"
    )
    assert [answer for answer, _ in answers(cognito)] == ["111111", "222222"]
    assert prompt.shown[-1] == "That code is wrong. This is the last attempt."


def test_a_resend_before_the_cooldown_has_passed_is_not_sent() -> None:
    cognito, prompt = run([challenge(resendIn="30"), tokens()], "resend", "sms", "123456", passed=1)
    assert len(cognito.sent) == 2
    assert prompt.shown[1:] == [
        "Wait 29 seconds for another message. The last code is still valid.",
        "Wait 28 seconds for another message. The last code is still valid.",
    ]


@pytest.mark.parametrize(
    ("word", "metadata"),
    [("resend", {"action": "resend"}), ("SMS", {"action": "resend", "channel": "sms"})],
)
def test_a_resend_after_the_cooldown_is_sent(word: str, metadata: dict[str, str]) -> None:
    cognito, _ = run([challenge(), challenge("session-2"), tokens()], word, "123456", passed=31)
    assert answers(cognito)[0][1] == metadata


def test_without_resends_left_no_resend_is_sent() -> None:
    cognito, prompt = run([challenge(resendsLeft="0", resendIn="0"), tokens()], "resend", "123456")
    assert len(cognito.sent) == 2
    assert "No resends are left" in prompt.shown[1]


def test_a_channel_that_the_user_does_not_have_is_refused() -> None:
    only_email = challenge(channels='{"email":"a***@e***"}', resendIn="0")
    _, prompt = run([only_email, tokens()], "sms", "123456")
    assert prompt.shown[1] == "This user cannot receive codes by SMS."


def test_the_channel_option_is_requested_at_once_and_the_response_is_shown() -> None:
    replies = [challenge(), challenge(status="WAITING", resendIn="30"), tokens()]
    cognito, prompt = run(replies, "123456", channel="sms")
    assert answers(cognito)[0][1] == {"action": "resend", "channel": "sms"}
    assert prompt.shown[1].startswith("No new message was sent. The code sent by email")


def test_the_channel_option_sends_nothing_if_the_channel_is_already_used() -> None:
    cognito, _ = run([challenge(), tokens()], "123456", channel="email")
    assert len(cognito.sent) == 2


def test_a_channel_option_that_the_user_does_not_have_ends_the_sign_in() -> None:
    with pytest.raises(CliError, match=r"cannot receive codes by SMS. Choose: email \(a\*\*\*@e\*\*\*\)"):
        run([challenge(channels='{"email":"a***@e***"}')], channel="sms")


def test_a_choice_accepts_channels_only() -> None:
    cognito, prompt = run([choose(), challenge(), tokens()], "123456", "resend", "sms", "654321")
    assert answers(cognito) == [("send", {"action": "send", "channel": "sms"}), ("654321", {})]
    assert prompt.shown[0] == "Where should the code go? email (a***@e***) or sms (+***4567)."


def test_the_channel_option_answers_the_choice() -> None:
    cognito, _ = run([choose(), challenge(), tokens()], "654321", channel="sms")
    assert answers(cognito)[0] == ("send", {"action": "send", "channel": "sms"})
