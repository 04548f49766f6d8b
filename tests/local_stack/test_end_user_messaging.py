"""The fake of AWS End User Messaging: it refuses what the model does not allow, and the inbox shows calls."""

import json
import urllib.request
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from tools.local_stack import inbox
from tools.local_stack.stack import Stack

NUMBER = "+12065550142"
TEXT = {"DestinationPhoneNumber": NUMBER, "MessageBody": "135790"}


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
    assert refused.value.response["Reason"] == "FIELD_VALIDATION_FAILED"


def test_an_operation_that_the_fake_does_not_have_is_refused(messaging: Any) -> None:
    with pytest.raises(ClientError) as refused:
        messaging.describe_pools()
    assert refused.value.response["Reason"] == "UNKNOWN_OPERATION"


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
        MessageBody='<speak>Your code is <say-as interpret-as="digits">975318</say-as>.</speak>',
    )
    shown = [(message.channel, message.text) for message in inbox.read(probed, NUMBER)]
    assert shown == [
        ("sms", "135790"),
        ("sms", "246802 is your verification code."),
        ("voice", "Your code is 975318 ."),
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
