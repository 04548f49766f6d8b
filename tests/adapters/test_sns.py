"""The SNS adapter, checked against the model of AWS: the exact call, and the meaning of each error."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY

from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.adapters.sms_options import SmsOptions
from passcode.adapters.sns import SnsSms
from passcode.channels.channel import Destination, destination_id
from passcode.channels.sms import SMS, TextMessage
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown
from passcode.delivery.sms_limits import LimitedSms
from tests.support.aws_stubs import Stubs, client, modelled
from tests.support.deliver_handler import LIMITS
from tests.support.events import NOW, PHONE, SALT

SMS_CALL = {
    "PhoneNumber": PHONE,
    "Message": "654321",
    "MessageAttributes": {
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
        "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": "0.20"},
    },
}


def attribute(name: str, value: str) -> dict[str, dict[str, str]]:
    """An attribute of an SMS."""
    return {name: {"DataType": "String", "StringValue": value}}


def write_of(key: str) -> dict[str, Any]:
    """A write of a counter."""
    return {
        "TableName": "table",
        "Key": {"pk": {"S": key}},
        "UpdateExpression": ANY,
        "ConditionExpression": ANY,
        "ExpressionAttributeNames": ANY,
        "ExpressionAttributeValues": ANY,
        "ReturnValues": ANY,
    }


NUMBER = f"sms_to#open#{destination_id(Destination(SMS, PHONE), SALT)}"
DAY = "sms_day#2026-01-01"


@pytest.fixture
def aws() -> Iterator[Stubs]:
    with Stubs() as stubs:
        yield stubs


def send(to: str = PHONE, options: SmsOptions | None = None) -> SendResult:
    """Send the SMS of these tests."""
    budget = SmsBudgetTable(client("dynamodb"), "table")
    gateway = SnsSms(client("sns"), "0.20", options or SmsOptions())
    texts = LimitedSms(gateway, budget, LIMITS, frozenset({"US"}), SALT)
    return texts.send(Outgoing(to, TextMessage("654321"), NOW, is_open_class=True))


@pytest.mark.parametrize(
    ("options", "more"),
    [
        (SmsOptions(), {}),
        (SmsOptions(origination_identity="APP"), attribute("AWS.SNS.SMS.SenderID", "APP")),
        (
            SmsOptions(origination_identity="+12025550100"),
            attribute("AWS.MM.SMS.OriginationNumber", "+12025550100"),
        ),
        (
            SmsOptions(india_entity="1101", india_template="1107"),
            attribute("AWS.MM.SMS.EntityId", "1101") | attribute("AWS.MM.SMS.TemplateId", "1107"),
        ),
    ],
)
def test_an_sms_is_counted_and_then_published(aws: Stubs, options: SmsOptions, more: dict[str, Any]) -> None:
    for key in (NUMBER, DAY):
        aws.table.add_response("update_item", {}, write_of(key))
    call = SMS_CALL | {"MessageAttributes": SMS_CALL["MessageAttributes"] | more}  # type: ignore[operator]
    aws.sns.add_response("publish", {"MessageId": "1"}, call)
    assert send(options=options) == Taken("US", message_id="1")


@pytest.mark.parametrize("code", sorted(c for c in modelled("sns", "Publish") if "Parameter" in c))
def test_a_permanent_error_of_sns_is_final(aws: Stubs, code: str) -> None:
    # Counted for the number and the day, and given back in the other order.
    for key in (NUMBER, DAY, DAY, NUMBER):
        aws.table.add_response("update_item", {}, write_of(key))
    aws.sns.add_client_error("publish", code, f"{PHONE} is opted out")
    assert send() == NotTaken(code, final=True, country="US")


@pytest.mark.parametrize("code", ["Throttling", "KMSThrottling", "AuthorizationError"])
def test_a_temporary_error_of_sns_is_not_final(aws: Stubs, code: str) -> None:
    # Counted for the number and the day, and given back in the other order.
    for key in (NUMBER, DAY, DAY, NUMBER):
        aws.table.add_response("update_item", {}, write_of(key))
    aws.sns.add_client_error("publish", code, f"{PHONE} later")
    assert send() == NotTaken(f"SNS answered {code}", final=False, country="US")


def test_after_an_internal_error_of_sns_the_result_is_unknown_and_the_sms_stays_counted(aws: Stubs) -> None:
    """The model does not say whether SNS accepted the message before the error."""
    for key in (NUMBER, DAY):
        aws.table.add_response("update_item", {}, write_of(key))
    aws.sns.add_client_error("publish", "InternalError", f"{PHONE} later", http_status_code=500)
    assert send() == Unknown("SNS answered InternalError")


def test_after_an_answer_without_a_message_id_the_result_is_unknown(aws: Stubs) -> None:
    for key in (NUMBER, DAY):
        aws.table.add_response("update_item", {}, write_of(key))
    aws.sns.add_response("publish", {}, SMS_CALL)
    assert send() == Unknown("SNS answered without a message id")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+4915112345678", "country"),
        ("+12423571234", "country"),  # +1, but not the United States
        ("+19005550100", "number"),  # premium
        ("+881612345678", "number"),  # satellite
        ("+1202555", "number"),  # too short
        ("12025550147", "number"),
        ("+", "number"),
        ("", "number"),
    ],
)
def test_a_number_that_is_not_allowed_costs_no_call(aws: Stubs, number: str, reason: str) -> None:
    result = send(number)
    assert isinstance(result, NotTaken)
    assert (result.reason, result.final) == (reason, True)


def test_a_number_that_got_too_many_sms_gets_no_more(aws: Stubs) -> None:
    aws.table.add_client_error("update_item", "ConditionalCheckFailedException")
    assert send() == NotTaken("number_limit", final=True, country="US")


def test_with_a_used_up_budget_no_sms_is_published(aws: Stubs) -> None:
    aws.table.add_response("update_item", {}, write_of(NUMBER))
    aws.table.add_client_error("update_item", "ConditionalCheckFailedException")
    aws.table.add_response("update_item", {}, write_of(NUMBER))
    assert send() == NotTaken("budget", final=True, country="US")


def test_without_the_counter_of_the_number_no_sms_is_published(aws: Stubs) -> None:
    aws.table.add_client_error("update_item", "InternalServerError")
    assert send() == NotTaken("the table answered InternalServerError", final=False, is_gateway_failure=False)


def test_without_the_counters_of_the_day_no_sms_is_published(aws: Stubs) -> None:
    aws.table.add_response("update_item", {}, write_of(NUMBER))
    aws.table.add_client_error("update_item", "InternalServerError")
    aws.table.add_response("update_item", {}, write_of(NUMBER))
    assert send() == NotTaken(
        "the table answered InternalServerError", final=False, country="US", is_gateway_failure=False
    )


def test_a_failed_give_back_does_not_change_the_result(aws: Stubs) -> None:
    for key in (NUMBER, DAY):
        aws.table.add_response("update_item", {}, write_of(key))
    aws.sns.add_client_error("publish", "OptedOut")
    for _ in "12":
        aws.table.add_client_error("update_item", "InternalServerError")
    assert send() == NotTaken("OptedOut", final=True, country="US")


def test_the_repr_of_an_sms_contains_no_code() -> None:
    assert "654321" not in repr(TextMessage("654321"))
