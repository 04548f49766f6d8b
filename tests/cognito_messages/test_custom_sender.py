"""`custom_sender` queues every Cognito message, still encrypted and for its own address."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

import custom_sender
from deliver import unpack
from passcode.adapters.sqs import SqsQueue
from passcode.adapters.telemetry import TriggerError
from passcode.channels import email, sms
from passcode.cognito_messages.message import CognitoMessage, is_known, is_too_old, kind_of, read_message
from passcode.delivery.envelope import Delivery
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import (
    EMAIL,
    NOTICE,
    NOW,
    PHONE,
    SENDERS,
    SUB,
    VERIFIED,
    WITH_A_CODE,
    FixedClock,
    golden,
)
from tests.support.handlers import HandlerOutput

KINDS = {
    "sign_up": "sign_up",
    "resend_code": "sign_up",
    "authentication": "sign_in",
    "forgot_password": "recovery",
    "update_user_attribute": "address",
    "verify_user_attribute": "address",
    "admin_create_user": "invitation",
    "account_take_over": "notice",
    "other_spelling": "sign_in",
    "source_to_come": "unknown",
}


def no_look_up(_: str) -> None:
    raise AssertionError("an event with a code contains its address")


def queued_message(
    output: HandlerOutput, event: dict[str, Any], user: Mapping[str, str] | None = None
) -> CognitoMessage:
    """The message on the queue for an event."""
    sqs = RecordingClient()
    look_up = no_look_up if user is None else lambda name: user if name == event["userName"] else None
    put = SqsQueue(sqs, "url").put
    assert custom_sender.respond(event, put, look_up, output.telemetry, NOW) is event
    (call,) = sqs.sent("send_message")
    assert call["QueueUrl"] == "url"
    found = unpack(call["MessageBody"])
    assert isinstance(found, CognitoMessage)
    assert json.loads(found.pack()) == json.loads(call["MessageBody"])
    assert call["MessageGroupId"] == call["MessageDeduplicationId"] == found.id
    return found


@pytest.mark.parametrize("name", WITH_A_CODE)
def test_every_trigger_source_is_queued_unchanged(output: HandlerOutput, name: str) -> None:
    event = golden(name)
    found = queued_message(output, event)
    own = ("email", EMAIL) if name.startswith("custom_email") else ("sms", PHONE)
    assert [(d.channel.name, d.value) for d in found.destinations] == [own], "and no other destination"
    assert found.ciphertext == event["request"]["code"]
    assert (found.locale, found.subject, found.requested_at) == ("en-GB", SUB, NOW)
    kind = KINDS[name.removeprefix("custom_email_").removeprefix("custom_sms_")]
    assert kind_of(found) == kind
    assert output.counted("unknown_source") == ([{}] if kind == "unknown" else [])
    (line,) = output.lines
    assert (line["message"], line["source"], line["channel"]) == ("queued", event["triggerSource"], own[0])
    assert line["subject"] == SUB
    assert not [secret for secret in (EMAIL, PHONE, found.ciphertext) if secret in output.text]


def test_every_trigger_source_that_aws_lists_has_texts() -> None:
    names = {name for name in SENDERS if is_known(golden(name)["triggerSource"])}
    assert names == set(SENDERS) - {"custom_email_source_to_come"}
    assert len(names) == 7 + 7 + 1 + 1


def test_a_notice_goes_to_both_channels_of_its_user(output: HandlerOutput) -> None:
    found = queued_message(output, golden(NOTICE), VERIFIED)
    assert [d.channel for d in found.destinations] == [email.EMAIL, sms.SMS]
    assert (found.ciphertext, found.subject, found.locale, kind_of(found)) == ("", SUB, "de", "notice")
    packed = found.pack()
    assert not [secret for secret in ("evil.example", "192.0.2.7", "feedback") if secret in packed], (
        "texts of a stranger"
    )


@pytest.mark.parametrize("user", [{}, VERIFIED | {"email_verified": "false", "phone_number_verified": ""}])
def test_a_notice_without_a_destination_is_queued_so_that_deliver_counts_it(
    output: HandlerOutput, user: dict[str, str]
) -> None:
    assert queued_message(output, golden(NOTICE), user).destinations == ()


@pytest.mark.parametrize("address", ["", "ädä@example.org", "a@x.example,b@y.example", "+1202555014", None])
def test_a_code_with_an_invalid_address_has_no_destination(
    output: HandlerOutput, address: str | None
) -> None:
    event = golden("custom_email_forgot_password")
    event["request"]["userAttributes"]["email"] = address
    assert queued_message(output, event).destinations == ()


@pytest.mark.parametrize(
    ("name", "shown"), [("ada", "ada"), (SUB, ""), (EMAIL, ""), (EMAIL.upper(), ""), ("", "")]
)
def test_an_invitation_contains_the_user_name_unless_it_is_an_address(
    output: HandlerOutput, name: str, shown: str
) -> None:
    event = golden("custom_email_admin_create_user") | {"userName": name}
    assert queued_message(output, event).name == shown
    assert queued_message(output, golden("custom_email_sign_up") | {"userName": name}).name == ""


def test_the_request_type_gives_the_channel_of_an_unknown_source(output: HandlerOutput) -> None:
    event = golden("custom_sms_authentication") | {"triggerSource": "Custom_New"}
    assert queued_message(output, event).channel is sms.SMS
    assert output.counted("unknown_source") == [{}]


def test_a_sign_in_code_expires_before_the_other_codes() -> None:
    def too_old_after(name: str, seconds: int) -> bool:
        event = golden(name)
        event["request"]["code"] = "AYAD"
        return is_too_old(read_message(event, NOW), NOW + seconds)

    assert [too_old_after("custom_sms_authentication", s) for s in (0, 179, 180)] == [False, False, True]
    assert [too_old_after("custom_sms_forgot_password", s) for s in (180, 839, 840)] == [False, False, True]


@pytest.mark.parametrize(
    "event", [{}, {"request": None}, golden("create_first"), golden("custom_sms_sign_up") | {"request": []}]
)
def test_the_error_for_an_invalid_event_contains_no_address(
    output: HandlerOutput, event: dict[str, Any]
) -> None:
    event = event | {"triggerSource": event.get("triggerSource", "").replace("CustomSMS", EMAIL)}
    with pytest.raises(TriggerError) as shown:
        custom_sender.handler(event, None)
    assert EMAIL not in f"{shown.value}{output.text}"
    assert output.counted("errors") == [{}]


def test_a_failing_queue_raises_so_that_lambda_retries(
    output: HandlerOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = RecordingClient(send_message=refused_by_aws("RequestThrottled"))
    monkeypatch.setattr(custom_sender, "_PUT", SqsQueue(sqs, "url").put)
    monkeypatch.setattr(custom_sender, "time", FixedClock(NOW))
    with pytest.raises(TriggerError) as shown:
        custom_sender.handler(golden("custom_sms_sign_up"), None)
    assert not [
        secret for secret in (EMAIL, PHONE, "AYAD", "123456") if secret in f"{shown.value}{output.text}"
    ]
    sqs = RecordingClient()
    monkeypatch.setattr(custom_sender, "_PUT", SqsQueue(sqs, "url").put)
    event = golden("custom_sms_sign_up")
    assert custom_sender.handler(event, None) is event
    assert CognitoMessage.unpack(sqs.sent("send_message")[0]["MessageBody"]).requested_at == NOW


@pytest.mark.parametrize("name", SENDERS)
def test_a_repeated_event_has_the_same_id_and_no_other_event_has_it(name: str) -> None:
    """Lambda repeats an event unchanged, up to minutes later. The queue then drops the second message."""
    first, again = (read_message(golden(name), now) for now in (NOW, NOW + 120))
    assert re.fullmatch("[0-9a-f]{64}", first.id)
    assert first.id == again.id == CognitoMessage.unpack(first.pack()).id
    other = golden(name)
    if first.ciphertext:
        other["request"]["code"] = "AYADeAnotherCode"
    else:
        other["request"]["userAttributes"]["EVENT_ID"] = "another event"
    assert read_message(other, NOW).id != first.id


def test_the_queue_distinguishes_deliveries_from_cognito_messages() -> None:
    packed = json.loads(json.dumps(golden("deliver_one")))["Records"][0]["body"]
    assert isinstance(unpack(packed), Delivery)


def test_the_repr_of_a_cognito_message_contains_no_secret_and_no_address(output: HandlerOutput) -> None:
    shown = repr(queued_message(output, golden("custom_email_admin_create_user") | {"userName": "ada-l"}))
    assert not [secret for secret in (EMAIL, "AYAD", "ada-l") if secret in shown]
