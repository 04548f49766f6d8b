"""One message without a code, sent as `deliver` sends: same sender, same settings, and this person's rights.

It shows what SES or SNS think of the sender, the sandbox and the address. It does not show that `deliver`'s
own role is right, or the queue: a sign-in shows that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from passcode.channels.phone_number import country_for_sms
from tools.pool_admin.errors import DENIED, AdminError, code_of

_TEXT = "This is a test of the sign-in messages of {app}. It holds no code, and there is nothing to do."


@dataclass(frozen=True)
class Accepted:
    """The provider took the message, which is not yet a delivery; `message_id` is its own."""

    channel: str
    provider: str
    message_id: str


def send(ses: Any, sns: Any, settings: Mapping[str, str], to: str) -> Accepted:
    """Send to an email address, or to a number that begins with +. `settings` are those of `deliver`.

    Raises `AdminError` with what the provider, or the stack's own list of countries, has against it.
    """
    text = _TEXT.format(app=settings["APP_NAME"])
    try:
        if to.startswith("+"):
            return Accepted("sms", "SNS", _sms(sns, settings, to, text))
        if "@" in to:
            return Accepted("email", "SES", _email(ses, settings, to, text))
    except ClientError as error:
        if code_of(error) in DENIED:
            raise
        said = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
        raise AdminError(
            f"{'SNS' if to.startswith('+') else 'SES'} refused it: {said or code_of(error)}. "
            "Run `doctor`: it says how to fix the sender and the sandbox."
        ) from None
    raise AdminError("Give --to an email address, or a number with + and its country code.")


def _email(ses: Any, settings: Mapping[str, str], to: str, text: str) -> str:
    subject = f"Test of {settings['APP_NAME']}"
    answer = ses.send_email(
        FromEmailAddress=settings["SENDER_EMAIL"],
        Destination={"ToAddresses": [to]},
        ConfigurationSetName=settings["CONFIGURATION_SET"],
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
    )
    return str(answer["MessageId"])


def _sms(sns: Any, settings: Mapping[str, str], to: str, text: str) -> str:
    country = country_for_sms(to)
    if country is None:
        raise AdminError("No SMS can go to that number. Give a mobile number with + and its country code.")
    if country not in settings["SMS_COUNTRIES"].split(","):
        raise AdminError(
            f"The stack sends no SMS to {country}. Add it to the parameter SmsCountries to change that."
        )
    attributes = {
        "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
        "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": settings["SMS_MAX_PRICE"]},
    }
    if sender_id := settings.get("SMS_SENDER_ID"):
        attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": sender_id}
    return str(sns.publish(PhoneNumber=to, Message=text, MessageAttributes=attributes)["MessageId"])
