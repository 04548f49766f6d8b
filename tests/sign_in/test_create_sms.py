"""`create` reads the counters of SMS before it sends a code by SMS."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

import create_auth_challenge
from passcode.channels.channel import Channel, Destination
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.delivery.sms_limits import SmsStop
from passcode.token_service.refusal import Refusal, RefusalTag, Refused, parse_tag
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import NOW, PHONE, attributes, code_of
from tests.support.handlers import HandlerOutput
from tests.support.sign_in_handlers import Flow, SignInHandlers

ONLY_SMS = attributes(email_verified="false")
BY_SMS = attributes(otp_channel="sms")
RESEND_BY_SMS = {"action": "resend", "channel": "sms"}


@dataclass
class Stop:
    """The result of each read, and the destinations of the reads."""

    result: SmsStop | None
    reads: list[str] = field(default_factory=list)

    def __call__(self, to: Destination | None, now: int) -> SmsStop | None:
        self.reads.append(to.value if to else "")
        return self.result


@pytest.fixture
def stop() -> Stop:
    return Stop(SmsStop(wait=600))


@pytest.fixture
def handlers(stop: Stop) -> SignInHandlers:
    return SignInHandlers(sms_stop=stop)


def tag_of(start: Callable[[], object]) -> RefusalTag | None:
    """The tag of the refusal, or None if the sign-in goes on."""
    try:
        start()
    except Refused as refused:
        return parse_tag(str(refused))
    return None


def test_after_the_password_a_code_goes_to_the_other_destination(
    handlers: SignInHandlers, stop: Stop
) -> None:
    flow = Flow(handlers, user=BY_SMS, with_password=True)
    flow.start()
    assert stop.reads == [PHONE]
    assert flow.public["channel"] == "email"
    (delivery,) = handlers.queued
    assert [to.channel for to in delivery.destinations] == [EMAIL, SMS]
    assert flow.answer(code_of(flow.challenge)) == "tokens"


def test_after_the_password_a_user_without_another_destination_reads_the_wait(
    handlers: SignInHandlers, stop: Stop
) -> None:
    with pytest.raises(
        Refused, match=r"^No code can be sent to the phone number now\. Try again in 10 minutes\."
    ) as refused:
        Flow(handlers, user=ONLY_SMS, with_password=True).start()
    assert (refused.value.refusal, refused.value.wait) == (Refusal.SMS_STOPPED, 600)
    assert handlers.touched() == (0, 0, 0)


def test_a_user_who_may_hold_a_valid_code_is_not_refused(handlers: SignInHandlers, stop: Stop) -> None:
    stop.result = None
    flow = Flow(handlers, user=ONLY_SMS, with_password=True)
    flow.start()
    stop.result = SmsStop(wait=600, code_may_be_valid=True)
    handlers.now += 10
    again = Flow(handlers, user=ONLY_SMS, with_password=True)
    again.start()
    assert again.public["status"] == "WAITING"
    assert again.answer(code_of(flow.challenge)) == "tokens"


def test_an_sms_that_would_be_sent_changes_nothing(handlers: SignInHandlers, stop: Stop) -> None:
    stop.result = None
    flow = Flow(handlers, user=ONLY_SMS, with_password=True)
    flow.start()
    assert (flow.public["status"], flow.public["channel"], stop.reads) == ("SENT", "sms", [PHONE])


@pytest.mark.parametrize("with_password", [True, False])
def test_a_code_by_email_needs_no_read(handlers: SignInHandlers, stop: Stop, with_password: bool) -> None:
    flow = Flow(handlers, with_password=with_password)
    flow.start()
    handlers.now += 31
    flow.answer("again", action="resend", channel="email")
    assert stop.reads == []
    assert len(handlers.queued) == 2


USERS: list[dict[str, Any]] = [
    {},
    {"user": BY_SMS},
    {"user": ONLY_SMS},
    {"user": attributes(phone_number_verified="false")},
    {"user": {}, "user_not_found": True},
]


@pytest.mark.parametrize("order", [(SMS,), (EMAIL, SMS), (SMS, EMAIL)])
@pytest.mark.parametrize("is_stopped", [True, False])
@pytest.mark.parametrize("choice_asked", [True, False])
def test_before_the_password_reads_and_refusals_are_the_same_for_all_names(
    order: tuple[Channel, ...], is_stopped: bool, choice_asked: bool
) -> None:
    seen = []
    for user in USERS:
        stop = Stop(SmsStop(wait=600) if is_stopped else None)
        handlers = SignInHandlers(sms_stop=stop, order=order, choice_asked=choice_asked)
        flow = Flow(handlers, **user)
        tags = [tag_of(flow.start)]
        for _ in range(2):
            if flow.response:
                tags.append(tag_of(partial(flow.answer, "again", **RESEND_BY_SMS)))
                handlers.now += 31
        seen.append((tags, stop.reads, len(handlers.store.writes)))
    assert all(each == seen[0] for each in seen)
    tags, reads, _ = seen[0]
    assert set(reads) <= {""}, "no number is read"
    has_to_be_sms = choice_asked or order == (SMS,)
    assert bool(reads) is has_to_be_sms
    assert (RefusalTag("sms_stopped", 600) in tags) is (is_stopped and has_to_be_sms)


def test_before_the_password_a_resend_is_not_refused(handlers: SignInHandlers, stop: Stop) -> None:
    """The code of the first message may be valid, and `deliver` uses the other destination."""
    flow = Flow(handlers)
    flow.start()
    handlers.now += 31
    flow.answer("again", **RESEND_BY_SMS)
    assert (flow.public["status"], stop.reads) == ("SENT", [])


Reads = Callable[[object], RecordingClient]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Give the handler a table whose reads have this response."""

    def replaced(response: object) -> RecordingClient:
        errors = {"batch_get_item": response} if isinstance(response, Exception) else {}
        table = RecordingClient({"batch_get_item": response}, **errors)
        monkeypatch.setattr(create_auth_challenge, "_TABLE", table)
        return table

    return replaced


def wait_of_the_handler(to: Destination | None) -> int:
    stop = create_auth_challenge._sms_stop(to, NOW)
    return stop.wait if stop else 0


TO = Destination(SMS, PHONE)


def counts(key: str, **numbers: int) -> dict[str, Any]:
    """An item of the table."""
    return {"pk": {"S": key}} | {name: {"N": str(number)} for name, number in numbers.items()}


def test_the_handler_reads_the_number_and_the_day_in_one_call(reads: Reads) -> None:
    table = reads({"Responses": {}})
    assert wait_of_the_handler(TO) == 0
    ((operation, request),) = table.calls
    assert operation == "batch_get_item"
    keys = [key["pk"]["S"] for key in request["RequestItems"][create_auth_challenge._SETTINGS.table]["Keys"]]
    assert [key.rpartition("#")[0] for key in keys] == ["sms_day", "sms_to#proven"]


@pytest.mark.parametrize(
    ("day", "wait", "open_wait"),
    [
        ({}, 0, 0),
        ({"sent": 499, "half": 499, "sent_US": 249, "half_US": 249, "open_US": 99}, 0, 0),
        ({"half_US": 250}, 86_400, 0),
        ({"open_US": 100}, 86_400, 0),
        ({"half": 500}, 86_400, 86_400),
        ({"sent": 1000}, 86_400, 86_400),
        ({"half_DE": 250, "sent_DE": 500, "open_DE": 100}, 0, 0),
    ],
)
def test_the_handler_uses_the_caps_of_its_settings(
    reads: Reads, day: dict[str, int], wait: int, open_wait: int
) -> None:
    name = create_auth_challenge._SETTINGS.table
    reads({"Responses": {name: [counts("sms_day#2026-01-01", **day)]}})
    assert (wait_of_the_handler(TO), wait_of_the_handler(None)) == (wait, open_wait)


@pytest.mark.parametrize("to", [TO, None])
@pytest.mark.parametrize(
    "response",
    [
        refused_by_aws("ProvisionedThroughputExceededException"),
        {"Responses": {}, "UnprocessedKeys": {"passcode-table": {"Keys": [{"pk": {"S": "sms_day#"}}]}}},
    ],
)
def test_a_failed_read_refuses_no_user(
    reads: Reads, output: HandlerOutput, to: Destination | None, response: Any
) -> None:
    reads(response)
    assert wait_of_the_handler(to) == 0
    (line,) = output.lines
    assert (line["level"], line["message"]) == ("WARNING", "the counts of SMS were not read")
    assert PHONE not in output.text


@pytest.mark.parametrize(("age", "may_be_valid"), [(599, True), (600, False)])
def test_the_handler_says_whether_a_code_may_be_valid(reads: Reads, age: int, may_be_valid: bool) -> None:
    def respond(request: dict[str, Any]) -> dict[str, Any]:
        ((name, wanted),) = request["RequestItems"].items()
        _, number = (key["pk"]["S"] for key in wanted["Keys"])
        return {"Responses": {name: [counts(number, open=3, open_at=NOW - age)]}}

    reads(respond)
    assert create_auth_challenge._sms_stop(TO, NOW) == SmsStop(3600 - age, may_be_valid)
