"""Attacks that tell unknown user names from those of users, by responses, lengths, and calls to AWS."""

from collections.abc import Callable
from typing import Any

import pytest

from passcode.channels.channel import Destination, destination_id
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.delivery.sms_limits import Sms, SmsLimits, SmsStop, find_stop, number_key
from passcode.token_service.refusal import Refused
from tests.attacks.sign_in import SignIn, unknown
from tests.attacks.trial import TryAttack
from tests.attacks.weak_sign_in import (
    FoldsMoreThanThePool,
    LimitPerSpelling,
    LongerChallengeForUnknownNames,
    MasksFromTheName,
    NoCheckForUnknownNames,
    NoWorkForUnknownNames,
    RefusesUnknownNames,
    ShowsTheChannelOfTheMessage,
    TellsOfAStoppedNumber,
)
from tests.support.events import NOW, PHONE, SALT, attributes, code_of, entry, golden
from tests.support.memory_counters import MemorySmsCounters
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY, answered

Triggers = Callable[..., SignIn]


def shown_by_create(triggers: Triggers, event: dict[str, Any]) -> object:
    """Return everything that a stranger can observe of `create`, and its calls in place of the time."""
    sign_in = triggers()
    try:
        response = sign_in.create(event)
    except LookupError as error:
        return str(error)
    private, metadata = response["privateChallengeParameters"], response["challengeMetadata"]
    lengths = {name: len(value) for name, value in private.items()}
    return response["publicChallengeParameters"], lengths, len(metadata), sign_in.calls


@pytest.mark.parametrize(
    "weak",
    [RefusesUnknownNames, MasksFromTheName, LongerChallengeForUnknownNames, NoWorkForUnknownNames],
    ids=lambda weak: weak.__name__,
)
def test_create_tells_unknown_names(try_attack: TryAttack, weak: Triggers) -> None:
    """The response of `create`, its length or its calls show unknown names (CVE-2024-41952)."""

    def attack(triggers: Triggers) -> bool:
        known = shown_by_create(triggers, golden("create_first"))
        return shown_by_create(triggers, unknown()) != known

    try_attack(attack, weak=weak, product=SignIn)


def test_a_stopped_number_tells_a_user(try_attack: TryAttack) -> None:
    """A stranger asks for an SMS until the number is stopped: only a user has such a number."""
    counters, limits = MemorySmsCounters(), SmsLimits(per_day=20, per_country=10, unanswered=5)
    number = Destination(SMS, PHONE)
    key = number_key(destination_id(number, SALT), is_open_class=False)
    for second in range(3):
        counters.take_number(Sms(key, "US", NOW - 1000 + second))

    def sms_stop(to: Destination | None, now: int) -> SmsStop | None:
        return find_stop(counters, to, limits, SALT, now, DISCARDED_TELEMETRY, frozenset({"US"}))

    assert sms_stop(number, NOW)

    def attack(triggers: Triggers) -> bool:
        seen = []
        for event in (golden("create_first"), unknown()):
            sign_in = triggers(order=(EMAIL, SMS), choice_asked=True, sms_stop=sms_stop)
            try:
                chosen = sign_in.create(event)["challengeMetadata"]
                event["request"] |= {
                    "session": [entry("CUSTOM_CHALLENGE", False, chosen)],
                    "clientMetadata": {"action": "resend", "channel": "sms"},
                }
                seen.append(sign_in.public(event)["status"])
            except Refused as refused:
                seen.append(str(refused))
        return seen[0] != seen[1]

    try_attack(attack, weak=TellsOfAStoppedNumber, product=SignIn)


def test_verify_tells_unknown_names(try_attack: TryAttack) -> None:
    """The calls of `verify` show unknown names (django-allauth before 65.3)."""

    def calls(triggers: Triggers, **request: Any) -> list[str]:
        sign_in = triggers()
        challenge = sign_in.issued()
        sign_in.calls.clear()
        assert not answered(sign_in, challenge, code_of(challenge)[::-1], **request)
        return sign_in.calls

    def attack(triggers: Triggers) -> bool:
        return calls(triggers) != calls(triggers, userNotFound=True)

    try_attack(attack, weak=NoCheckForUnknownNames, product=SignIn)


def test_letter_case_tells_unknown_names(try_attack: TryAttack) -> None:
    """Another letter case of an unknown name has new limits, and that of a user has not."""

    def attack(sign_in: SignIn) -> bool:
        names = ("stranger@people.example", "Stranger@People.Example", "STRANGER@PEOPLE.EXAMPLE")
        return [sign_in.public(unknown(name))["status"] for name in names] != ["SENT", "WAITING", "WAITING"]

    try_attack(attack, weak=LimitPerSpelling(), product=SignIn())


def test_wider_folding_tells_unknown_names(try_attack: TryAttack) -> None:
    """Two unknown names have one limit, although two users of these names have two."""

    def attack(sign_in: SignIn) -> bool:
        names = ("stra\u00dfe@people.example", "strasse@people.example")
        return [sign_in.public(unknown(name))["status"] for name in names] != ["SENT", "SENT"]

    try_attack(attack, weak=FoldsMoreThanThePool(), product=SignIn())


def test_the_channel_tells_users(try_attack: TryAttack) -> None:
    """The channel of a user without a phone number differs from the one that was asked for."""

    def attack(triggers: Triggers) -> bool:
        shown = []
        for user in (attributes(), attributes(phone_number_verified="false")):
            sign_in = triggers()
            first = sign_in.create(golden("create_first", userAttributes=user))
            sign_in.now += 60
            history = [entry("CUSTOM_CHALLENGE", False, first["challengeMetadata"])]
            resend = {"action": "resend", "channel": "sms"}
            again = golden("create_first", userAttributes=user, session=history, clientMetadata=resend)
            shown.append(sign_in.public(again)["channel"])
        return shown[0] != shown[1]

    def both_channels(sign_in: Triggers) -> Triggers:
        return lambda: sign_in(order=(EMAIL, SMS))

    weak, product = (both_channels(each) for each in (ShowsTheChannelOfTheMessage, SignIn))
    try_attack(attack, weak=weak, product=product)
