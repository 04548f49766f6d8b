"""Sends one message without a code: with the sender and settings of `deliver`, and the caller's permissions.

It shows whether the gateway accepts the sender and the address. It does not test the role of `deliver` or the
queue: a sign-in does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from passcode.adapters.end_user_messaging import text_request
from passcode.adapters.environment import Variables
from passcode.adapters.ses import named_sender
from passcode.adapters.sms_options import END_USER_MESSAGING, NOTIFY, SNS, SmsOptions
from passcode.adapters.sns import sms_attributes
from passcode.channels.channel import AddressFault, Channel
from passcode.channels.email import EMAIL
from passcode.channels.phone_number import country_for_sms
from passcode.channels.sms import SMS
from passcode.texts.catalogue import locales
from tools.pool_admin.errors import DENIED, AdminError, error_code
from tools.pool_admin.unusable import REASONS
from tools.pool_admin.users.suppression import Suppression, SuppressionList

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient

    from passcode.adapters.end_user_messaging import EndUserMessagingClient

# The number of questions about what became of an email, and the seconds before each of them.
_REPORTS, _REPORT_SECONDS = 5, 2.0
_NO_ADDRESS = "Give --to an email address, or a phone number with + and its country code."
_SMS_PROVIDERS = {SNS: "SNS", END_USER_MESSAGING: "End User Messaging", NOTIFY: "Notify"}
_TEXT = "This is a test of the sign-in messages of {app}. It contains no code. No action is needed."


@dataclass(frozen=True)
class SentMessage:
    """A message that the provider accepted, with the provider's id.

    `outcome` is the last event that SES reports of it, or empty if it reports none. `suppression` is the
    entry of the address on the suppression list of SES: SES accepts such a message, and does not send it.
    """

    channel: str
    provider: str
    message_id: str
    outcome: str = ""
    suppression: Suppression | None = None


@dataclass(frozen=True)
class GatewayClients:
    """The boto3 clients of the gateways."""

    ses: SESV2Client
    sns: SNSClient
    end_user_messaging: EndUserMessagingClient


def send(
    clients: GatewayClients,
    settings: Mapping[str, str],
    to: str,
    sleep: Callable[[float], None] = time.sleep,
) -> SentMessage:
    """Send to an email address, or to a phone number that begins with +.

    For an email it asks SES for ten seconds what became of it. `sleep` waits, in seconds. `settings` are the
    environment variables of `deliver`. Raises `AdminError` if `to` is neither, if the stack does not allow
    its country, or if the provider refuses the message.
    """
    channels = settings.get("GATEWAY_FUNCTION_ARN", "").partition("=")[0].split(",")
    if ("sms" if to.strip().startswith("+") else "email") in channels:
        raise AdminError(
            "Your gateway function sends such messages, not AWS. To test it, sign in with a code."
        )
    text = _TEXT.format(app=settings["APP_NAME"])
    provider = _SMS_PROVIDERS[settings["SMS_GATEWAY"]] if to.strip().startswith("+") else "SES"
    try:
        if to.strip().startswith("+"):
            return SentMessage("sms", provider, _send_sms(clients, settings, _address(SMS, to), text))
        if "@" in to:
            address = _address(EMAIL, to)
            message_id = _send_email(clients.ses, settings, address, text)
            suppression = SuppressionList(clients.ses).find_if_allowed(address)
            outcome = "" if suppression else _outcome(clients.ses, message_id, sleep)
            return SentMessage("email", provider, message_id, outcome, suppression)
    except ClientError as error:
        if error_code(error) in DENIED:
            raise
        message = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
        raise AdminError(
            f"{provider} refused it: {error.response.get('Reason') or message or error_code(error)}. "
            "Run `doctor`: it says how to fix the sender and the sandbox."
        ) from None
    raise AdminError(_NO_ADDRESS)


def _address(channel: Channel, to: str) -> str:
    """Return the address in the form that `deliver` sends to."""
    address = channel.parse(to)
    if address is AddressFault.MALFORMED:
        raise AdminError(_NO_ADDRESS)
    if isinstance(address, AddressFault):
        raise AdminError(f"This address gets no code ({address.value}). {' '.join(REASONS[address])}")
    return address


def _send_email(ses: SESV2Client, settings: Mapping[str, str], to: str, text: str) -> str:
    subject = f"Test of {settings['APP_NAME']}"
    name = settings.get("CONFIGURATION_SET", "")
    named: Any = {"ConfigurationSetName": name} if name else {}
    response = ses.send_email(
        **named,
        FromEmailAddress=named_sender(settings["APP_NAME"], settings["SENDER_EMAIL"]),
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text}}}},
    )
    return response["MessageId"]


def _outcome(ses: SESV2Client, message_id: str, sleep: Callable[[float], None]) -> str:
    """Return the last event after SEND that SES reports of a message; empty if it reports none.

    Only accounts with Virtual Deliverability Manager have these reports. SES allows one call each second.
    """
    for _ in range(_REPORTS):
        sleep(_REPORT_SECONDS)
        try:
            insights = ses.get_message_insights(MessageId=message_id).get("Insights", [])
        except ClientError:
            return ""
        events = [event for insight in insights for event in insight.get("Events", [])]
        later = [event for event in events if event.get("Type") != "SEND"]
        if later:
            last = max(later, key=lambda event: event["Timestamp"])
            bounce = last.get("Details", {}).get("Bounce", {})
            kind = ", ".join(str(bounce[name]) for name in ("BounceType", "BounceSubType") if name in bounce)
            return f"{last['Type']}{f' ({kind})' if kind else ''}"
    return ""


def _send_sms(clients: GatewayClients, settings: Mapping[str, str], to: str, text: str) -> str:
    country = country_for_sms(to)
    if country is None:
        raise AdminError(
            "This number cannot receive SMS (number): it is a premium, shared-cost, personal or satellite "
            "number, or its country is not known. Give a mobile number with + and its country code."
        )
    if country not in settings["SMS_COUNTRIES"].split(","):
        raise AdminError(
            f"The stack sends no SMS to {country} (country). To allow it, add it to the parameter "
            "SmsCountries."
        )
    gateway, max_price = settings["SMS_GATEWAY"], settings["SMS_MAX_PRICE"]
    if gateway == NOTIFY:
        raise AdminError("The templates of Notify are for codes only. To test them, sign in by SMS.")
    options = SmsOptions.read(Variables(settings), gateway, locales())
    if gateway == SNS:
        attributes: Any = sms_attributes(max_price, options)
        return clients.sns.publish(PhoneNumber=to, Message=text, MessageAttributes=attributes)["MessageId"]
    request = text_request(text, max_price, options)
    return str(
        clients.end_user_messaging.send_text_message(DestinationPhoneNumber=to, **request)["MessageId"]
    )
