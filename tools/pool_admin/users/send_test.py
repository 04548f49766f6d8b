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

from passcode.adapters.end_user_messaging import text_request, voice_request
from passcode.adapters.environment import Variables
from passcode.adapters.ses import named_sender
from passcode.adapters.sms_options import END_USER_MESSAGING, NOTIFY, SNS, SmsOptions
from passcode.adapters.sns import sms_attributes
from passcode.channels.channel import AddressFault, Channel, MessageContent
from passcode.channels.email import EMAIL
from passcode.channels.phone_number import country_for_sms
from passcode.channels.sms import SMS
from passcode.channels.voice import VOICE
from passcode.texts.catalogue import locales
from tools.pool_admin.errors import DENIED, AdminError, error_code
from tools.pool_admin.unusable import REASONS
from tools.pool_admin.users.suppression import Suppression, SuppressionList

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient

    from passcode.adapters.end_user_messaging import EndUserMessagingClient

# The number of calls for the delivery status of an email, and the seconds before each of them.
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
    *,
    is_call: bool = False,
) -> SentMessage:
    """Send to an email address, or to a phone number that begins with +. With `is_call`, call the number.

    For an email it polls SES for the delivery status for ten seconds. `sleep` waits, in seconds. `settings`
    are the environment variables of `deliver`. Raises `AdminError` if `to` is neither, if the stack does not
    allow its country or makes no calls, or if the provider refuses the message.
    """
    is_number = to.strip().startswith("+")
    if is_call and not is_number:
        raise AdminError("A call needs a phone number. Give --to a number with + and its country code.")
    channel = (VOICE if is_call else SMS) if is_number else EMAIL
    if channel.name in settings.get("GATEWAY_FUNCTION_ARN", "").partition("=")[0].split(","):
        raise AdminError(
            "Your gateway function sends such messages, not AWS. To test it, sign in with a code."
        )
    gateway = END_USER_MESSAGING if is_call else settings["SMS_GATEWAY"]
    provider = _SMS_PROVIDERS[gateway] if is_number else "SES"
    try:
        if is_number:
            send_to_phone = _call if is_call else _send_sms
            message_id = send_to_phone(clients, settings, _number(channel, settings, to))
            return SentMessage(channel.name, provider, message_id)
        if "@" in to:
            return _to_email(clients.ses, settings, _address(EMAIL, to), sleep)
    except ClientError as error:
        if error_code(error) in DENIED:
            raise
        message = str(error.response.get("Error", {}).get("Message", "")).rstrip(".")
        raise AdminError(
            f"{provider} refused it: {error.response.get('Reason') or message or error_code(error)}. "
            "Run `doctor`: it says how to fix the sender and the sandbox."
        ) from None
    raise AdminError(_NO_ADDRESS)


def _to_email(
    ses: SESV2Client, settings: Mapping[str, str], address: str, sleep: Callable[[float], None]
) -> SentMessage:
    message_id = _send_email(ses, settings, address)
    suppression = SuppressionList(ses).find_if_allowed(address)
    outcome = "" if suppression else _outcome(ses, message_id, sleep)
    return SentMessage("email", "SES", message_id, outcome, suppression)


def _text(settings: Mapping[str, str]) -> str:
    return _TEXT.format(app=settings["APP_NAME"])


def _address(channel: Channel, to: str) -> str:
    """Return the address in the form that `deliver` sends to."""
    address = channel.parse(to)
    if address is AddressFault.MALFORMED:
        raise AdminError(_NO_ADDRESS)
    if isinstance(address, AddressFault):
        raise AdminError(f"This address gets no code ({address.value}). {' '.join(REASONS[address])}")
    return address


def _send_email(ses: SESV2Client, settings: Mapping[str, str], to: str) -> str:
    subject = f"Test of {settings['APP_NAME']}"
    name = settings.get("CONFIGURATION_SET", "")
    named: Any = {"ConfigurationSetName": name} if name else {}
    response = ses.send_email(
        **named,
        FromEmailAddress=named_sender(settings["APP_NAME"], settings["SENDER_EMAIL"]),
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": _text(settings)}}}},
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


def _number(channel: Channel, settings: Mapping[str, str], to: str) -> str:
    """Return the number in the form that `deliver` sends to, if the stack sends to its country."""
    number = _address(channel, to)
    country = country_for_sms(number)
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
    return number


def _send_sms(clients: GatewayClients, settings: Mapping[str, str], to: str) -> str:
    gateway, max_price = settings["SMS_GATEWAY"], settings["SMS_MAX_PRICE"]
    if gateway == NOTIFY:
        raise AdminError("The templates of Notify are for codes only. To test them, sign in by SMS.")
    options, text = SmsOptions.read(Variables(settings), gateway, locales()), _text(settings)
    if gateway == SNS:
        attributes: Any = sms_attributes(max_price, options)
        return clients.sns.publish(PhoneNumber=to, Message=text, MessageAttributes=attributes)["MessageId"]
    request = text_request(text, max_price, options)
    return str(
        clients.end_user_messaging.send_text_message(DestinationPhoneNumber=to, **request)["MessageId"]
    )


def _call(clients: GatewayClients, settings: Mapping[str, str], to: str) -> str:
    options = SmsOptions.read(Variables(settings), settings["SMS_GATEWAY"], locales())
    if not options.voice_origination_identity:
        raise AdminError(
            "The stack makes no calls: SmsOptions has no voice_origination_identity. docs/gateways.md says "
            "how to set it."
        )
    content = MessageContent({"sms": _TEXT, "lang": "en"}, None, settings["APP_NAME"])
    request = voice_request(VOICE.render(content), settings["SMS_MAX_PRICE"], options)
    return str(
        clients.end_user_messaging.send_voice_message(DestinationPhoneNumber=to, **request)["MessageId"]
    )
