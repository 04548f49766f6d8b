"""SMS and calls through AWS End User Messaging: own texts (SMS, calls), or the templates of Notify.

If AWS refuses a message, its error has a `Reason`. A message expires with its code. The stack reports to AWS
which messages were answered (message feedback).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from passcode.adapters.aws_gateway import Outcome, message_tags, send_once
from passcode.adapters.sms_options import SmsOptions
from passcode.channels.channel import Channel
from passcode.channels.sms import SMS, TextMessage
from passcode.channels.voice import VOICE, VOICE_IDS, VoiceMessage
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken

_SERVICE = "End User Messaging"
# The bounds of TimeToLive in botocore's model, in seconds.
_SHORTEST_LIFE, _LONGEST_LIFE = 5, 259_200
# The reasons that apply to each message of the account, or to each message with these settings.
_STOPPED = (
    "ACCOUNT_DISABLED",
    "CHANNEL_NOT_ENABLED",
    "DAILY_NOTIFY_TIER_MESSAGE_LIMIT",
    # The account is in the sandbox.
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED",
    "INSUFFICIENT_ACCOUNT_REPUTATION",
    "INVALID_ARN",
    "MESSAGE_TYPE_MISMATCH",
    "MONTHLY_SPEND_LIMIT_REACHED_FOR_NOTIFY",
    "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
    "MONTHLY_SPEND_LIMIT_REACHED_FOR_VOICE",
    "NOTIFY_CONFIGURATION_NOT_ACTIVE",
    "NUMBER_CAPABILITIES_MISMATCH",
    "PROTECT_CONFIGURATION_NOT_ASSOCIATED_WITH_CONFIGURATION_SET",
    "RESOURCE_NOT_ACCESSIBLE",
    "RESOURCE_NOT_ACTIVE",
    "VOICE_CAPABILITY_NOT_AVAILABLE",
)
# The errors in the model of the three operations. The other reasons have the outcome of their error: they
# are about one number, one country, one price or one request.
OUTCOMES = {
    "AccessDeniedException": Outcome.LATER,
    "ConflictException": Outcome.FINAL,
    "InternalServerException": Outcome.UNKNOWN,
    "ResourceNotFoundException": Outcome.STOPPED,
    "ServiceQuotaExceededException": Outcome.FINAL,
    "ThrottlingException": Outcome.LATER,
    "ValidationException": Outcome.FINAL,
    **dict.fromkeys(_STOPPED, Outcome.STOPPED),
}


class EndUserMessagingClient(Protocol):
    """The operations of botocore's client `pinpoint-sms-voice-v2` that this stack uses."""

    def send_text_message(self, **request: Any) -> Mapping[str, Any]:
        """Send one SMS."""

    def send_notify_text_message(self, **request: Any) -> Mapping[str, Any]:
        """Send one SMS with a template of AWS."""

    def send_voice_message(self, **request: Any) -> Mapping[str, Any]:
        """Call a number and read a text."""

    def put_message_feedback(self, **request: Any) -> Mapping[str, Any]:
        """Report whether the user got a message."""


@dataclass(frozen=True)
class EndUserMessagingSms:
    """Sends SMS with the texts of this stack. `max_price` is the highest price of an SMS, in USD."""

    client: EndUserMessagingClient
    max_price: str
    options: SmsOptions

    @property
    def channel(self) -> Channel:
        """The channel of this gateway's messages."""
        return SMS

    def send(self, outgoing: Outgoing[TextMessage]) -> SendResult:
        """Send one SMS."""
        request = text_request(outgoing.message.text, self.max_price, self.options)
        result = send_once(_SERVICE, self.client.send_text_message, OUTCOMES, **request, **_of_each(outgoing))
        return _with_feedback(result, outgoing)


@dataclass(frozen=True)
class NotifySms:
    """Sends codes with a template of Notify, from numbers of AWS. The templates have no place for a purpose.

    A template has no last line that a phone can fill in from, and there are none for notices.
    """

    client: EndUserMessagingClient
    options: SmsOptions

    @property
    def channel(self) -> Channel:
        """The channel of this gateway's messages."""
        return SMS

    def send(self, outgoing: Outgoing[TextMessage]) -> SendResult:
        """Send one SMS. The response contains the code (`ResolvedMessageBody`), so it is dropped."""
        if not outgoing.digits:
            return NotTaken("no_template", final=True)
        templates = self.options.notify_templates
        result = send_once(
            _SERVICE,
            self.client.send_notify_text_message,
            OUTCOMES,
            NotifyConfigurationId=self.options.notify_configuration,
            TemplateVariables={"code": outgoing.digits},
            **_given(
                # Without one, AWS takes the default template of the configuration.
                TemplateId=templates.get(outgoing.language, templates.get("", "")),
                ConfigurationSetName=self.options.configuration_set,
            ),
            **_of_each(outgoing),
        )
        return _with_feedback(result, outgoing)


@dataclass(frozen=True)
class EndUserMessagingVoice:
    """Calls a number and reads a message. `max_price` is the highest price of one minute, in USD."""

    client: EndUserMessagingClient
    max_price: str
    options: SmsOptions

    @property
    def channel(self) -> Channel:
        """The channel of this gateway's messages."""
        return VOICE

    def send(self, outgoing: Outgoing[VoiceMessage]) -> SendResult:
        """Call once."""
        request = voice_request(outgoing.message, self.max_price, self.options)
        request |= _of_each(outgoing)
        result = send_once(_SERVICE, self.client.send_voice_message, OUTCOMES, **request)
        return _with_feedback(result, outgoing)


def text_request(text: str, max_price: str, options: SmsOptions) -> dict[str, Any]:
    """Return the members of SendTextMessage that do not depend on the number."""
    india = {"IN_ENTITY_ID": options.india_entity, "IN_TEMPLATE_ID": options.india_template}
    return _given(
        MessageBody=text,
        MessageType="TRANSACTIONAL",
        MaxPrice=max_price,
        OriginationIdentity=options.origination_identity,
        ConfigurationSetName=options.configuration_set,
        ProtectConfigurationId=options.protect_configuration,
        DestinationCountryParameters=_given(**india),
    )


def voice_request(message: VoiceMessage, max_price: str, options: SmsOptions) -> dict[str, Any]:
    """Return the members of SendVoiceMessage that do not depend on the number."""
    return _given(
        MessageBody=message.ssml,
        MessageBodyTextType="SSML",
        VoiceId=options.voice_ids.get(message.language, VOICE_IDS[message.language]),
        OriginationIdentity=options.voice_origination_identity,
        MaxPricePerMinute=max_price,
        ConfigurationSetName=options.configuration_set,
        ProtectConfigurationId=options.protect_configuration,
    )


def _of_each(outgoing: Outgoing[Any]) -> dict[str, Any]:
    """Return the members that the three operations have in common."""
    life = min(max(outgoing.expires_at - outgoing.now, _SHORTEST_LIFE), _LONGEST_LIFE)
    return _given(
        DestinationPhoneNumber=outgoing.to,
        # A code that arrives after its expiry only confuses the user.
        TimeToLive=life if outgoing.expires_at else None,
        Context=message_tags(outgoing),
        # AWS counts a message without feedback as lost after an hour.
        MessageFeedbackEnabled=outgoing.counts_as_unanswered,
    )


def _with_feedback(result: SendResult, outgoing: Outgoing[Any]) -> SendResult:
    wants_feedback = outgoing.counts_as_unanswered
    return replace(result, wants_feedback=wants_feedback) if isinstance(result, Taken) else result


def _given(**members: Any) -> dict[str, Any]:
    """Return the members of a request that have a value."""
    return {name: value for name, value in members.items() if value}
