"""Delivery events of SES and End User Messaging, and the address that gets the next code."""

import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.adapters.aws_gateway import message_tags
from passcode.adapters.failure_table import FailureTable
from passcode.delivery.events import DeliveryEvent, read_event
from passcode.delivery.gateway import Outgoing
from passcode.token_service.issue import IssueRequest, issue, kept_id
from passcode.token_service.policy import DAY, KEEP_SECONDS, Policy, day_of
from passcode.token_service.refusal import Unavailable
from passcode.token_service.store import Failure, Record
from tests.support.dynamodb import item_of, moto_table
from tests.support.events import attributes, code_of
from tests.support.handlers import HandlerOutput, process_events
from tests.support.live_sign_in import code_only, password_and_code, wait_for_failure
from tests.support.live_users import add_user, messages_to, newest_code
from tests.support.memory_stores import MemoryStore
from tests.support.sign_in_handlers import Flow, SignInHandlers
from tools.local_stack.stack import Stack

NOW = 1_800_000_000
SUB = "11111111-2222-4333-8444-555555555555"
KEY = f"sign_in_code#{SUB}"
TO = "0123456789abcdef"
TAGS = {"record": f"sign_in_code--{SUB}", "to": TO}


def of_ses(name: str, **detail: str | None) -> str:
    """An event of SES, with the fields of AWS's examples that matter."""
    mail = {
        "timestamp": "2017-08-05T00:40:02.012Z",
        "source": "Sender Name <sender@example.com>",
        "messageId": "EXAMPLE7c191be45",
        "destination": ["recipient@example.com"],
        "tags": {"ses:configuration-set": ["mail"]} | {tag: [value] for tag, value in TAGS.items()},
    }
    recipients = [{"emailAddress": "recipient@example.com", "status": "5.1.1"}]
    return json.dumps(
        {"eventType": name, "mail": mail, name.lower(): {"bouncedRecipients": recipients} | detail}
    )


def of_sms(name: str, context: object = TAGS) -> str:
    """An event of End User Messaging, with the fields of AWS's example that matter."""
    return json.dumps(
        {
            "eventType": name,
            "eventVersion": "1.0",
            "eventTimestamp": 1686975103470,
            "isFinal": True,
            "destinationPhoneNumber": "+14255550156",
            "messageId": "862a8790-60c0-4430-9b2b-658bdexample",
            "context": context,
        }
    )


@pytest.mark.parametrize(
    ("body", "channel", "event_type", "reason", "fails"),
    [
        (
            of_ses("Bounce", bounceType="Permanent", bounceSubType="General"),
            "email",
            "bounced",
            "General",
            True,
        ),
        (
            of_ses("Bounce", bounceType="Permanent", bounceSubType="OnAccountSuppressionList"),
            "email",
            "bounced",
            "OnAccountSuppressionList",
            True,
        ),
        (
            of_ses("Bounce", bounceType="Transient", bounceSubType="MailboxFull"),
            "email",
            "bounced_for_now",
            "MailboxFull",
            False,
        ),
        (
            of_ses("Bounce", bounceType="Undetermined", bounceSubType="Undetermined"),
            "email",
            "bounced_for_now",
            "Undetermined",
            False,
        ),
        (of_ses("Complaint", complaintSubType=None), "email", "complained", "", True),
        (of_ses("Reject", reason="Bad content"), "email", "rejected", "", True),
        (of_ses("Rendering Failure"), "email", "not_rendered", "", False),
        (of_ses("DeliveryDelay", delayType="MailboxFull"), "email", "delayed", "", False),
        (of_ses("Delivery"), "email", "delivered", "", False),
        (of_sms("TEXT_DELIVERED"), "sms", "delivered", "TEXT_DELIVERED", False),
        (of_sms("TEXT_SUCCESSFUL"), "sms", "delivered", "TEXT_SUCCESSFUL", False),
        (of_sms("TEXT_INVALID"), "sms", "invalid", "TEXT_INVALID", True),
        (of_sms("TEXT_BLOCKED"), "sms", "blocked", "TEXT_BLOCKED", True),
        (of_sms("TEXT_CARRIER_BLOCKED"), "sms", "blocked", "TEXT_CARRIER_BLOCKED", True),
        (of_sms("TEXT_SPAM"), "sms", "blocked", "TEXT_SPAM", True),
        (of_sms("TEXT_PROTECT_BLOCKED"), "sms", "blocked", "TEXT_PROTECT_BLOCKED", True),
        (of_sms("TEXT_INVALID_MESSAGE"), "sms", "not_rendered", "TEXT_INVALID_MESSAGE", False),
        (of_sms("TEXT_UNREACHABLE"), "sms", "unreachable", "TEXT_UNREACHABLE", False),
        (of_sms("TEXT_CARRIER_UNREACHABLE"), "sms", "unreachable", "TEXT_CARRIER_UNREACHABLE", False),
        (of_sms("TEXT_TTL_EXPIRED"), "sms", "expired", "TEXT_TTL_EXPIRED", False),
        (of_sms("TEXT_UNKNOWN"), "sms", "unknown", "TEXT_UNKNOWN", False),
        (of_sms("VOICE_COMPLETED"), "voice", "delivered", "VOICE_COMPLETED", False),
        (of_sms("VOICE_NO_ANSWER"), "voice", "unreachable", "VOICE_NO_ANSWER", False),
        (of_sms("VOICE_BUSY"), "voice", "unreachable", "VOICE_BUSY", False),
        (of_sms("VOICE_FAILED"), "voice", "unreachable", "VOICE_FAILED", False),
        (of_sms("VOICE_TTL_EXPIRED"), "voice", "expired", "VOICE_TTL_EXPIRED", False),
    ],
)
def test_an_event_has_a_type_and_the_record_of_its_message(
    body: str, channel: str, event_type: str, reason: str, fails: bool
) -> None:
    event = read_event(body)
    assert event
    assert event.message_id in ("EXAMPLE7c191be45", "862a8790-60c0-4430-9b2b-658bdexample")
    assert replace(event, message_id="") == DeliveryEvent(channel, event_type, reason, KEY, TO)
    assert (event.is_failure, event.subject) == (fails, SUB)


@pytest.mark.parametrize(
    "body",
    [
        *(
            of_sms(name)
            for name in ("TEXT_QUEUED", "TEXT_PENDING", "TEXT_SENT", "VOICE_INITIATED", "ALL", "MEDIA_X")
        ),
        of_ses("Open"),
        of_ses("Send"),
        # The user took the message out of the spam folder.
        of_ses("Complaint", complaintFeedbackType="not-spam"),
    ],
)
def test_an_event_that_says_nothing_about_the_delivery_is_ignored(body: str) -> None:
    assert read_event(body) is None


@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"record": TAGS["record"]},
        {"to": TO},
        TAGS | {"to": "x"},
        TAGS | {"record": f"sign_in_code{SUB}"},
        TAGS | {"record": "token--0123"},
        TAGS | {"record": "sms_day--2026-01-01"},
        TAGS | {"record": f"sign_in_code--{SUB} "},
        {"record": [TAGS["record"]], "to": TO},
    ],
)
def test_an_event_without_the_tags_of_a_record_is_counted_only(context: object) -> None:
    event = read_event(of_sms("TEXT_INVALID", context))
    assert event
    assert replace(event, message_id="") == DeliveryEvent("sms", "invalid", "TEXT_INVALID")


@given(
    st.one_of(
        st.text(),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["eventType", "mail"]), inner)
            ),
        ).map(json.dumps),
        st.fixed_dictionaries(
            {"eventType": st.sampled_from(["Bounce", "Complaint", "TEXT_INVALID"])},
            optional={
                "mail": st.dictionaries(
                    st.just("tags"),
                    st.dictionaries(st.sampled_from(["record", "to"]), st.lists(st.integers())),
                ),
                "bounce": st.one_of(
                    st.none(), st.text(), st.dictionaries(st.just("bounceType"), st.integers())
                ),
                "context": st.one_of(st.text(), st.lists(st.integers())),
            },
        ).map(json.dumps),
    )
)
def test_no_text_stops_the_reader(body: str) -> None:
    try:
        event = read_event(body)
    except ValueError:
        return
    assert event is None or event.record_key == ""


@given(st.sampled_from(["sign_in_password", "sign_in_code", "step_up"]), st.uuids().map(str))
def test_the_tags_of_a_message_lead_back_to_its_record(kind: str, sub: str) -> None:
    outgoing = Outgoing("ann@example.com", "", NOW, True, record_key=f"{kind}#{sub}", destination_id=TO)
    event = read_event(of_sms("TEXT_INVALID", message_tags(outgoing)))
    assert event
    assert (event.record_key, event.to) == (outgoing.record_key, TO)


@given(st.text())
def test_a_tag_has_only_characters_that_ses_allows(subject: str) -> None:
    """SES would refuse the whole message."""
    outgoing = Outgoing(
        "ann@example.com", "", NOW, True, record_key=f"sign_in_code#{subject}", destination_id=TO
    )
    tags = message_tags(outgoing)
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert all(set(value) <= allowed and len(value) <= 256 for value in tags.values())
    assert message_tags(Outgoing("ann@example.com", "", NOW, True)) == {}


@dataclass
class Failures:
    """A store of failures in memory. `is_down` is true if the table does not respond."""

    is_down: bool = False
    recorded: list[tuple[str, str, str, int]] = field(default_factory=list)

    def record(self, key: str, channel: str, to: str, now: int) -> bool:
        if self.is_down:
            raise Unavailable("the table answered nothing")
        self.recorded.append((key, channel, to, now))
        return True


def processed(output: HandlerOutput, failures: Failures, *bodies: str) -> list[str]:
    """The ids of the events that SQS delivers again. The id of an event is its place."""
    records = [{"messageId": str(place), "body": body} for place, body in enumerate(bodies)]
    result = process_events({"Records": records}, failures, output.telemetry, NOW)
    return [failure["itemIdentifier"] for failure in result["batchItemFailures"]]


def test_only_a_permanent_failure_is_recorded_and_every_event_is_counted(output: HandlerOutput) -> None:
    failures = Failures()
    bounce = of_ses("Bounce", bounceType="Permanent", bounceSubType="General")
    assert not processed(
        output,
        failures,
        bounce,
        of_ses("Bounce", bounceType="Transient"),
        of_ses("Delivery"),
        of_sms("TEXT_BLOCKED"),
        of_sms("TEXT_INVALID", {}),
    )
    assert failures.recorded == [(KEY, "email", TO, NOW), (KEY, "sms", TO, NOW)]
    types = ["bounced", "bounced_for_now", "delivered", "blocked", "invalid"]
    assert [each["type"] for each in output.counted("delivery_events")] == types
    assert [each["channel"] for each in output.counted("failed_after_sending")] == ["email", "sms", "sms"]
    assert [line.get("subject") for line in output.lines] == [SUB, SUB, SUB, SUB, ""]


def test_an_event_is_repeated_and_not_counted_if_the_table_does_not_respond(output: HandlerOutput) -> None:
    down = Failures(is_down=True)
    bounce = of_ses("Bounce", bounceType="Permanent", bounceSubType="General")
    assert processed(output, down, of_ses("Delivery"), bounce, of_ses("Delivery")) == ["1"]
    assert [each["type"] for each in output.counted("delivery_events")] == ["delivered", "delivered"]


def test_the_sentence_with_which_ses_tests_a_topic_is_no_error_and_no_address_is_logged(
    output: HandlerOutput,
) -> None:
    sentence = "Successfully validated SNS topic for Amazon SES event publishing of recipient@example.com."
    bounce = of_ses("Bounce", bounceType="Permanent", bounceSubType="recipient@example.com")
    assert not processed(output, Failures(), sentence, "[1]", bounce, of_sms("TEXT_INVALID"))
    assert len(output.counted("unknown_events")) == 2
    assert [line["message_id"] for line in output.lines if "message_id" in line] == [
        "EXAMPLE7c191be45",
        "862a8790-60c0-4430-9b2b-658bdexample",
    ]
    assert not output.counted("errors")
    assert "@" not in output.text
    assert "14255550156" not in output.text


def test_a_failure_is_written_into_an_existing_record_and_keeps_its_time_for_a_day() -> None:
    with moto_table() as (client, name):
        table = FailureTable(client, name)

        def written() -> str:
            item = client.get_item(TableName=name, Key={"pk": {"S": KEY}})["Item"]
            assert item.keys() >= item_of(Record(issued=3)).keys()
            return str(item["failed_email"]["S"])

        # The record has been deleted. An item without a time to live would stay.
        assert not table.record(KEY, "email", TO, NOW)
        assert "Item" not in client.get_item(TableName=name, Key={"pk": {"S": KEY}})
        client.put_item(TableName=name, Item={"pk": {"S": KEY}} | item_of(Record(issued=3)))
        assert table.record(KEY, "email", TO, NOW)
        assert not table.record(KEY, "email", TO, NOW + 60)
        assert written() == f"{NOW} {TO}"
        other = "f" * 16
        assert table.record(KEY, "email", other, NOW + 60)
        assert table.record(KEY, "email", other, NOW + 61 + DAY)
        assert written() == f"{NOW + 61 + DAY} {other}"


POLICY = Policy()
IDS = {"email": "e" * 32, "sms": "f" * 32}


def ask(now: int, **changes: Any) -> IssueRequest:
    request = IssueRequest("sign_in_password", SUB, "email", IDS, False, "a" * 32, now, fallbacks={"sms": 20})
    return request._replace(**changes)


CALLS_FIRST: dict[str, Any] = {
    "destinations": {"sms": IDS["sms"], "voice": IDS["sms"], "email": IDS["email"]},
    "fallbacks": {"voice": 20, "email": 100},
}
CALLS_ONLY: dict[str, Any] = {
    "destinations": {"sms": IDS["sms"], "voice": IDS["sms"]},
    "fallbacks": {"voice": 20},
}
WITH_CALLS: dict[str, Any] = {
    "destinations": {"email": IDS["email"], "sms": IDS["sms"], "voice": IDS["sms"]},
    "fallbacks": {"sms": 20, "voice": 20},
}


def failing(*channels: str, at: int = NOW - 60, **changes: Any) -> MemoryStore:
    """A store with a record whose addresses on `channels` failed."""
    failed = {channel: Failure(at, kept_id(IDS[channel])) for channel in channels}
    record = Record(issued=1, spent=1, failed=failed)._replace(**changes)
    return MemoryStore(POLICY, {f"sign_in_password#{SUB}": record})


@pytest.mark.parametrize(
    ("store", "request_", "channel"),
    [
        (failing(), ask(NOW), "email"),
        (failing("email"), ask(NOW), "sms"),
        (failing("sms"), ask(NOW), "email"),
        (failing("sms"), ask(NOW, channel="sms", fallbacks={"email": 100}), "email"),
        # No other address works, so the message goes to the requested one.
        (failing("email", "sms"), ask(NOW), "email"),
        (failing("email"), ask(NOW, destinations={"email": IDS["email"]}, fallbacks={}), "email"),
        # The user has asked for it, and knows more than an old event.
        (failing("email"), ask(NOW, is_chosen=True), "email"),
        # Another address than the one that failed.
        (failing("email"), ask(NOW, destinations=IDS | {"email": "d" * 32}), "email"),
        # SMS have a cap of accepted codes by day.
        (failing("email", accepted={("sms", day_of(NOW)): 20}), ask(NOW), "email"),
        # Calls to the same number count for it too.
        (failing("email", accepted={("sms", day_of(NOW)): 20}), ask(NOW, **WITH_CALLS), "email"),
        # A number to which SMS fail may be wrong, so another address comes first, whatever the order is.
        (failing("sms"), ask(NOW, channel="sms", **CALLS_FIRST), "email"),
        (failing("sms"), ask(NOW, channel="sms", **CALLS_ONLY), "voice"),
        (failing("sms", "email"), ask(NOW, channel="sms", **CALLS_FIRST), "voice"),
        # A failure within five seconds may have come after the message.
        (failing("email", at=NOW - 5), ask(NOW), "sms"),
        (failing("email", at=NOW - 4), ask(NOW), "email"),
        # A mailbox is tried again after 30 days.
        (failing("email", at=NOW - KEEP_SECONDS + 1), ask(NOW), "sms"),
        (failing("email", at=NOW - KEEP_SECONDS), ask(NOW), "email"),
    ],
)
def test_a_message_goes_to_an_address_that_works(
    store: MemoryStore, request_: IssueRequest, channel: str
) -> None:
    issued = issue(request_, store, POLICY)
    assert (issued.sent, issued.challenge.channel) == (True, channel)
    # Another session of the same user joins the challenge, and so must queue the same message.
    later = request_._replace(nonce="b" * 32, now=NOW + 2)
    joined = issue(later, store, POLICY)
    assert (joined.sent, joined.challenge) == (False, issued.challenge)


def test_requests_that_join_a_challenge_queue_its_message_for_the_same_address() -> None:
    """Otherwise the user would get the code twice, because two queues do not know each other's messages."""
    store = failing("email")
    first = issue(ask(NOW, is_chosen=True), store, POLICY)
    joined = issue(ask(NOW + 1, nonce="b" * 32), store, POLICY)
    assert first.challenge == joined.challenge
    store = failing()
    key, first = f"sign_in_password#{SUB}", issue(ask(NOW), store, POLICY)
    # The message bounces at once.
    store.records[key] = store.records[key]._replace(
        failed={"email": Failure(NOW + 1, kept_id(IDS["email"]))}
    )
    assert issue(ask(NOW + 20, nonce="b" * 32), store, POLICY).challenge == first.challenge
    resend = issue(ask(NOW + 31, nonce="c" * 32), store, POLICY)
    assert (resend.sent, resend.challenge.channel) == (True, "sms")


@pytest.mark.parametrize("with_password", [True, False])
def test_after_a_bounce_the_next_code_goes_by_sms_and_its_answer_is_right(with_password: bool) -> None:
    handlers = SignInHandlers()
    flow = Flow(handlers, attributes(otp_channel="email"), with_password=with_password)
    flow.start()
    assert handlers.queued[-1].destinations[0].channel.name == "email"
    before = flow.public
    (key,) = handlers.store.records
    record = handlers.store.records[key]
    handlers.store.records[key] = record._replace(
        failed={"email": Failure(handlers.now + 1, record.sent_to["email"])}
    )
    handlers.now += 31
    flow.answer("again", action="resend")
    assert [to.channel.name for to in handlers.queued[-1].destinations] == ["sms", "email"]
    # A stranger sees no difference. After the password, the user sees where the code is.
    assert flow.public["channel"] == ("sms" if with_password else "email")
    if not with_password:
        assert {name for name in before if flow.public[name] != before[name]} <= {
            "resendsLeft",
            "expiresIn",
            "codeLength",
        }
    assert flow.answer(code_of(flow.challenge, "sms")) == "tokens"
    # Only a code by email proves that the mailbox works again.
    assert "email" in handlers.store.records[key].failed


def test_a_user_who_asks_for_the_channel_gets_the_code_there_and_its_answer_clears_it() -> None:
    handlers = SignInHandlers()
    flow = Flow(handlers, attributes(otp_channel="sms"), with_password=True)
    flow.start()
    (key,) = handlers.store.records
    record = handlers.store.records[key]
    handlers.store.records[key] = record._replace(
        failed={each: Failure(handlers.now - 60, to) for each, to in record.sent_to.items()}
    )
    handlers.now += 31
    flow.answer("again", action="resend", channel="email")
    assert handlers.queued[-1].destinations[0].channel.name == "email"
    assert set(handlers.store.records[key].failed) == {"sms"}
    assert flow.answer(code_of(flow.challenge, "sms")) == "tokens"
    assert handlers.store.records[key].failed == {}


@pytest.mark.e2e
@pytest.mark.parametrize("mode", [password_and_code, code_only])
def test_on_the_local_stack_a_bounce_moves_the_next_code_to_sms(local_stack: Stack, mode: Any) -> None:
    label = f"{time.time_ns()}"
    address = f"bounce+{label}@simulator.amazonses.com"
    user = add_user(local_stack, email=address)
    sign_in = mode(local_stack, user) if mode is password_and_code else mode(local_stack).start(user.email)
    messages_to(local_stack, user.email)
    kind = "sign_in_password" if mode is password_and_code else "sign_in_code"
    wait_for_failure(local_stack, f"{kind}#{user.sub}", "email")
    # Longer than the five seconds between a failure and a message that it moves.
    time.sleep(6)
    sign_in.answer("again", action="resend")
    assert sign_in.parameters["status"] == "SENT"
    assert sign_in.answer(newest_code(local_stack, user.phone)).tokens
    assert len(messages_to(local_stack, user.email)) == 1
