"""Every email and SMS that the stack sent."""

import json
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tools.local_stack.stack import Stack


@dataclass(frozen=True)
class Message:
    """One sent message. `subject` and `html` are empty for an SMS. `sent_at` is in UTC."""

    channel: str
    to: str
    subject: str
    text: str
    html: str
    sent_at: datetime


def read(stack: Stack, to: str | None = None) -> list[Message]:
    """Return all messages, oldest first, or those to the email address or phone number `to`."""
    messages = sorted(_emails(stack) + _texts(stack), key=lambda message: message.sent_at)
    return [message for message in messages if to is None or message.to.lower() == to.lower()]


def _emails(stack: Stack) -> list[Message]:
    by_account: dict[str, list[dict[str, Any]]] = _get(stack, "/_ministack/ses/messages")["messages"]
    return [
        Message(
            "email",
            to,
            mail["Subject"],
            mail["BodyText"] or "",
            mail["BodyHtml"] or "",
            _at(mail["Timestamp"]),
        )
        for mails in by_account.values()
        for mail in mails
        for to in mail["To"]
    ]


def _texts(stack: Stack) -> list[Message]:
    by_number: dict[str, list[dict[str, Any]]] = _get(stack, "/_ministack/sns/sms-messages")["sms_messages"]
    return [
        Message("sms", number, "", text["Message"], "", _at(text["Timestamp"]))
        for number, texts in by_number.items()
        for text in texts
    ]


def _get(stack: Stack, path: str) -> dict[str, Any]:
    # Loopback needs no proxy, even if the environment names one.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(stack.endpoint_url + path, timeout=10) as response:
        content: dict[str, Any] = json.load(response)
        return content


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
