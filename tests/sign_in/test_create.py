"""`create` against golden events: one message, one response with the documented keys."""

import json
import re

import pytest

from passcode.channels.sms import SMS
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, Challenge
from passcode.token_service.policy import day_of
from passcode.token_service.refusal import RefusalTag, Refused, parse_tag
from tests.support.events import EMAIL, NOW, PHONE, SIGN_IN_KEY, SUB, attributes, golden
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_handlers import SignInHandlers

KEYS = {
    "status",
    "channel",
    "destination",
    "channels",
    "codeLength",
    "expiresIn",
    "resendIn",
    "attemptsLeft",
    "resendsLeft",
    "fallback",
}


@pytest.fixture
def handlers() -> SignInHandlers:
    return SignInHandlers()


def test_the_first_call_sends_one_message_and_returns_its_status(handlers: SignInHandlers) -> None:
    response = handlers.create(golden("create_first"))
    assert response["publicChallengeParameters"] == {
        "status": "SENT",
        "channel": "email",
        "destination": "***@***",
        "channels": '{"email":"***@***","sms":"+***"}',
        "codeLength": "8",
        "expiresIn": "300",
        "resendIn": "30",
        "attemptsLeft": "5",
        "resendsLeft": "3",
        "fallback": "",
    }
    assert handlers.store.writes == ["start_challenge"]
    (delivery,) = handlers.queued
    assert [(d.channel.name, d.value) for d in delivery.destinations] == [("email", EMAIL), ("sms", PHONE)]
    assert delivery.locale == "en-GB"


def test_the_private_parameters_and_the_metadata_carry_the_challenge_and_no_address(
    handlers: SignInHandlers,
) -> None:
    response = handlers.create(golden("create_first"))
    challenge = Challenge.unpack(response["privateChallengeParameters"]["challenge"])
    assert challenge == handlers.queued[0].challenge
    assert (challenge.subject, challenge.counter, challenge.decoy) == (SUB, 1, False)
    assert (challenge.issued_at, challenge.expires_at) == (NOW, NOW + 300)
    assert set(response["privateChallengeParameters"]) == {"challenge", "round"}
    assert re.fullmatch(r"[0-9a-f]{16}", response["privateChallengeParameters"]["round"])
    assert response["challengeMetadata"] == (
        f"v=1;answers=0;resends=0;resend_at={NOW + 30};asked=;locale=;challenge={challenge.pack():320}"
    )
    assert EMAIL not in json.dumps(response)
    assert PHONE not in json.dumps(response)


@pytest.mark.parametrize(
    ("name", "channel", "shown_channel", "destination"),
    [
        ("create_first", "email", "email", "***@***"),
        ("create_after_password", "email", "email", "a***@p***"),
        ("create_flags_in_capitals", "email", "email", "***@***"),
        ("create_prefers_sms", "sms", "email", "***@***"),
    ],
)
def test_a_message_goes_to_the_preferred_destination_and_the_response_masks_it(
    handlers: SignInHandlers, name: str, channel: str, shown_channel: str, destination: str
) -> None:
    shown = handlers.create(golden(name))["publicChallengeParameters"]
    assert set(shown) == KEYS
    assert all(isinstance(value, str) for value in shown.values())
    assert (shown["status"], shown["channel"], shown["destination"]) == ("SENT", shown_channel, destination)
    assert handlers.queued[0].challenge.channel == channel
    assert handlers.queued[0].destinations[0].channel.name == channel


@pytest.mark.parametrize(
    ("name", "kind", "digits"),
    [("create_first", SIGN_IN_CODE, 8), ("create_after_password", SIGN_IN_PASSWORD, 6)],
)
def test_a_proven_password_decides_the_kind_and_the_length_of_the_code(
    handlers: SignInHandlers, name: str, kind: str, digits: int
) -> None:
    response = handlers.create(golden(name))
    challenge = Challenge.unpack(response["privateChallengeParameters"]["challenge"])
    assert (challenge.purpose, challenge.digits) == (kind, digits)
    assert response["publicChallengeParameters"]["codeLength"] == str(digits)
    assert list(handlers.store.records) == [f"{kind}#{SUB}"]


def test_the_kinds_of_sign_in_have_separate_counters(handlers: SignInHandlers) -> None:
    # A stranger who knows the user name must not use up the messages of a user with a password.
    seen = []
    for _ in range(6):
        seen.append(handlers.create(golden("create_first"))["publicChallengeParameters"]["status"])
        handlers.now += 31
    assert seen == 5 * ["SENT"] + ["WAITING"]
    assert handlers.create(golden("create_after_password"))["publicChallengeParameters"]["status"] == "SENT"


@pytest.mark.parametrize("name", ["create_first", "create_after_password"])
@pytest.mark.parametrize(("wrong", "digits"), [(4, None), (5, 20), (10, 20)])
def test_after_five_wrong_answers_on_a_day_codes_are_long(name: str, wrong: int, digits: int | None) -> None:
    handlers = SignInHandlers()
    short = handlers.create(golden(name))["publicChallengeParameters"]
    (key,) = handlers.store.records
    record = handlers.store.records[key]
    handlers.store.records[key] = record._replace(failures=wrong, wrong={day_of(handlers.now): wrong})
    handlers.now += 31
    shown = handlers.create(golden(name))["publicChallengeParameters"]
    assert shown["status"] == "SENT"
    assert shown["codeLength"] == (str(digits) if digits else short["codeLength"])
    assert shown["expiresIn"] == ("600" if digits else "269")


def test_the_next_day_codes_are_short_again(handlers: SignInHandlers) -> None:
    handlers.create(golden("create_first"))
    record = handlers.store.records[SIGN_IN_KEY]
    wrong = {day_of(handlers.now) - 1: 10}
    handlers.store.records[SIGN_IN_KEY] = record._replace(failures=10, wrong=wrong)
    handlers.now += 301
    assert handlers.create(golden("create_first"))["publicChallengeParameters"]["codeLength"] == "8"


def test_after_a_hundred_wrong_answers_in_a_row_codes_are_long_on_every_day(handlers: SignInHandlers) -> None:
    handlers.create(golden("create_first"))
    handlers.store.records[SIGN_IN_KEY] = handlers.store.records[SIGN_IN_KEY]._replace(failures=100)
    handlers.now += 301
    assert handlers.create(golden("create_first"))["publicChallengeParameters"]["codeLength"] == "20"


def test_the_masks_show_more_after_a_password(handlers: SignInHandlers) -> None:
    shown = handlers.create(golden("create_after_password"))["publicChallengeParameters"]
    assert json.loads(shown["channels"]) == {"email": "a***@p***", "sms": "+***0147"}


@pytest.mark.parametrize(
    ("changes", "channels"),
    [
        ({"phone_number_verified": "false"}, ["email"]),
        ({"email_verified": "false"}, ["sms"]),
        ({"email": "not an address"}, ["sms"]),
        ({"email": "a@b.example,c@d.example"}, ["sms"]),
        ({"email": "x" * 100_000}, ["sms"]),
        ({"phone_number": "0170 1234567"}, ["email"]),
        ({"phone_number": f"{PHONE};ext=9"}, ["email"]),
        ({"phone_number": f"{PHONE}\n"}, ["email"]),
        ({"email": f"{EMAIL}\n"}, ["sms"]),
        ({"phone_number": "+١٢٠٢٥٥٥٠١٤٧"}, ["email"]),
        ({"otp_channel": "pigeon"}, ["email", "sms"]),
        ({"otp_channel": "x" * 100_000}, ["email", "sms"]),
    ],
)
def test_only_verified_and_well_formed_destinations_are_used(
    handlers: SignInHandlers, changes: dict[str, str], channels: list[str]
) -> None:
    event = golden("create_first", userAttributes=attributes(**changes))
    shown = handlers.create(event)["publicChallengeParameters"]
    assert list(json.loads(shown["channels"])) == ["email", "sms"], "equal for all users before a password"
    assert shown["channel"] == "email", "equal for all users before a password"
    assert [d.channel.name for d in handlers.queued[0].destinations] == channels


def test_after_the_password_the_channel_of_the_message_is_shown(handlers: SignInHandlers) -> None:
    event = golden("create_after_password", userAttributes=attributes(otp_channel="sms"))
    shown = handlers.create(event)["publicChallengeParameters"]
    assert (shown["channel"], shown["destination"]) == ("sms", "+***0147")


def test_a_channel_that_is_not_deployed_is_not_used() -> None:
    handlers = SignInHandlers(order=(SMS,))
    shown = handlers.create(golden("create_first"))["publicChallengeParameters"]
    assert json.loads(shown["channels"]) == {"sms": "+***"}
    assert [d.channel for d in handlers.queued[0].destinations] == [SMS]


def test_a_repeated_event_sends_no_second_message(handlers: SignInHandlers) -> None:
    first, second = (handlers.create(golden("create_first")) for _ in range(2))
    private = [response["privateChallengeParameters"] for response in (first, second)]
    assert private[0]["challenge"] == private[1]["challenge"]
    assert private[0]["round"] != private[1]["round"], "two sessions with one challenge are two rounds"
    assert first["challengeMetadata"] == second["challengeMetadata"]
    assert second["publicChallengeParameters"]["status"] == "WAITING"
    assert len(handlers.queued) == 1


def test_a_user_without_a_destination_is_refused_after_the_password(handlers: SignInHandlers) -> None:
    with pytest.raises(Refused) as refused:
        handlers.create(golden("create_flags_false_after_password"))
    assert parse_tag(str(refused.value)) == RefusalTag("no_destination")
    assert handlers.touched() == (0, 0, 0)


@pytest.mark.parametrize(
    ("name", "metric"),
    [("create_after_password", "message_rate_used_up"), ("create_unknown_user_empty", "decoy_rate_used_up")],
)
def test_the_last_message_that_the_rate_allows_is_counted(
    output: HandlerOutput, name: str, metric: str
) -> None:
    handlers = SignInHandlers(telemetry=output.telemetry)
    for sent in range(1, 6):
        handlers.create(golden(name))
        assert output.counted(metric) == ([{}] if sent == 5 else [])
        handlers.now += 31
    # The next requests join the challenge and send nothing.
    handlers.create(golden(name))
    assert len(output.counted(metric)) == 1
    (line,) = [line for line in output.lines if line["message"] == metric.replace("_", " ")]
    assert line["subject"] == handlers.queued[0].challenge.subject


def test_an_issued_challenge_is_logged_and_counted_without_an_address(output: HandlerOutput) -> None:
    handlers = SignInHandlers(telemetry=output.telemetry)
    handlers.create(golden("create_after_password"))
    assert output.counted("issued") == [{"channel": "email"}]
    (line,) = output.lines
    assert (line["message"], line["subject"]) == ("issued", SUB)
    assert line["correlation_id"] == handlers.queued[0].challenge.nonce
    assert EMAIL not in output.text
    assert "ada" not in output.text
