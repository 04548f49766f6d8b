"""Attacks on messages: another address, text or country, and another way to write an address."""

from collections.abc import Callable
from typing import Any

import pytest

from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.channels.channel import AddressFault, Destination, destination_id
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.confirmation import routes
from passcode.delivery.gateway import Gateway, Outgoing, Taken
from passcode.delivery.sms_limits import LimitedSms, SmsLimits, number_key, record_answer
from passcode.token_service.challenge import SIGN_IN_PASSWORD
from passcode.token_service.policy import DAY
from tests.attacks.sign_in import Mailbox, SignIn
from tests.attacks.trial import TryAttack
from tests.attacks.weak_counters import NoMessageLimit
from tests.attacks.weak_delivery import (
    EMAIL_WITHOUT_MAILBOX,
    NoLimits,
    NormalisesLater,
    OneCodeForAllDestinations,
    OneCountForACountry,
    SendsEachBody,
)
from tests.attacks.weak_sign_in import ChecksTheOldAddress, NoNotices, SendsToUnverifiedAddresses
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.dynamodb import moto_table
from tests.support.events import EMAIL as ADA
from tests.support.events import NOW, SALT, attributes, code_of, golden
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY, answered
from tests.support.token_api_in_memory import Api, FakeClock

EVE = "eve@people.example"
EVE_PHONE = "+12025550199"


def test_a_redirected_message(try_attack: TryAttack) -> None:
    """The role of `create` queues a user's challenge with its own address and gets the user's code."""

    def attack(mailbox: Mailbox) -> bool:
        of_victim = mailbox.sign_in.issued()
        return mailbox.accepts(of_victim, mailbox.code_in_message(of_victim, EVE))

    mailbox = Mailbox()
    own = mailbox.sign_in.issued()
    assert mailbox.accepts(own, mailbox.code_in_message(own, ADA)), "a code at the user's address is accepted"
    try_attack(attack, weak=OneCodeForAllDestinations(), product=Mailbox())


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "sign_in_code:You won. Call +12025550100"},
        {"purpose": "sign_in_password:"},
        {"purpose": "You won. Call +12025550100"},
        {"purpose": "token:" + "You won. Call +12025550100. " * 30},
        {"purpose": "step_up:Your code: evil.example/win"},
        {"purpose": "token:You won.\nCall +12025550100"},
        {"purpose": "token:You won.  Call"},
        {"nonce": "You won. Call +12025550100"},
        {"counter": 0},
        {"digits": 19},
        {"expires_at": NOW + 10**6},
    ],
    ids=[
        "text for a sign-in",
        "empty text",
        "another kind",
        "long text",
        "web address",
        "second line",
        "spaces",
        "nonce",
        "counter",
        "digits",
        "life",
    ],
)
def test_text_of_a_stranger(try_attack: TryAttack, changes: dict[str, Any]) -> None:
    """A principal with SendMessage has `deliver` send a text to an address."""

    def attack(deliverer: DeliverHandler) -> bool:
        deliverer.deliver(body(("email", EVE), **changes))
        return bool(deliverer.ses.sent("send_email"))

    try_attack(attack, weak=SendsEachBody(DISCARDED_TELEMETRY), product=DeliverHandler(DISCARDED_TELEMETRY))


@pytest.mark.parametrize(
    "address",
    [
        "eve@PEOPLE.example",
        "eve@people.example, ada@people.example",
        "eve@people.example\r\nBcc: ada@a.example",
    ],
    ids=["letter case", "two addresses", "header"],
)
def test_an_address_in_another_form(try_attack: TryAttack, address: str) -> None:
    """A principal with SendMessage puts an address in another form on the queue."""

    def attack(deliverer: DeliverHandler) -> bool:
        deliverer.deliver(body(("email", address)))
        return bool(deliverer.ses.sent("send_email"))

    try_attack(attack, weak=SendsEachBody(DISCARDED_TELEMETRY), product=DeliverHandler(DISCARDED_TELEMETRY))


def test_an_unverified_address(try_attack: TryAttack) -> None:
    """A code goes to an address that is not verified (amazon-cognito-passwordless-auth#201)."""

    def attack(sign_in: SignIn) -> bool:
        user = attributes(email=EVE, email_verified="false")
        sign_in.create(golden("create_first", userAttributes=user))
        return any(to.value == EVE for delivery in sign_in.queued for to in delivery.destinations)

    try_attack(attack, weak=SendsToUnverifiedAddresses(), product=SignIn())


def test_an_address_that_changed(try_attack: TryAttack) -> None:
    """A code at the old address is accepted after the address of the user changed (better-auth#10239)."""

    def attack(sign_in: SignIn) -> bool:
        to = sign_in.issued()
        return answered(sign_in, to, code_of(to), userAttributes=attributes(email="new@people.example"))

    try_attack(attack, weak=ChecksTheOldAddress(), product=SignIn())


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_phone_number_that_changes_in_silence(try_attack: TryAttack, channel: str) -> None:
    """An attacker with a stolen access token changes the phone number, and the user gets no notice."""

    def attack(mailbox: Mailbox) -> bool:
        sign_in = mailbox.sign_in
        sign_in.create(golden("create_first", userAttributes=attributes(otp_channel=channel)))
        sign_in.now += 600
        changed = attributes(otp_channel="sms", phone_number=EVE_PHONE)
        sign_in.create(golden("create_first", userAttributes=changed))
        assert sign_in.queued[-1].destinations[0].value == EVE_PHONE, "the attacker gets the code"
        return ADA not in mailbox.addresses_of_notices()

    product, weak = (Mailbox(each) for each in (SignIn(order=(EMAIL, SMS)), NoNotices(order=(EMAIL, SMS))))
    try_attack(attack, weak=weak, product=product)


def test_an_event_that_comes_twice(try_attack: TryAttack) -> None:
    """`create` is invoked twice with one event, and the user gets two codes (amplify-js#4805)."""

    def attack(sign_in: SignIn) -> bool:
        codes = {
            sign_in.create(golden("create_first"))["privateChallengeParameters"]["challenge"] for _ in "ab"
        }
        return len(codes) > 1 or len(sign_in.queued) > 1

    try_attack(attack, weak=SignIn(store=NoMessageLimit()), product=SignIn())


LIMITS = SmsLimits(per_day=20, per_country=10, unanswered=5)


def taken(gateway: Gateway, numbers: list[str]) -> int:
    """Return the number of messages that the gateway took."""
    return sum(
        isinstance(gateway.send(Outgoing(number, "text", NOW, is_open_class=True)), Taken)
        for number in numbers
    )


def test_emails_without_an_end(try_attack: TryAttack) -> None:
    """Strangers draw the emails of the whole stack, so that none is left for other users."""

    def attack(deliverer: DeliverHandler) -> bool:
        for number in range(30):
            deliverer.deliver(body(("email", f"{number}@people.example")))
        before = len(deliverer.ses.sent("send_email"))
        deliverer.deliver(body(("email", ADA), purpose=SIGN_IN_PASSWORD, digits=6))
        return before > 10 or len(deliverer.ses.sent("send_email")) == before

    product = DeliverHandler(DISCARDED_TELEMETRY, emails_per_day=20)
    try_attack(attack, weak=SendsEachBody(DISCARDED_TELEMETRY), product=product)


def test_numbers_of_one_country(try_attack: TryAttack) -> None:
    """SMS pumping: many numbers of one country, without an answer."""

    def attack(gateway: Gateway) -> bool:
        return taken(gateway, [f"+49151123456{n:02d}" for n in range(8)]) > LIMITS.unanswered

    with moto_table() as (client, table):
        budget = SmsBudgetTable(client, table)
        product: Gateway = LimitedSms(NoLimits(), budget, LIMITS, frozenset({"DE"}), "salt")
        try_attack(attack, weak=NoLimits(), product=product)


@pytest.mark.parametrize(
    ("numbers", "is_open_class"),
    [([f"+49151123456{n:02d}" for n in range(100)], True), (["+4915112345600"] * 100, False)],
    ids=["100 names", "own accounts with one phone"],
)
def test_sms_switched_off_for_a_country(
    try_attack: TryAttack, numbers: list[str], is_open_class: bool
) -> None:
    """A stranger switches SMS off for the users of a country who know their password."""
    with moto_table() as (client, table):
        counters, user = SmsBudgetTable(client, table), "+4915112345700"

        def answer(number: str, now: int) -> None:
            key = number_key(destination_id(Destination(SMS, number), SALT), is_open_class=False)
            record_answer(counters, key, lambda: "DE", now, DISCARDED_TELEMETRY, lambda _: None)

        def attack(gateway: Gateway) -> bool:
            for number in numbers:
                sent = gateway.send(Outgoing(number, "text", NOW, is_open_class))
                if isinstance(sent, Taken) and not is_open_class:
                    answer(number, NOW)
            return not isinstance(gateway.send(Outgoing(user, "text", NOW, is_open_class=False)), Taken)

        answer(user, NOW - 7 * DAY)
        product: Gateway = LimitedSms(NoLimits(), counters, LIMITS, frozenset({"DE"}), SALT)
        try_attack(attack, weak=OneCountForACountry(LIMITS.per_country), product=product)


def test_numbers_that_cost_much(try_attack: TryAttack) -> None:
    """SMS pumping: a premium, a satellite and a foreign number."""

    def attack(gateway: Gateway) -> bool:
        return taken(gateway, ["+8821234567890", "+447012345678", "+252612345678", "+19005550123"]) > 0

    with moto_table() as (client, table):
        budget, countries = SmsBudgetTable(client, table), frozenset({"US", "DE", "GB"})
        product: Gateway = LimitedSms(NoLimits(), budget, LIMITS, countries, "salt")
        try_attack(attack, weak=NoLimits(), product=product)


def test_ways_to_write_a_mailbox(try_attack: TryAttack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letter case and tags of an address have separate limits (django-allauth 0.44, next-auth)."""
    monkeypatch.setattr(routes, "time", FakeClock())

    def attack(api: Api) -> bool:
        for address in ("ann@example.com", "Ann@example.com", "ann+1@example.com", "ANN+2@EXAMPLE.COM"):
            api.create(address)
        return len(api.queued) > 1

    try_attack(attack, weak=Api(order=(EMAIL_WITHOUT_MAILBOX,)), product=Api(order=(EMAIL,)))


Parse = Callable[[str], str | AddressFault | None]


def test_letters_that_are_replaced(try_attack: TryAttack) -> None:
    """A letter of another script becomes a letter of a user's address (GHSA-7rqj-j65f-68wh)."""

    def attack(parse: Parse) -> bool:
        return ADA in {
            parse("ａda@people.example"),
            parse("ada@people.e𝐱ample"),
            parse("ada＠people.example"),
        }

    weak: Parse = NormalisesLater()
    try_attack(attack, weak=weak, product=EMAIL.parse)
