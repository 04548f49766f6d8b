"""Before a password is proven, the responses of `create` do not show whether a user name exists."""

import re
import uuid
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS
from passcode.sign_in.create import ChallengeRound, ChallengeStatus
from passcode.sign_in.decoys import decoy_attributes
from passcode.token_service.challenge import Challenge
from passcode.token_service.policy import day_of
from tests.support.events import NOW, attributes, golden
from tests.support.sign_in_handlers import SignInHandlers

DECOYS = ["unknown_user_empty", "unknown_user_null", "flags_false"]


def shape(value: object) -> object:
    """Replace the digits in a value by their number: the part that must be equal for every user name."""
    if isinstance(value, Mapping):
        return {key: shape(one) for key, one in value.items()}
    assert isinstance(value, str)
    if value.startswith("{"):
        return value
    return re.sub(r"\d+", lambda digits: f"<{len(digits[0])} digits>", value)


def public(handlers: SignInHandlers, name: str, **request: object) -> dict[str, str]:
    """The publicChallengeParameters of the response of `create` to a golden event."""
    found: dict[str, str] = handlers.create(golden(f"create_{name}", **request))["publicChallengeParameters"]
    return found


@pytest.mark.parametrize("name", DECOYS)
def test_an_unknown_user_gets_the_response_of_a_known_user(name: str) -> None:
    known, unknown = SignInHandlers(), SignInHandlers()
    for_known, for_unknown = public(known, "first"), public(unknown, name)
    assert list(for_known) == list(for_unknown)
    by_email = {"channel": "email", "destination": "***@***"}
    assert shape(for_known | by_email) == shape(for_unknown | by_email)
    assert (for_unknown["channel"], for_unknown["destination"]) in [("email", "***@***"), ("sms", "+***")]


@pytest.mark.parametrize("name", DECOYS)
def test_an_unknown_user_costs_as_many_writes_and_messages_as_a_known_user(name: str) -> None:
    known, unknown = SignInHandlers(), SignInHandlers()
    public(known, "first")
    public(unknown, name)
    assert unknown.touched() == known.touched() == (1, 1, 0)
    assert unknown.store.writes == known.store.writes
    (of_known,), (of_unknown,) = known.store.records.values(), unknown.store.records.values()
    volatile = {"channel", "sent_to", "sent_to_before"}
    assert {k: v for k, v in of_known._asdict().items() if k not in volatile} == {
        k: v for k, v in of_unknown._asdict().items() if k not in volatile
    }
    for field in ("sent_to", "sent_to_before"):
        ids = [*getattr(of_known, field).values(), *getattr(of_unknown, field).values()]
        assert {len(each) for each in ids} == {16}


@pytest.mark.parametrize("name", DECOYS)
def test_the_challenge_of_an_unknown_user_is_as_long_as_that_of_a_known_user(name: str) -> None:
    # Cognito may show the length of its session, which contains these texts.
    unknown = SignInHandlers().create(golden(f"create_{name}"))
    channel = unknown["publicChallengeParameters"]["channel"]
    user = attributes(otp_channel=channel)
    known = SignInHandlers().create(golden("create_first", userAttributes=user))
    assert known["publicChallengeParameters"]["channel"] == channel
    assert len(known["challengeMetadata"]) == len(unknown["challengeMetadata"])
    private = [response["privateChallengeParameters"] for response in (known, unknown)]
    assert [len(value) for value in private[0].values()] == [len(value) for value in private[1].values()]
    assert private[0].keys() == private[1].keys()


@pytest.mark.parametrize("name", DECOYS)
def test_wrong_answers_lengthen_the_codes_of_known_and_unknown_users(name: str) -> None:
    lengths = []
    for each in ("first", name):
        handlers = SignInHandlers()
        lengths.append([public(handlers, each)["codeLength"]])
        (key,) = handlers.store.records
        wrong = {day_of(handlers.now): 5}
        handlers.store.records[key] = handlers.store.records[key]._replace(failures=5, wrong=wrong)
        handlers.now += 31
        lengths[-1].append(public(handlers, each)["codeLength"])
    assert lengths == [["8", "20"], ["8", "20"]]


@pytest.mark.parametrize("name", DECOYS)
def test_the_delivery_for_a_decoy_is_queued_with_a_reserved_destination(name: str) -> None:
    handlers = SignInHandlers()
    public(handlers, name)
    (delivery,) = handlers.queued
    assert delivery.challenge.decoy
    values = {d.value for d in delivery.destinations}
    assert values <= {"unknown-user@passcode.invalid", "+12025550123"}


def test_an_unknown_user_has_the_same_subject_each_time() -> None:
    handlers = SignInHandlers()
    for now in (NOW, NOW + 1000):
        handlers.now = now
        public(handlers, "unknown_user_empty")
    first, second = (d.challenge.subject for d in handlers.queued)
    assert first == second
    assert uuid.UUID(first).version == 4
    assert len(handlers.store.records) == 1


def test_an_unknown_user_has_the_quota_of_a_known_user() -> None:
    outcomes = []
    for name in ("first", *DECOYS):
        handlers = SignInHandlers()
        outcomes.append([_outcome(handlers, name) for _ in range(7)])
        (key,) = handlers.store.records
        # The last message that the rate allows has a long code. Wrong answers do not end it.
        wrong = {day_of(NOW): 10}
        handlers.store.records[key] = handlers.store.records[key]._replace(failures=10, wrong=wrong)
        outcomes[-1].append(_outcome(handlers, name))
    assert all(outcome == outcomes[0] for outcome in outcomes)
    short, long = ("SENT", "8"), ("SENT", "20")
    assert outcomes[0] == 4 * [short] + [long] + 3 * [("WAITING", "20")]


def _outcome(handlers: SignInHandlers, name: str) -> tuple[str, str]:
    handlers.now += 31
    shown = public(handlers, name)
    return shown["status"], shown["codeLength"]


@pytest.mark.parametrize("action", [{}, {"action": "resend", "channel": "sms"}])
def test_the_second_round_of_an_unknown_user_is_that_of_a_known_user(action: dict[str, str]) -> None:
    seen = []
    for name in ("first", "unknown_user_empty"):
        handlers = SignInHandlers()
        first = handlers.create(golden(f"create_{name}"))
        handlers.now += 31
        entry = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False}
        session = [entry | {"challengeMetadata": first["challengeMetadata"]}]
        shown = public(handlers, name, session=session, clientMetadata=action)
        assert Challenge.unpack(first["privateChallengeParameters"]["challenge"]).counter == 1
        seen.append([list(shown), shown["status"], shown["resendsLeft"], handlers.touched()])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("order", [(SMS,), (EMAIL,), (SMS, EMAIL)])
def test_every_unknown_user_gets_a_challenge_on_any_channels(order: tuple[Channel, ...]) -> None:
    # An error for some unknown names would show that the other names may exist.
    for number in range(16):
        event: dict[str, Any] = golden("create_unknown_user_empty") | {"userName": str(uuid.UUID(int=number))}
        handlers = SignInHandlers(order=order)
        assert handlers.create(event)["publicChallengeParameters"]["status"] == "SENT"


USERS = [
    {},
    {"otp_channel": "sms"},
    {"phone_number_verified": "false"},
    {"email_verified": "false"},
    {"email_verified": "false", "phone_number_verified": "false"},
]


def shown_in_a_sign_in(order: tuple[Channel, ...], name: str, **request: Any) -> list[object]:
    """What a stranger sees in a sign-in by code alone: the parameters, and the lengths of the other texts."""
    handlers = SignInHandlers(order=order)
    seen: list[object] = []
    session: list[object] = []
    resend = {"action": "resend"}
    for metadata in ({}, resend | {"channel": "sms"}, {}, resend, resend | {"channel": "email"}, {}):
        event = golden(f"create_{name}", session=session, clientMetadata=metadata, **request)
        response = handlers.create(event)
        entry = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False}
        session = [*session, entry | {"challengeMetadata": response["challengeMetadata"]}]
        private = {key: len(text) for key, text in response["privateChallengeParameters"].items()}
        seen.append((response["publicChallengeParameters"], len(response["challengeMetadata"]), private))
        handlers.now += 31
    return seen


@pytest.mark.parametrize("order", [*permutations(CHANNELS.values()), (EMAIL,), (SMS,)])
def test_a_whole_sign_in_is_the_same_for_all_users_and_unknown_names(order: tuple[Channel, ...]) -> None:
    users = [shown_in_a_sign_in(order, "first", userAttributes=attributes(**user)) for user in USERS]
    names = DECOYS[:2]
    unknown = [shown_in_a_sign_in(order, name) for name in names]
    assert all(seen == users[0] for seen in [*users, *unknown])
    channels = [seen[0]["channel"] for seen in users[0]]  # type: ignore[index]
    first, asked = order[0].name, [channel.name for channel in order]
    sms, email = ("sms" if "sms" in asked else first), ("email" if "email" in asked else first)
    assert channels == [first, sms, sms, sms, email, email]


@pytest.mark.parametrize("counter", [1, 10, 10**11])
def test_the_length_of_a_challenge_does_not_show_its_counter_or_channel(counter: int) -> None:
    for channel, decoy in (("email", False), ("sms", True), ("c" * 16, True)):
        changed = SignInHandlers().issued()._replace(counter=counter, channel=channel, decoy=decoy)
        of_round = ChallengeRound(ChallengeStatus.SENT, changed, 0, 0, NOW)
        assert len(of_round.private["challenge"]) == 320
        assert Challenge.unpack(of_round.private["challenge"]) == changed


@pytest.mark.parametrize(
    ("names", "subjects"),
    [
        (("Ärger", "ÄRGER", "ärger"), 1),
        (("straße", "STRASSE"), 2),
        (("STRA\u1e9eE", "straße"), 1),
        (("\u0130nci", "inci"), 2),
        (("ΟΔΟΣ", "οδο\u03c3"), 2),
        (("ΟΔΟΣ", "οδο\u03c2"), 1),
    ],
)
def test_names_are_folded_to_lower_case_as_cognito_does(names: tuple[str, ...], subjects: int) -> None:
    """`casefold` would join names that are two users for a pool."""
    found = {decoy_attributes("salt", name, (EMAIL, SMS))["sub"] for name in names}
    assert len(found) == subjects


def test_an_unknown_name_has_one_subject_in_any_letter_case() -> None:
    handlers = SignInHandlers()
    for name in ("Ghost@people.example", "ghost@people.example", "GHOST@PEOPLE.EXAMPLE"):
        handlers.create(golden("create_unknown_user_empty") | {"userName": name})
    assert len(handlers.queued) == 1
