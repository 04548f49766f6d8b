"""Delivery events: reports of SES and End User Messaging about a message that they took.

Sources: "Contents of event data that Amazon SES publishes to Amazon SNS", and "Event types for SMS, MMS, and
voice" and "Example event data" of AWS End User Messaging. docs/decisions/0035 has the reasons.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from passcode.channels.email import EMAIL
from passcode.delivery.gateway import KEY_SEPARATOR, RECORD_TAG, TO_TAG
from passcode.token_service.challenge import SIGN_IN_KINDS, STEP_UP, parse_object, read_field

# The kinds of records whose subject can have a second destination.
_KINDS = (*SIGN_IN_KINDS, STEP_UP)
_RECORD_KEY = re.compile(rf"({'|'.join(_KINDS)})#[A-Za-z0-9_-]{{1,128}}")
_ADDRESS_ID = re.compile(r"[0-9a-f]{16}")
# The longest reason of AWS is OnAccountSuppressionList.
_REASON = re.compile(r"[A-Za-z_ -]{1,40}")
# At least one letter, so that it is no phone number.
_MESSAGE_ID = re.compile(r"(?=[0-9-]*[A-Za-z])[A-Za-z0-9-]{1,100}")

DELIVERED, DELAYED = "delivered", "delayed"
# The types of a failure after which another message to the same address would not arrive either.
FAILURES = frozenset({"bounced", "complained", "rejected", "invalid", "blocked"})
_OF_EMAIL = {
    "Delivery": DELIVERED,
    "DeliveryDelay": DELAYED,
    "Complaint": "complained",
    "Reject": "rejected",
    # The message is wrong, not the address.
    "Rendering Failure": "not_rendered",
}
# All events of SES that this module reads.
EMAIL_EVENTS = frozenset({*_OF_EMAIL, "Bounce"})
# Events without an entry are steps on the way, such as TEXT_QUEUED.
_OF_PHONE = {
    "TEXT_DELIVERED": DELIVERED,
    "TEXT_SUCCESSFUL": DELIVERED,
    "TEXT_INVALID": "invalid",
    # The device or the carrier blocks messages to this number: the user has opted out, for example.
    "TEXT_BLOCKED": "blocked",
    "TEXT_CARRIER_BLOCKED": "blocked",
    "TEXT_SPAM": "blocked",
    "TEXT_PROTECT_BLOCKED": "blocked",
    "TEXT_INVALID_MESSAGE": "not_rendered",
    "TEXT_UNREACHABLE": "unreachable",
    "TEXT_CARRIER_UNREACHABLE": "unreachable",
    "TEXT_TTL_EXPIRED": "expired",
    "TEXT_UNKNOWN": "unknown",
    "VOICE_COMPLETED": DELIVERED,
    "VOICE_BUSY": "unreachable",
    "VOICE_NO_ANSWER": "unreachable",
    "VOICE_FAILED": "unreachable",
    "VOICE_TTL_EXPIRED": "expired",
}
# All events of End User Messaging that this module reads.
PHONE_EVENTS = frozenset(_OF_PHONE)
_CHANNEL_OF_PREFIX = {"TEXT": "sms", "VOICE": "voice"}


@dataclass(frozen=True)
class DeliveryEvent:
    """One event of one message. `type` is a value of the tables above, and `reason` is AWS's detail of it.

    `record_key` is the key of the record whose message it is, and `to` the id of the address, as in the
    record. Both are empty for a message that belongs to no such record, such as a code of Cognito's own.
    `message_id` is the service's id of the message.
    """

    channel: str
    type: str
    reason: str = ""
    record_key: str = ""
    to: str = ""
    message_id: str = ""

    @property
    def subject(self) -> str:
        """The subject of the record; empty if there is none."""
        return self.record_key.partition("#")[2]

    @property
    def is_failure(self) -> bool:
        """True if the next code should go to another address."""
        return self.type in FAILURES


def read_event(body: str) -> DeliveryEvent | None:
    """Read the body of a message from the queue of events. Returns None for an event that changes nothing.

    Raises ValueError for any other text. SES publishes a plain sentence when a destination is created.
    """
    fields = parse_object(body)
    name = read_field(fields, "eventType", str)
    if isinstance(fields.get("mail"), dict):
        return _email_event(name, fields)
    channel, event_type = _CHANNEL_OF_PREFIX.get(name.partition("_")[0]), _OF_PHONE.get(name)
    if channel is None or event_type is None:
        return None
    context = fields.get("context")
    tags = context if isinstance(context, dict) else {}
    return _event(channel, event_type, name, tags, fields.get("messageId"))


def _email_event(name: str, fields: Mapping[str, Any]) -> DeliveryEvent | None:
    detail = fields.get(name.lower())
    details = detail if isinstance(detail, dict) else {}
    event_type, reason = _OF_EMAIL.get(name), details.get("complaintSubType") or ""
    if name == "Bounce":
        # The other types, Transient and Undetermined, say nothing about the next message.
        event_type = "bounced" if details.get("bounceType") == "Permanent" else "bounced_for_now"
        reason = details.get("bounceSubType")
    if name == "Complaint" and details.get("complaintFeedbackType") == "not-spam":
        # The user marked the message as "not spam".
        return None
    if event_type is None:
        return None
    tags = fields["mail"].get("tags")
    values = tags if isinstance(tags, dict) else {}
    first = {tag: found[0] for tag, found in values.items() if isinstance(found, list) and found}
    return _event(EMAIL.name, event_type, reason, first, fields["mail"].get("messageId"))


def _event(
    channel: str, event_type: str, reason: object, tags: Mapping[str, object], message_id: object
) -> DeliveryEvent:
    key = str(tags.get(RECORD_TAG, "")).replace(KEY_SEPARATOR, "#", 1)
    to = str(tags.get(TO_TAG, ""))
    is_known = _RECORD_KEY.fullmatch(key)
    # The values go to the log, so they have no form that an address can have.
    detail = reason if isinstance(reason, str) and _REASON.fullmatch(reason) else ""
    named = message_id if isinstance(message_id, str) and _MESSAGE_ID.fullmatch(message_id) else ""
    if not is_known or not _ADDRESS_ID.fullmatch(to):
        return DeliveryEvent(channel, event_type, detail, message_id=named)
    return DeliveryEvent(channel, event_type, detail, key, to, named)
