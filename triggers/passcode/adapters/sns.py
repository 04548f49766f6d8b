"""SMS through SNS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters.aws_gateway import send_once
from passcode.channels.channel import Channel
from passcode.channels.sms import SMS, TextMessage
from passcode.delivery.gateway import Outgoing, SendResult

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# After these errors, SNS will not send to this number later either.
_FINAL = ("InvalidParameter", "ParameterValueInvalid", "OptedOut")


@dataclass(frozen=True)
class SnsSms:
    """Sends SMS. `client` is a botocore SNS client."""

    client: "SNSClient"
    max_price: str
    sender_id: str = ""

    @property
    def channel(self) -> Channel:
        """The channel of this gateway's messages."""
        return SMS

    def send(self, outgoing: Outgoing[TextMessage]) -> SendResult:
        """Send one SMS to SNS."""
        return send_once(
            "SNS",
            self.client.publish,
            _FINAL,
            PhoneNumber=outgoing.to,
            Message=outgoing.message.text,
            MessageAttributes=self._attributes(),
        )

    def _attributes(self) -> dict[str, dict[str, str]]:
        attributes = {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
            "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": self.max_price},
        }
        if self.sender_id:
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": self.sender_id}
        return attributes
