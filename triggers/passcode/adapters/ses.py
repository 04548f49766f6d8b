"""Email through SES v2. The content is `Simple`, because SES reports a template error only after a send."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters.aws_gateway import send_once
from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL, EmailMessage
from passcode.delivery.gateway import Outgoing, SendResult

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

# After these errors, SES will not accept this email later either.
_FINAL = (
    "AccountSuspendedException",
    "BadRequestException",
    "MailFromDomainNotVerifiedException",
    "MessageRejected",
    "NotFoundException",
    "SendingPausedException",
)


@dataclass(frozen=True)
class SesEmail:
    """Sends email. `client` is a botocore SES v2 client."""

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
        return send_once(
            "SES",
            self.client.send_email,
            _FINAL,
            FromEmailAddress=self.sender,
            Destination={"ToAddresses": [outgoing.to]},
            ConfigurationSetName=self.configuration_set,
            Content={
                "Simple": {
                    "Subject": _utf8(message.subject),
                    "Body": {"Text": _utf8(message.text), "Html": _utf8(message.html)},
                }
            },
        )


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
