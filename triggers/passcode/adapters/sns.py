"""SMS through SNS."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from passcode.adapters.botocore_clients import error_code, unavailable
from passcode.channels.sms import TextMessage
from passcode.delivery.gateway import NotTaken

# SNS will not take this number, however often it is asked: fall over to the next channel.
_FINAL = ("InvalidParameter", "ParameterValueInvalid", "OptedOut")


@dataclass(frozen=True)
class SnsSms:
    """Sends text messages. `client` is a botocore SNS client."""

    client: Any
    max_price: str
    sender_id: str = ""

    def send(self, to: str, message: TextMessage) -> None:
        """Hand one SMS to SNS. Raises `NotTaken` or `Unavailable` (try again)."""
        with unavailable("SNS"):
            try:
                self.client.publish(
                    PhoneNumber=to, Message=message.text, MessageAttributes=self._attributes()
                )
            except ClientError as error:
                if error_code(error) in _FINAL:
                    raise NotTaken(error_code(error)) from None
                raise

    def _attributes(self) -> dict[str, dict[str, str]]:
        attributes = {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
            "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": self.max_price},
        }
        if self.sender_id:
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": self.sender_id}
        return attributes
