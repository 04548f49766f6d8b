"""The fake of AWS End User Messaging: its refusals are those of AWS, and it has calls and events."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from tools.local_stack import inbox
from tools.local_stack.stack import Stack

NUMBER, FAILING = "+12065550142", "+14254147167"
TEXT = {"DestinationPhoneNumber": NUMBER, "MessageBody": "135790"}


class Topic(NamedTuple):
    """A topic of SNS, and a function that returns the messages that its queue has."""

    arn: str
    received: Callable[[], list[Any]]


@pytest.fixture(scope="module")
def messaging(probed: Stack) -> Any:
    """A client that checks no parameter, as that of `deliver`."""
    return get_session().create_client(
        "pinpoint-sms-voice-v2",
        region_name=probed.region,
        endpoint_url=probed.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )


def reason(refused: pytest.ExceptionInfo[ClientError]) -> str:
    """The reason of an error, which is a member of its shape."""
    response: Any = refused.value.response
    return str(response["Reason"])


@pytest.mark.parametrize(
    "changes",
    [
        {"DestinationPhoneNumber": "012345"},
        {"MessageBody": ""},
        {"MessageBody": "x" * 1601},
        {"MessageType": "Transactional"},
        {"MaxPrice": "0,20"},
        {"TimeToLive": 4},
        {"TimeToLive": 259_201},
        {"OriginationIdentity": "a sender"},
    ],
    ids=str,
)
def test_a_request_that_the_model_does_not_allow_is_refused(messaging: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        messaging.send_text_message(**TEXT | changes)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert reason(refused) == "FIELD_VALIDATION_FAILED"


def test_an_operation_that_the_fake_does_not_have_is_refused(messaging: Any) -> None:
    with pytest.raises(ClientError) as refused:
        messaging.describe_pools()
    assert reason(refused) == "UNKNOWN_OPERATION"


def test_the_inbox_shows_sms_and_calls_as_text(probed: Stack, messaging: Any) -> None:
    messaging.send_text_message(**TEXT)
    answer = messaging.send_notify_text_message(
        DestinationPhoneNumber=NUMBER, NotifyConfigurationId="nc-1", TemplateVariables={"code": "246802"}
    )
    assert "246802" in answer["ResolvedMessageBody"]
    messaging.send_voice_message(
        DestinationPhoneNumber=NUMBER,
        OriginationIdentity="+12065550100",
        MessageBodyTextType="SSML",
        MessageBody=f"<speak>Your code is: {'<break/>'.join('975318')}</speak>",
    )
    shown = [(message.channel, message.text) for message in inbox.read(probed, NUMBER)]
    assert shown == [
        ("sms", "135790"),
        ("sms", "246802 is your verification code."),
        ("voice", "Your code is: 9 7 5 3 1 8"),
    ]
    assert [inbox.secret_in(message) for message in inbox.read(probed, NUMBER)] == [
        "135790",
        "246802",
        "975318",
    ]


def test_feedback_is_for_a_message_that_was_sent_with_it(probed: Stack, messaging: Any) -> None:
    number = "+12065550143"
    ids = [
        messaging.send_text_message(**TEXT | {"DestinationPhoneNumber": number} | more)["MessageId"]
        for more in ({"MessageFeedbackEnabled": True}, {})
    ]
    report = {"MessageFeedbackStatus": "RECEIVED"}
    assert messaging.put_message_feedback(MessageId=ids[0], **report)["MessageId"] == ids[0]
    for message_id in (ids[1], "another"):
        with pytest.raises(messaging.exceptions.ResourceNotFoundException):
            messaging.put_message_feedback(MessageId=message_id, **report)
    with urllib.request.urlopen(f"{probed.endpoint_url}/_ministack/sns/sms-messages") as response:
        log = json.load(response)["sms_messages"][number]
    assert [record.get("Feedback") for record in log] == [["RECEIVED"], None]


@pytest.fixture
def topic(probed: Stack) -> Iterator[Topic]:
    """A topic that a queue reads."""
    sns, sqs = probed.client("sns"), probed.client("sqs")
    arn = sns.create_topic(Name="events")["TopicArn"]
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=raw)
    yield Topic(arn, lambda: sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []))
    sqs.delete_queue(QueueUrl=url)
    sns.delete_topic(TopicArn=arn)


@pytest.fixture
def configuration_set(messaging: Any) -> Iterator[str]:
    messaging.create_configuration_set(ConfigurationSetName="otp")
    yield "otp"
    messaging.delete_configuration_set(ConfigurationSetName="otp")


def test_a_configuration_set_has_event_destinations(messaging: Any, configuration_set: str) -> None:
    named = {"ConfigurationSetName": configuration_set}
    with pytest.raises(messaging.exceptions.ConflictException):
        messaging.create_configuration_set(**named)
    wanted = {"EventDestinationName": "passcode", "MatchingEventTypes": ["TEXT_ALL"]}
    to = {"SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:events"}}
    created = messaging.create_event_destination(**named, **wanted, **to)
    assert created["EventDestination"] == wanted | to | {"Enabled": True}
    with pytest.raises(messaging.exceptions.ConflictException):
        messaging.create_event_destination(**named, **wanted, **to)
    arn = created["ConfigurationSetArn"]
    for name in (configuration_set, arn):
        (found,) = messaging.describe_configuration_sets(ConfigurationSetNames=[name])["ConfigurationSets"]
        assert found["EventDestinations"] == [wanted | to | {"Enabled": True}]
    assert [each["ConfigurationSetArn"] for each in _all(messaging)] == [arn]
    messaging.delete_event_destination(**named, EventDestinationName="passcode")
    assert [each["EventDestinations"] for each in _all(messaging)] == [[]]
    with pytest.raises(messaging.exceptions.ResourceNotFoundException):
        messaging.delete_event_destination(**named, EventDestinationName="passcode")


def _all(messaging: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = messaging.describe_configuration_sets()["ConfigurationSets"]
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {"SnsDestination": None},
        {
            "KinesisFirehoseDestination": {
                "IamRoleArn": f"arn:{'x' * 20}",
                "DeliveryStreamArn": f"arn:{'x' * 20}",
            }
        },
        {"SnsDestination": {"TopicArn": "the topic of the events"}},
        {"SnsDestination": {}},
        {"MatchingEventTypes": ["DELIVERED"]},
        {"MatchingEventTypes": []},
    ],
    ids=str,
)
def test_an_event_destination_that_aws_refuses_is_refused(
    messaging: Any, configuration_set: str, changes: dict[str, Any]
) -> None:
    request = {
        "ConfigurationSetName": configuration_set,
        "EventDestinationName": "passcode",
        "MatchingEventTypes": ["ALL"],
        "SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:events"},
    } | changes
    with pytest.raises(ClientError) as refused:
        messaging.create_event_destination(
            **{name: each for name, each in request.items() if each is not None}
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_an_unknown_configuration_set_is_refused(probed: Stack, messaging: Any) -> None:
    number, unknown = "+12065550144", {"ConfigurationSetName": "another"}
    requests: list[Callable[[], Any]] = [
        lambda: messaging.send_text_message(**TEXT | unknown | {"DestinationPhoneNumber": number}),
        lambda: messaging.describe_configuration_sets(ConfigurationSetNames=["another"]),
        lambda: messaging.delete_configuration_set(**unknown),
    ]
    for request in requests:
        with pytest.raises(messaging.exceptions.ResourceNotFoundException) as refused:
            request()
        assert refused.value.response["ResourceType"] == "configuration-set"
    assert inbox.read(probed, number) == []


@pytest.mark.parametrize(
    ("number", "types", "event_types"),
    [
        ("+12065550145", ["TEXT_ALL", "VOICE_ALL"], ["TEXT_DELIVERED", "VOICE_COMPLETED"]),
        ("+12065550145", ["VOICE_ALL"], ["VOICE_COMPLETED"]),
        ("+12065550145", ["TEXT_INVALID", "TEXT_BLOCKED"], []),
        (FAILING, ["ALL"], ["TEXT_INVALID", "VOICE_FAILED"]),
        (FAILING, ["TEXT_INVALID"], ["TEXT_INVALID"]),
    ],
)
def test_a_message_has_an_event_with_its_context(
    messaging: Any,
    topic: Topic,
    configuration_set: str,
    number: str,
    types: list[str],
    event_types: list[str],
) -> None:
    named = {"ConfigurationSetName": configuration_set}
    messaging.create_event_destination(
        **named,
        EventDestinationName="passcode",
        MatchingEventTypes=types,
        SnsDestination={"TopicArn": topic.arn},
    )
    context = {"record": "sign_in_code--1", "to": "0123456789abcdef"}
    to = {"DestinationPhoneNumber": number, "Context": context}
    # No event, because the message has no configuration set.
    messaging.send_text_message(**TEXT | to)
    sent = messaging.send_text_message(**TEXT | to | named)
    called = messaging.send_voice_message(
        **to | named, OriginationIdentity="+12065550100", MessageBody="1 2 3 4 5 6"
    )
    events = sorted((json.loads(each["Body"]) for each in topic.received()), key=itemgetter("eventType"))
    assert [each["eventType"] for each in events] == event_types
    ids = {"TEXT": sent["MessageId"], "VOICE": called["MessageId"]}
    for event in events:
        assert event["context"] == context
        assert event["destinationPhoneNumber"] == number
        assert event["messageId"] == ids[event["eventType"].partition("_")[0]]
        assert event["isFinal"]
