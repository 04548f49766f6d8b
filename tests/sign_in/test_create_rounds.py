"""`create` in the rounds after the first: a wrong answer, a resend, another channel."""

import pytest

from passcode.token_service.challenge import Challenge
from tests.support.events import NOW, attributes, code_of, entry, golden
from tests.support.sign_in_handlers import SignInHandlers

Response = dict[str, dict[str, str]]


@pytest.fixture
def handlers() -> SignInHandlers:
    return SignInHandlers()


def after(handlers: SignInHandlers, first: Response, **request: object) -> Response:
    """The round after `first`, in a sign-in after a password."""
    opening = [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]
    session = [*opening, entry("CUSTOM_CHALLENGE", False, first["challengeMetadata"])]
    return handlers.create(golden("create_after_wrong_code", session=session, **request))


def resend(handlers: SignInHandlers, first: Response, channel: object = None, **request: object) -> Response:
    """The round after `first`, with the app's request for a resend."""
    metadata = {"action": "resend"} | ({} if channel is None else {"channel": channel})
    return after(handlers, first, clientMetadata=metadata, **request)


def challenge_in(response: Response) -> Challenge:
    """The challenge that `verify` will be given."""
    return Challenge.unpack(response["privateChallengeParameters"]["challenge"])


@pytest.mark.parametrize(
    "metadata", [None, {}, {"action": " "}, {"action": ["resend"]}, {"channel": "sms"}, {"channel": "pigeon"}]
)
def test_the_round_after_a_wrong_answer_writes_and_sends_nothing(
    handlers: SignInHandlers, metadata: object
) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 40
    touched = handlers.touched()
    again = after(handlers, first, clientMetadata=metadata)
    assert handlers.touched() == touched
    assert challenge_in(again) == challenge_in(first)
    assert again["privateChallengeParameters"]["round"] != first["privateChallengeParameters"]["round"]
    assert again["challengeMetadata"] == first["challengeMetadata"].replace("answers=0", "answers=1")
    shown = again["publicChallengeParameters"]
    assert (shown["status"], shown["attemptsLeft"]) == ("WRONG", "4")
    assert (shown["expiresIn"], shown["resendIn"]) == ("260", "0")


def test_the_golden_event_after_a_wrong_code_is_read(handlers: SignInHandlers) -> None:
    shown = handlers.create(golden("create_after_wrong_code"))["publicChallengeParameters"]
    assert (shown["status"], shown["channel"], shown["attemptsLeft"]) == ("WRONG", "email", "4")
    assert handlers.touched() == (0, 0, 0)


def test_the_golden_event_of_a_resend_is_read(handlers: SignInHandlers) -> None:
    shown = handlers.create(golden("create_resend"))["publicChallengeParameters"]
    assert (shown["status"], shown["channel"], shown["resendsLeft"]) == ("SENT", "sms", "2")


@pytest.mark.parametrize(("later", "status"), [(299, "WRONG"), (300, "EXPIRED"), (10_000, "EXPIRED")])
def test_the_status_of_an_expired_code_is_expired(handlers: SignInHandlers, later: int, status: str) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += later
    shown = after(handlers, first)["publicChallengeParameters"]
    assert (shown["status"], shown["expiresIn"]) == (status, str(max(0, 300 - later)))
    assert len(handlers.queued) == 1


def test_a_resend_in_the_cooldown_sends_nothing(handlers: SignInHandlers) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 29
    again = resend(handlers, first)
    shown = again["publicChallengeParameters"]
    assert (shown["status"], shown["resendIn"], shown["resendsLeft"]) == ("WAITING", "1", "3")
    assert challenge_in(again) == challenge_in(first)
    assert len(handlers.queued) == 1


def test_a_resend_repeats_the_code_while_it_is_valid_for_long_enough(handlers: SignInHandlers) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 180
    again = resend(handlers, first)
    assert again["publicChallengeParameters"]["status"] == "SENT"
    assert again["publicChallengeParameters"]["expiresIn"] == "120"
    assert challenge_in(again).mac_message() == challenge_in(first).mac_message()
    assert [d.challenge for d in handlers.queued] == [challenge_in(first), challenge_in(again)]


def test_a_later_resend_sends_a_new_code_with_the_full_lifetime(handlers: SignInHandlers) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 181
    again = resend(handlers, first)
    assert challenge_in(again).counter == 2
    assert challenge_in(again).nonce != challenge_in(first).nonce
    assert challenge_in(again).expires_at == NOW + 181 + 300
    assert again["publicChallengeParameters"]["expiresIn"] == "300"


def test_another_channel_gets_another_code(handlers: SignInHandlers) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 31
    again = resend(handlers, first, "sms")
    shown = again["publicChallengeParameters"]
    assert (shown["status"], shown["channel"], shown["destination"]) == ("SENT", "sms", "+***0147")
    assert [d.channel.name for d in handlers.queued[1].destinations] == ["sms", "email"]
    assert challenge_in(again).mac_message() == challenge_in(first).mac_message()
    assert code_of(challenge_in(again)) != code_of(challenge_in(first)), "the code is derived for its address"


def test_a_resend_without_a_channel_uses_the_last_one(handlers: SignInHandlers) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 31
    second = resend(handlers, first, "sms")
    handlers.now += 31
    assert resend(handlers, second)["publicChallengeParameters"]["channel"] == "sms"


@pytest.mark.parametrize("wish", ["", " ", "SMS", ["email"], {"email": 1}, 7, True, None])
def test_a_channel_in_a_resend_that_is_no_text_is_ignored(handlers: SignInHandlers, wish: object) -> None:
    first = handlers.create(golden("create_after_password", userAttributes=attributes(otp_channel="sms")))
    handlers.now += 31
    shown = resend(handlers, first, wish)["publicChallengeParameters"]
    assert (shown["status"], shown["channel"]) == ("SENT", "sms")


def test_a_channel_that_the_user_does_not_have_is_ignored(handlers: SignInHandlers) -> None:
    user = attributes(phone_number_verified="false")
    first = handlers.create(golden("create_after_password", userAttributes=user))
    handlers.now += 31
    again = resend(handlers, first, "sms", userAttributes=user)
    assert again["publicChallengeParameters"]["channel"] == "email"
    assert [d.channel.name for d in handlers.queued[1].destinations] == ["email"]


def test_a_resend_after_a_change_of_the_other_destination_repeats_the_code(handlers: SignInHandlers) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 31
    again = resend(handlers, first, userAttributes=attributes(phone_number_verified="false"))
    assert challenge_in(again) == challenge_in(first)
    assert again["publicChallengeParameters"]["status"] == "SENT"


@pytest.mark.parametrize("changes", [{"email": "new@people.example"}, {"email_verified": "false"}])
def test_a_resend_after_a_changed_destination_sends_a_new_code(
    handlers: SignInHandlers, changes: dict[str, str]
) -> None:
    first = handlers.create(golden("create_after_password"))
    handlers.now += 31
    again = resend(handlers, first, userAttributes=attributes(**changes))
    assert challenge_in(again).counter == 2
    assert again["publicChallengeParameters"]["status"] == "SENT"
