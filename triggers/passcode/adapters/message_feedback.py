"""The report to AWS End User Messaging that a user got an SMS or a call."""

from functools import cache
from typing import TYPE_CHECKING

from passcode.adapters.botocore_clients import client, unavailable

if TYPE_CHECKING:
    from passcode.adapters.end_user_messaging import EndUserMessagingClient


@cache
def _client() -> "EndUserMessagingClient":
    # The user waits for the response to the answer, and the report matters less.
    return client("pinpoint-sms-voice-v2", attempts=1, read_timeout=1)


def report_received(message_id: str) -> None:
    """Report that the user got the message with this id. Raises `Unavailable`."""
    with unavailable("End User Messaging"):
        _client().put_message_feedback(MessageId=message_id, MessageFeedbackStatus="RECEIVED")
