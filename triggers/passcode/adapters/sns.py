"""SMS through SNS."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from passcode.adapters.aws_gateway import Outcome, send_once
from passcode.adapters.sms_options import SmsOptions
from passcode.channels.channel import Channel
from passcode.channels.sms import SMS, TextMessage
from passcode.delivery.gateway import Outgoing, SendResult

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# The errors in the model of Publish, and `OptedOut`, which the documentation has. Those of KMS, of endpoints
# and of platform applications are about topics and apps, so they say nothing about a number.
OUTCOMES = {
    "AuthorizationError": Outcome.LATER,
    "EndpointDisabled": Outcome.LATER,
    "InternalError": Outcome.UNKNOWN,
    "InvalidParameter": Outcome.FINAL,
    "InvalidSecurity": Outcome.LATER,
    "KMSAccessDenied": Outcome.LATER,
    "KMSDisabled": Outcome.LATER,
    "KMSInvalidState": Outcome.LATER,
    "KMSNotFound": Outcome.LATER,
    "KMSOptInRequired": Outcome.LATER,
    "KMSThrottling": Outcome.LATER,
    "NotFound": Outcome.LATER,
    "OptedOut": Outcome.FINAL,
    "ParameterValueInvalid": Outcome.FINAL,
    "PlatformApplicationDisabled": Outcome.LATER,
    "ValidationException": Outcome.FINAL,
}


@dataclass(frozen=True)
class SnsSms:
    """Sends SMS. `client` is a botocore SNS client, and `max_price` the highest price of an SMS in USD."""

    client: "SNSClient"
    max_price: str
    options: SmsOptions = field(default_factory=SmsOptions)

    @property
    def channel(self) -> Channel:
        """The channel of this gateway's messages."""
        return SMS

    def send(self, outgoing: Outgoing[TextMessage]) -> SendResult:
        """Send one SMS to SNS."""
        return send_once(
            "SNS",
            self.client.publish,
            OUTCOMES,
            PhoneNumber=outgoing.to,
            Message=outgoing.message.text,
            MessageAttributes=sms_attributes(self.max_price, self.options),
        )


def sms_attributes(max_price: str, options: SmsOptions) -> dict[str, dict[str, str]]:
    """Return the attributes of an SMS for SNS. An origination identity of digits is a number."""
    identity = options.origination_identity
    is_number = identity.removeprefix("+").isdecimal()
    texts = {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.SenderID": "" if is_number else identity,
        "AWS.MM.SMS.OriginationNumber": identity if is_number else "",
        "AWS.MM.SMS.EntityId": options.india_entity,
        "AWS.MM.SMS.TemplateId": options.india_template,
    }
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}
    return attributes | {"AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": max_price}}
