"""Email through SES v2. The content is `Simple`, because SES reports a template error only after a send."""

import uuid
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr
from typing import TYPE_CHECKING

from passcode.adapters.aws_gateway import Outcome, message_tags, send_once
from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL, EmailMessage
from passcode.delivery.gateway import Outgoing, SendResult

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import (
        AttachmentTypeDef,
        ContentTypeDef,
        MessageHeaderTypeDef,
        MessageTypeDef,
    )

# The errors in the model of SendEmail. Only the second one is about one email.
OUTCOMES = {
    "AccountSuspendedException": Outcome.STOPPED,
    "BadRequestException": Outcome.FINAL,
    "LimitExceededException": Outcome.LATER,
    "MailFromDomainNotVerifiedException": Outcome.STOPPED,
    "MessageRejected": Outcome.STOPPED,
    "NotFoundException": Outcome.STOPPED,
    "SendingPausedException": Outcome.STOPPED,
    "TooManyRequestsException": Outcome.LATER,
}


def named_sender(name: str, address: str) -> str:
    """Return `address` with the display name `name`, as the value of a From header (RFC 5322, 3.4).

    SES requires encoded words (RFC 2047) for a name that is not in ASCII. Such a word has at most 75
    characters, so a long name has several.
    """
    # A program would decode a name that looks like an encoded word, such as `=?utf-8?q?Bank?=`.
    if name.isascii() and "=?" not in name:
        return formataddr((name, address))
    return f"{Header(name, 'utf-8', maxlinelen=75).encode(linesep='')} <{address}>"


@dataclass(frozen=True)
class SesEmail:
    """Sends email. `client` is a botocore SES v2 client. `sender` is the value of the From header.

    Without a `configuration_set`, SES uses that of the sender's identity, if it has one.
    """

    client: "SESV2Client"
    sender: str
    configuration_set: str

    @property
    def channel(self) -> Channel:
        """The channel of this gateway's messages."""
        return EMAIL

    def send(self, outgoing: Outgoing[EmailMessage]) -> SendResult:
        """Send one email to SES."""
        message = outgoing.message
        named = {"ConfigurationSetName": self.configuration_set} if self.configuration_set else {}
        return send_once(
            "SES",
            self.client.send_email,
            OUTCOMES,
            FromEmailAddress=self.sender,
            Destination={"ToAddresses": [outgoing.to]},
            **named,
            Content={"Simple": _content(message)},
            EmailTags=[{"Name": name, "Value": value} for name, value in message_tags(outgoing).items()],
        )


def _content(message: EmailMessage) -> "MessageTypeDef":
    content: MessageTypeDef = {
        "Subject": _utf8(message.subject),
        "Body": {"Text": _utf8(message.text), "Html": _utf8(message.html)},
        "Headers": _headers(),
    }
    if message.logo:
        content["Attachments"] = [_logo(message.logo)]
    return content


def _headers() -> "list[MessageHeaderTypeDef]":
    return [
        # No vacation notice or other automatic answer comes back (RFC 3834, 5).
        {"Name": "Auto-Submitted", "Value": "auto-generated"},
        # Gmail would put messages with one subject into one conversation, and hide the newest code in it.
        {"Name": "X-Entity-Ref-ID", "Value": str(uuid.uuid4())},
    ]


def _logo(png: bytes) -> "AttachmentTypeDef":
    """Return the attachment that the HTML shows by its Content-ID. Mail programs block `data:` URIs."""
    return {
        "RawContent": png,
        "FileName": "logo.png",
        "ContentType": "image/png",
        "ContentDisposition": "INLINE",
        "ContentId": "logo",
        "ContentTransferEncoding": "BASE64",
    }


def _utf8(text: str) -> "ContentTypeDef":
    return {"Data": text, "Charset": "UTF-8"}
