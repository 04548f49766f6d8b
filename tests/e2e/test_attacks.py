"""Attacks by strangers on the local stack, with default parameters and both app clients, through Cognito.

tests/attacks tries them on weak versions too, where they have to succeed.
"""

import functools

import pytest

from passcode.channels.channel import Destination, destination_id
from passcode.channels.sms import SMS
from passcode.token_service.policy import DAY, date_of, day_of
from tests.support.live_attacks import (
    TimedStack,
    change_item,
    guess,
    inbox_of,
    newest_code_of,
    record,
    refusal,
    settings,
    start,
)
from tests.support.live_users import add_user
from tests.support.users import User

pytestmark = pytest.mark.e2e

HOUR = 3_600

# The stranger knows the name of the user, and at the client with a password also the password.
MODES = pytest.mark.parametrize("with_password", [False, True], ids=["code alone", "stolen password"])


def key_of(user: User, *, with_password: bool) -> str:
    return f"sign_in_{'password' if with_password else 'code'}#{user.sub}"


def owner_signs_in(attacked: TimedStack, user: User, *, with_password: bool) -> bool:
    """The owner requests a code, and types the one in the newest message."""
    accepted = []

    def sign_in() -> None:
        asked = start(attacked.stack, user, with_password=with_password)
        accepted.append(bool(asked.answer(newest_code_of(attacked.stack, user)).tokens))

    return not refusal(sign_in) and accepted[0]


def nine_requests(attacked: TimedStack, user: User, *, with_password: bool) -> None:
    """Two starts and seven wrong answers. A refusal ends a sign-in."""

    def sign_in(answers: int) -> None:
        guess(start(attacked.stack, user, with_password=with_password), answers)

    refusal(lambda: sign_in(5))
    refusal(lambda: sign_in(2))


@MODES
def test_nine_requests_an_hour_keep_no_owner_out(product: TimedStack, *, with_password: bool) -> None:
    """Without long codes, the owner cannot sign in a minute later."""
    user = add_user(product.stack)
    for _ in range(2):
        nine_requests(product, user, with_password=with_password)
        product.pass_time(60)
        assert owner_signs_in(product, user, with_password=with_password)
        product.pass_time(HOUR)


@MODES
def test_requests_keep_no_owner_out_and_send_few_messages(
    product: TimedStack, *, with_password: bool
) -> None:
    """If the last message that the rate allows has a short code, a later start is refused."""
    user = add_user(product.stack)
    statuses = []
    for _ in range(10):
        # The owner gets the same result as the stranger. A refusal would be an error here.
        sign_in = start(product.stack, user, with_password=with_password)
        statuses.append(sign_in.parameters["status"])
        product.pass_time(59)
    assert statuses.count("SENT") == len(inbox_of(product.stack, user)) == 5
    assert sign_in.answer(newest_code_of(product.stack, user)).tokens


def test_a_stranger_without_the_password_changes_nothing_for_an_owner_with_it(product: TimedStack) -> None:
    """With one record for both kinds of sign-in, the owner gets a long code."""
    user = add_user(product.stack)
    for _ in range(2):
        nine_requests(product, user, with_password=False)
        product.pass_time(60)
    owner = start(product.stack, user, with_password=True)
    shown = {name: owner.parameters[name] for name in ("status", "codeLength", "attemptsLeft", "resendsLeft")}
    assert shown == {"status": "SENT", "codeLength": "6", "attemptsLeft": "5", "resendsLeft": "3"}
    assert owner.answer(newest_code_of(product.stack, user)).tokens


def test_right_answers_draw_100_emails_a_day_at_most(product: TimedStack) -> None:
    """The test writes to the table that 99 codes were accepted today."""
    user = add_user(product.stack, phone=False)
    assert owner_signs_in(product, user, with_password=False)
    accepted = {f"ok_email_{day_of(product.now())}": 99}
    change_item(product.stack, key_of(user, with_password=False), **accepted)
    product.pass_time(5)
    assert owner_signs_in(product, user, with_password=False)
    product.pass_time(5)
    assert refusal(lambda: start(product.stack, user, with_password=False)) == "quota"


def test_right_answers_draw_20_sms_a_day_at_most(product: TimedStack) -> None:
    """The test writes to the table that 19 codes were accepted today.

    The account and the number have a cap. Without both, the next message is an SMS.
    """
    user = add_user(product.stack, channel="sms")
    assert owner_signs_in(product, user, with_password=False)
    accepted = {f"ok_sms_{day_of(product.now())}": 19}
    change_item(product.stack, key_of(user, with_password=False), **accepted)
    for _ in range(2):
        product.pass_time(5)
        assert owner_signs_in(product, user, with_password=False)
    assert [message.channel for message in inbox_of(product.stack, user)] == ["sms", "sms", "email"]


def test_a_right_answer_leaves_a_cooldown(product: TimedStack) -> None:
    """Without the cooldown after a success, one account draws a message with each start."""
    user = add_user(product.stack)
    product.pass_time(HOUR)
    assert owner_signs_in(product, user, with_password=False)
    # A busy machine may need more than five seconds for the next call. It is still the same day.
    product.pass_time(-60)
    assert refusal(lambda: start(product.stack, user, with_password=False)) == "cooldown"


def test_strangers_use_half_of_the_emails_of_a_day(product: TimedStack) -> None:
    """The test writes to the table that strangers used their half. Without a limit, both get an email."""
    per_day = int(settings(product.stack, "deliver")["EMAILS_PER_DAY"])
    # `deliver` reads the count at its first email of a day.
    today = f"email_day#{date_of(product.now())}"
    change_item(product.stack, today, sent=per_day // 2, open=per_day // 2)
    stranger, owner = (add_user(product.stack) for _ in range(2))
    start(product.stack, stranger, with_password=False)
    assert [message.channel for message in inbox_of(product.stack, stranger)] == ["sms"]
    assert owner_signs_in(product, owner, with_password=True)
    assert [message.channel for message in inbox_of(product.stack, owner)] == ["email"]


def establish(attacked: TimedStack, user: User) -> None:
    """Write to the table that the user first answered an SMS eight days ago."""
    salt = settings(attacked.stack, "deliver")["SALT"]
    number = destination_id(Destination(SMS, user.phone), salt)
    for class_of_code in ("open", "proven"):
        key = f"sms_to#{class_of_code}#{number}"
        change_item(attacked.stack, key, open=0, first_answered=attacked.now() - 8 * DAY)


@MODES
def test_strangers_stop_no_sms_to_an_established_number(product: TimedStack, *, with_password: bool) -> None:
    """Strangers request SMS and do not answer them. The test writes all but two of them to the table.

    The message to a number that is not established shows that the attack has an effect.
    """
    owner, new_number = (add_user(product.stack, channel="sms") for _ in range(2))
    establish(product, owner)
    most = int(settings(product.stack, "deliver")["SMS_UNANSWERED_PER_COUNTRY"])
    change_item(product.stack, f"sms_day#{date_of(product.now())}", open_US=most - 2)
    for _ in range(2):
        stranger = add_user(product.stack, channel="sms")
        start(product.stack, stranger, with_password=False)
        assert [message.channel for message in inbox_of(product.stack, stranger)] == ["sms"]
    start(product.stack, new_number, with_password=with_password)
    assert [message.channel for message in inbox_of(product.stack, new_number)] == ["email"]
    assert owner_signs_in(product, owner, with_password=with_password)
    assert [message.channel for message in inbox_of(product.stack, owner)] == ["sms"]


def test_strangers_do_not_use_the_reserve_of_sms(product: TimedStack) -> None:
    """The test writes to the table that strangers used their half of the SMS to a country.

    Without the reserve, the owner gets an email.
    """
    owner = add_user(product.stack, channel="sms")
    establish(product, owner)
    half = int(settings(product.stack, "deliver")["SMS_PER_COUNTRY_PER_DAY"]) // 2
    used = {"sent": half, "sent_US": half, "half": half, "half_US": half}
    change_item(product.stack, f"sms_day#{date_of(product.now())}", **used)
    stranger = add_user(product.stack, channel="sms")
    start(product.stack, stranger, with_password=False)
    assert [message.channel for message in inbox_of(product.stack, stranger)] == ["email"]
    assert owner_signs_in(product, owner, with_password=True)
    assert [message.channel for message in inbox_of(product.stack, owner)] == ["sms"]


@MODES
def test_a_day_has_ten_guesses(product: TimedStack, *, with_password: bool) -> None:
    """Ten wrong answers in two sessions. With a higher limit, the right code is accepted in a third."""
    user = add_user(product.stack)
    # They join one challenge.
    first, second, last = (start(product.stack, user, with_password=with_password) for _ in range(3))
    # By code alone, an answer is compared with the codes of both destinations and counts twice.
    for each in (first, second):
        refusal(functools.partial(guess, each, 5))
    code = newest_code_of(product.stack, user)
    refusal(lambda: last.answer(code))
    assert not last.tokens


def test_guesses_of_the_hours_after_them_are_guesses_of_long_codes(product: TimedStack) -> None:
    """Without long codes, `codeLength` is 8."""
    user = add_user(product.stack)
    nine_requests(product, user, with_password=False)
    for _ in range(3):
        product.pass_time(HOUR)
        stranger = start(product.stack, user, with_password=False)
        assert stranger.parameters["codeLength"] == "20"
        guess(stranger, 5)
    counters = record(product.stack, key_of(user, with_password=False))
    assert 5 <= int(counters[f"w{day_of(product.now())}"]["N"]) <= 10


def test_a_used_code_is_refused_after_its_record_was_lost(product: TimedStack) -> None:
    """Without the nonce in the condition of the write, the second session gets tokens."""
    user = add_user(product.stack)
    used, second = (start(product.stack, user, with_password=False) for _ in range(2))
    code = newest_code_of(product.stack, user)
    assert used.answer(code).tokens
    key = key_of(user, with_password=False)
    product.stack.client("dynamodb").delete_item(TableName=product.stack.table, Key={"pk": {"S": key}})
    again = start(product.stack, user, with_password=False)
    counters = record(product.stack, key)
    assert (counters["issued"]["N"], counters["spent"]["N"]) == ("1", "0"), "as before the first code"
    assert not second.answer(code).tokens
    assert again.answer(newest_code_of(product.stack, user)).tokens
