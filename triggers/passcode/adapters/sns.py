"""SMS through SNS, to allowed countries and within the day's budget."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from passcode.adapters.botocore_clients import error_code, unavailable
from passcode.adapters.sms_budget_table import SmsBudget, SmsCaps
from passcode.channels.phone_number import country_for_sms
from passcode.token_service.refusal import Undeliverable
from token_service.message import Sms

# SNS will not take this number, however often it is asked: fall over to the next channel.
_FINAL = ("InvalidParameter", "ParameterValueInvalid", "OptedOut")


@dataclass(frozen=True)
class Texts:
    """Sends text messages. `client` is a botocore SNS client, `countries` the two-letter codes allowed."""

    client: Any
    budget: SmsBudget
    caps: SmsCaps
    countries: frozenset[str]
    max_price: str
    sender_id: str = ""

    def send(self, to: str, message: Sms, now: int, *, heard_of: bool = True) -> str:
        """Hand one SMS to SNS and return its country. Raises `Undeliverable` or `Unavailable` (try again).

        `heard_of`: whether this stack will hear of its answer.
        """
        country = country_for_sms(to)
        if country is None or country not in self.countries:
            raise Undeliverable("country", country or "")
        # Counted before it is sent: a budget that is checked afterwards is passed by a burst.
        if not self.budget.take(country, self.caps, now, heard_of=heard_of):
            raise Undeliverable("budget", country)
        with unavailable("SNS"):
            try:
                self.client.publish(
                    PhoneNumber=to, Message=message.text, MessageAttributes=self._attributes()
                )
            except ClientError as error:
                if error_code(error) in _FINAL:
                    raise Undeliverable(error_code(error), country) from None
                raise
        return country

    def _attributes(self) -> dict[str, dict[str, str]]:
        attributes = {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
            "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": self.max_price},
        }
        if self.sender_id:
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": self.sender_id}
        return attributes
