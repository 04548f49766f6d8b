"""A code by phone call: the number has one code and one set of counters, by SMS and by call."""

import json
from collections.abc import Mapping

import pytest

from passcode.channels.channel import Channel, Destination, destination_id
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.channels.voice import VOICE
from passcode.delivery.envelope import ChangeNotice
from passcode.delivery.sms_limits import SmsStop
from passcode.sign_in.decoys import decoy_attributes
from passcode.token_service.issue import kept_id
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import Record
from tests.support.events import NOW, PHONE, SALT, SIGN_IN_KEY, SUB, attributes, code_of, wrong_code_of
from tests.support.memory_stores import MemoryStore
from tests.support.sign_in_handlers import Flow, SignInHandlers

ORDER = (EMAIL, SMS, VOICE)
BY_CALL = {"action": "resend", "channel": "voice"}
BY_SMS = {"action": "resend", "channel": "sms"}
PROVEN_KEY = f"sign_in_password#{SUB}"
NUMBER_ID = destination_id(Destination(SMS, PHONE), SALT)


def sign_in(*, with_password: bool = True, order: tuple[Channel, ...] = ORDER, **changes: str) -> Flow:
    """A sign-in of the golden user, with the channels of `order`."""
    return Flow(SignInHandlers(order=order), attributes(**changes), with_password=with_password)


def channels_of(flow: Flow) -> list[list[str]]:
    """The channels of each message: that of the code, then the fallbacks."""
    return [[to.channel.name for to in delivery.destinations] for delivery in flow.handlers.queued]


def record_of(flow: Flow, key: str = PROVEN_KEY) -> Record:
    return flow.handlers.store.records[key]


def test_a_user_who_prefers_calls_gets_one() -> None:
    flow = sign_in(otp_channel="voice")
    flow.start()
    assert (flow.public["channel"], flow.public["destination"]) == ("voice", "+***0147")
    assert json.loads(flow.public["channels"])["voice"] == "+***0147"
    assert channels_of(flow) == [["voice", "email"]]
    assert flow.public["fallback"] == "email"
    assert flow.answer(code_of(flow.challenge)) == "tokens"
    assert [challenge.channel for challenge in flow.handlers.answered] == ["voice"]


@pytest.mark.parametrize(
    ("order", "first", "messages"),
    [
        (ORDER, "email", ["email", "sms"]),
        (ORDER, "sms", ["sms", "email"]),
        (ORDER, "voice", ["voice", "email"]),
        ((EMAIL, VOICE, SMS), "email", ["email", "voice"]),
        ((SMS, VOICE), "sms", ["sms"]),
        ((SMS, VOICE), "voice", ["voice"]),
        ((EMAIL, VOICE), "email", ["email", "voice"]),
    ],
)
def test_a_number_gets_one_message_by_one_channel(
    order: tuple[Channel, ...], first: str, messages: list[str]
) -> None:
    flow = sign_in(order=order, otp_channel=first)
    flow.start()
    assert channels_of(flow) == [messages]
    assert flow.public["fallback"] == "".join(messages[1:])


@pytest.mark.parametrize(("first", "then"), [("sms", "voice"), ("voice", "sms")])
def test_the_other_channel_repeats_the_code_and_no_address_has_changed(first: str, then: str) -> None:
    flow = sign_in(otp_channel=first)
    flow.start()
    code = code_of(flow.challenge)
    flow.handlers.now += 60
    flow.answer("", action="resend", channel=then)
    assert flow.public["status"] == "SENT"
    assert flow.public["channel"] == flow.challenge.channel == then
    assert channels_of(flow) == [[first, "email"], [then, "email"]]
    assert code_of(flow.challenge) == code
    assert flow.handlers.notices == []
    assert record_of(flow).sent_to.keys() == {"email", "sms"}
    assert flow.answer(code) == "tokens"
    assert [challenge.channel for challenge in flow.handlers.answered] == [then], "that of the newest message"


def test_the_code_of_the_call_is_accepted_after_an_email() -> None:
    flow = sign_in(otp_channel="voice")
    flow.start()
    code = code_of(flow.challenge)
    flow.handlers.now += 60
    flow.answer("", action="resend", channel="email")
    assert flow.challenge.channel == "email"
    assert flow.answer(code) == "tokens"
    # Both channels of the number have this code, and the record names the newest message only.
    assert [challenge.channel for challenge in flow.handlers.answered] == ["sms"]


@pytest.mark.parametrize("order", [(EMAIL, SMS), ORDER], ids=len)
@pytest.mark.parametrize("with_password", [True, False])
def test_a_wrong_answer_counts_once_for_each_address(
    order: tuple[Channel, ...], *, with_password: bool
) -> None:
    flow = sign_in(order=order, with_password=with_password)
    flow.start()
    flow.answer(wrong_code_of(flow.challenge))
    record = record_of(flow, PROVEN_KEY if with_password else SIGN_IN_KEY)
    assert sum(record.wrong.values()) == 2


@pytest.mark.parametrize("given", ["sms", "voice"])
@pytest.mark.parametrize("wanted", ["sms", "voice"])
def test_sms_and_calls_share_the_daily_cap_of_accepted_codes(given: str, wanted: str) -> None:
    handlers = SignInHandlers(order=ORDER, policy=Policy(send_burst=20))
    for _ in range(SMS.accepted_per_day):
        flow = Flow(handlers, attributes(otp_channel=given), with_password=True)
        flow.start()
        assert channels_of(flow)[-1] == [given, "email"]
        assert flow.answer(code_of(flow.challenge)) == "tokens"
        handlers.now += 60
    flow = Flow(handlers, attributes(otp_channel=wanted), with_password=True)
    flow.start()
    assert flow.challenge.channel == "email"


def test_a_changed_number_gets_one_notice() -> None:
    flow = sign_in(otp_channel="voice")
    flow.start()
    flow.handlers.now += 60
    again = Flow(flow.handlers, attributes(phone_number="+12025550199"), with_password=True)
    again.start()
    (notice,) = flow.handlers.notices
    assert isinstance(notice, ChangeNotice)
    assert notice.channel.attribute == "phone_number"
    assert [to.channel.name for to in notice.destinations] == ["email"]
    assert notice.address_id == kept_id(destination_id(Destination(VOICE, "+12025550199"), SALT))


def test_a_notice_of_another_email_address_goes_to_the_number_once() -> None:
    flow = sign_in()
    flow.start()
    flow.handlers.now += 60
    Flow(flow.handlers, attributes(email="eve@people.example"), with_password=True).start()
    (notice,) = flow.handlers.notices
    assert [to.channel.name for to in notice.destinations] == ["sms"]


@pytest.mark.parametrize("wanted", ["voice", "sms", "email", ""])
@pytest.mark.parametrize("user", [{}, {"otp_channel": "voice"}, {"phone_number_verified": "false"}], ids=str)
def test_an_unknown_user_looks_the_same_when_a_call_is_asked_for(
    user: Mapping[str, str], wanted: str
) -> None:
    seen = []
    for unknown in (False, True):
        handlers = SignInHandlers(order=ORDER, choice_asked=True)
        flow = Flow(handlers, {} if unknown else attributes(**user), user_not_found=unknown)
        flow.start()
        flow.answer("", action="send", **({"channel": wanted} if wanted else {}))
        first = flow.public
        handlers.now += 60
        flow.answer("", **BY_CALL)
        private = flow.response["privateChallengeParameters"]
        lengths = (
            {name: len(value) for name, value in private.items()},
            len(flow.response["challengeMetadata"]),
        )
        seen.append((first, flow.public, lengths, handlers.touched()))
        assert flow.public["channel"] == "voice"
        assert flow.public["destination"] == "+***"
    assert seen[0] == seen[1]


def test_decoys_prefer_each_channel_that_their_addresses_have() -> None:
    made = [decoy_attributes(SALT, f"name-{n}", ORDER) for n in range(2_000)]
    with_number = [decoy for decoy in made if "phone_number" in decoy]
    assert {decoy["custom:otp_channel"] for decoy in with_number} == {"", "sms", "voice"}
    assert {decoy["custom:otp_channel"] for decoy in made if "phone_number" not in decoy} == {""}
    # A second channel to the same number makes decoys with a number no more frequent.
    before = [decoy_attributes(SALT, f"name-{n}", (EMAIL, SMS)) for n in range(2_000)]
    assert [d.keys() for d in made] == [d.keys() for d in before]


def test_no_call_is_made_when_no_sms_would_be_sent() -> None:
    reads: list[Destination | None] = []

    def stop(to: Destination | None, _now: int) -> SmsStop:
        reads.append(to)
        return SmsStop(wait=600)

    handlers = SignInHandlers(order=ORDER, sms_stop=stop)
    flow = Flow(handlers, attributes(otp_channel="voice"), with_password=True)
    flow.start()
    assert [(to.channel.name, to.value) for to in reads if to] == [("voice", PHONE)]
    assert channels_of(flow) == [["email", "sms"]]
    handlers = SignInHandlers(order=(SMS, VOICE), sms_stop=stop)
    with pytest.raises(Refused) as refused:
        Flow(handlers, attributes(otp_channel="voice")).start()
    assert refused.value.refusal is Refusal.SMS_STOPPED


def test_a_stack_that_gets_the_channel_sends_no_notice() -> None:
    store = MemoryStore()
    Flow(SignInHandlers(store=store), attributes(), with_password=True).start()
    later = SignInHandlers(store=store, order=ORDER, now=NOW + 60)
    Flow(later, attributes(otp_channel="voice"), with_password=True).start()
    assert later.notices == []
    assert record_of(Flow(later)).sent_to["sms"] == kept_id(NUMBER_ID)
