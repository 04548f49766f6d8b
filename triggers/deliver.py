"""The Lambda function `deliver`: sends the messages from the queue to their users.

Each message costs one KMS call and one call to a gateway. This function knows the code and the address, but
it logs neither. It logs the ids of the user and the challenge, or the source of a Cognito message.
"""

import os
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import client, seconds_for, with_deadline
from passcode.adapters.email_budget_table import EmailBudgetTable
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.kms import KmsMac
from passcode.adapters.received_messages import SqsReceivedMessages
from passcode.adapters.ses import SesEmail, named_sender
from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.adapters.sms_options import END_USER_MESSAGING, SMS_GATEWAYS, SNS, SmsOptions
from passcode.adapters.telemetry import make_telemetry
from passcode.channels.channel import MailBrand
from passcode.channels.registry import CHANNELS
from passcode.cognito_messages.deliver import deliver_cognito_message
from passcode.cognito_messages.message import COGNITO, CognitoMessage
from passcode.delivery.dispatcher import (
    Dispatcher,
    InvalidBody,
    NewerMessages,
    Receive,
    Undeliverable,
    deliver,
    deliver_notice,
)
from passcode.delivery.email_limits import EmailBudget, LimitedEmail
from passcode.delivery.envelope import CHANGED, ChangeNotice, Delivery, read_body
from passcode.delivery.gateway import Gateway
from passcode.delivery.limits import limit_gateways
from passcode.delivery.sms_limits import LimitedSms, SmsLimits
from passcode.texts.catalogue import email_logo, is_png, locales
from passcode.token_service.challenge import Code
from passcode.token_service.policy import BOUNDS
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry

if TYPE_CHECKING:
    from passcode.adapters.delivery_table import DeliveryTable

Queued = Delivery | ChangeNotice | CognitoMessage


# Seconds until the next receive, after the first, the second and each later failed one.
_RETRY_SECONDS = (5, 10, 20)
# This number of receives takes about 800 seconds, longer than any code of this stack is valid.
_MOST_RECEIVES = 40


class ReceivedMessages(Protocol):
    """The port to the queues of this function. Both methods raise `Unavailable`."""

    def delay(self, record: Mapping[str, Any], seconds: int) -> None:
        """Have SQS deliver the message of `record` again after `seconds`."""

    def move_to_dead_letters(self, record: Mapping[str, Any]) -> None:
        """Put the message of `record` into the dead-letter queue."""


def unpack(body: str) -> Queued:
    """Read a queue body of any kind. Raises ValueError for any other body."""
    kind = read_body(body).get("kind")
    if kind == COGNITO:
        return CognitoMessage.unpack(body)
    return ChangeNotice.unpack(body) if kind == CHANGED else Delivery.unpack(body)


def process_batch(
    event: dict[str, Any],
    deliver_message: Callable[[Queued, int], None],
    queues: ReceivedMessages,
    telemetry: Telemetry,
    cognito_queue: str,
) -> dict[str, Any]:
    """Deliver each record of an SQS event with `deliver_message`. Returns the ids of the records that failed.

    `deliver_message` gets the message and the number of its receives. SQS delivers the failed records again
    within seconds. A record that cannot be delivered is moved to the dead letters. `cognito_queue` is the
    name of the queue of Cognito's messages.
    """
    failures = []
    for record in event.get("Records", []):
        try:
            _process(record, deliver_message, queues, telemetry, cognito_queue)
        except Exception as error:  # an error in one message must not stop the other messages
            telemetry.failed("not sent", error)
            failures.append({"itemIdentifier": record.get("messageId", "")})
            delay = _RETRY_SECONDS[min(_receives(record), len(_RETRY_SECONDS)) - 1]
            # If this fails, SQS delivers the message again after the visibility time-out of its queue.
            with suppress(Unavailable):
                queues.delay(record, delay)
        finally:
            telemetry.set_context()
    return {"batchItemFailures": failures}


def _process(
    record: Mapping[str, Any],
    deliver_message: Callable[[Queued, int], None],
    queues: ReceivedMessages,
    telemetry: Telemetry,
    cognito_queue: str,
) -> None:
    receives = _receives(record)
    try:
        deliver_message(_read(record, cognito_queue), receives)
    except InvalidBody as error:
        queues.move_to_dead_letters(record)
        telemetry.failed("not sent", error)
    except (Undeliverable, Unavailable) as error:
        if isinstance(error, Unavailable) and receives < _MOST_RECEIVES:
            raise
        queues.move_to_dead_letters(record)
        telemetry.count("undelivered")
        telemetry.log.warning("undelivered", extra={"why": str(error)})


def _read(record: Mapping[str, Any], cognito_queue: str) -> Queued:
    try:
        message = unpack(record["body"])
    except ValueError:
        # The text of the error may contain a part of the body.
        raise InvalidBody("the body is not from this stack") from None
    # Only `custom_sender` can write to the queue of Cognito's messages. Another principal that has a
    # ciphertext, and can write to another queue, could have its code sent to an address of its choice.
    if isinstance(message, CognitoMessage) and not _is_from(record, cognito_queue):
        raise InvalidBody("the message of Cognito is in the queue of other messages")
    return message


def _is_from(record: Mapping[str, Any], queue: str) -> bool:
    return bool(queue) and record.get("eventSourceARN", "").rpartition(":")[2] == queue


def _receives(record: Mapping[str, Any]) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


# The bounds of the caps on messages per day.
_PER_DAY = (0, 100_000_000)
# The last one is for Cognito's messages.
_QUEUE_URLS = ("EMAIL_QUEUE_URL", "PHONE_QUEUE_URL", "COGNITO_QUEUE_URL")


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function. A stack without custom senders has no sender key and no user pool."""

    metrics_namespace: str
    monitoring: str
    table: str
    code_key_id: str
    app_name: str
    default_locale: str
    sender_email: str
    sign_in_host: str
    configuration_set: str
    ses_region: str
    sms_countries: frozenset[str]
    sms_limits: SmsLimits
    sms_max_price: str
    sms_gateway: str
    sms_options: SmsOptions
    emails_per_day: int
    cooldown_seconds: int
    queue_urls: tuple[str, ...]
    dead_letters_url: str
    brand_color: str
    brand_logo: str
    support_url: str
    gateway_function: tuple[tuple[str, ...], str]
    sender_key_id: str
    user_pool_id: str
    salt: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        sms_gateway = variables.choice("SMS_GATEWAY", SMS_GATEWAYS)
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            table=variables.text("TABLE_NAME"),
            code_key_id=variables.text("CODE_KEY_ID"),
            app_name=variables.text("APP_NAME"),
            default_locale=variables.choice("DEFAULT_LOCALE", sorted(locales())),
            sender_email=variables.text("SENDER_EMAIL"),
            sign_in_host=variables.text("SIGN_IN_HOST"),
            configuration_set=variables.optional_text("CONFIGURATION_SET"),
            ses_region=variables.text("SES_REGION"),
            sms_countries=frozenset(variables.names("SMS_COUNTRIES")),
            sms_limits=SmsLimits(
                per_day=variables.whole_number("SMS_PER_DAY", *_PER_DAY),
                per_country=variables.whole_number("SMS_PER_COUNTRY_PER_DAY", *_PER_DAY),
                unanswered=variables.whole_number("SMS_UNANSWERED_PER_COUNTRY", 1, 100_000_000),
            ),
            sms_max_price=variables.text("SMS_MAX_PRICE"),
            sms_gateway=sms_gateway,
            sms_options=SmsOptions.read(variables, sms_gateway, locales()),
            emails_per_day=variables.whole_number("EMAILS_PER_DAY", *_PER_DAY),
            cooldown_seconds=variables.whole_number("COOLDOWN_SECONDS", *BOUNDS["cooldown_seconds"]),
            queue_urls=tuple(variables.text(name) for name in _QUEUE_URLS),
            dead_letters_url=variables.text("DEAD_LETTERS_URL"),
            brand_color=variables.text("BRAND_COLOR"),
            brand_logo=variables.optional_text("BRAND_LOGO"),
            support_url=variables.optional_text("SUPPORT_URL"),
            gateway_function=variables.names_and_value("GATEWAY_FUNCTION_ARN", CHANNELS),
            sender_key_id=variables.optional_text("SENDER_KEY_ID"),
            user_pool_id=variables.optional_text("USER_POOL_ID"),
            salt=variables.text("SALT"),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("deliver", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
# A URL and an ARN end with the name of the queue.
_COGNITO_QUEUE = _SETTINGS.queue_urls[-1].rpartition("/")[2]
# The wait for a gateway, in seconds. A slow gateway that accepts the message must not look like a time-out.
_PATIENCE = 6.5
_KMS = client("kms", attempts=2)
_CODE_MAC = KmsMac(_KMS, _SETTINGS.code_key_id)


def _phone_gateways(settings: Settings) -> dict[str, Gateway]:
    """Return the gateway for SMS that the settings choose, and that for calls if they have a number for it.

    Only their modules are imported and only their clients are made: each client makes a cold start longer.
    """
    if settings.sms_gateway == SNS and not settings.sms_options.voice_origination_identity:
        return _sns(settings)
    from passcode.adapters import end_user_messaging as service  # noqa: PLC0415

    options, max_price = settings.sms_options, settings.sms_max_price
    messaging = client("pinpoint-sms-voice-v2", attempts=1, read_timeout=_PATIENCE)
    gateways: dict[str, Gateway] = {}
    if settings.sms_gateway == SNS:
        gateways = _sns(settings)
    elif settings.sms_gateway == END_USER_MESSAGING:
        gateways["end_user_messaging"] = service.EndUserMessagingSms(messaging, max_price, options)
    else:
        gateways["notify"] = service.NotifySms(messaging, options)
    if options.voice_origination_identity:
        gateways["calls"] = service.EndUserMessagingVoice(messaging, max_price, options)
    return gateways


def _sns(settings: Settings) -> dict[str, Gateway]:
    from passcode.adapters.sns import SnsSms  # noqa: PLC0415

    sns = client("sns", attempts=1, read_timeout=_PATIENCE)
    return {"sns": SnsSms(sns, settings.sms_max_price, settings.sms_options)}


def _function_gateways(channels: tuple[str, ...], arn: str) -> dict[str, Gateway]:
    """Return the gateways to the operator's gateway function `arn`, one for each of its `channels`."""
    if not arn:
        return {}
    # Imported only here: most stacks have no gateway function.
    from passcode.adapters.function_gateway import FunctionGateway  # noqa: PLC0415

    invoker = client("lambda", attempts=1, read_timeout=_PATIENCE)
    return {
        f"function_{name}": FunctionGateway(invoker, arn, CHANNELS[name], _SETTINGS.app_name)
        for name in channels
    }


# The gateways by name. To add one, write its adapter and add its line here. The first gateway of a channel
# sends the messages of that channel. `limit_gateways` adds the limits of the channel.
# One attempt only: after a lost response, a repeat would send a second message. The dispatcher repeats a
# message that certainly was not sent.
GATEWAYS: dict[str, Gateway] = {
    **_function_gateways(*_SETTINGS.gateway_function),
    "ses": SesEmail(
        client("sesv2", attempts=1, read_timeout=_PATIENCE, region=_SETTINGS.ses_region),
        named_sender(_SETTINGS.app_name, _SETTINGS.sender_email),
        _SETTINGS.configuration_set,
    ),
    **_phone_gateways(_SETTINGS),
}
_TABLE = client("dynamodb", attempts=2, read_timeout=1)
_QUEUES = SqsReceivedMessages(
    client("sqs", attempts=2, read_timeout=0.7), _SETTINGS.queue_urls, _SETTINGS.dead_letters_url
)


def _png(uri: str) -> bytes:
    """Return the content of a base64 `data:` URI with a PNG file; empty for any other text.

    Mail programs show no SVG, and some show no WebP. A wrong logo must not stop the codes.
    """
    kind, _, content = uri.partition(",")
    if kind != "data:image/png;base64":
        return b""
    try:
        png = b64decode(content, validate=True)
    except ValueError:
        return b""
    return png if is_png(png) else b""


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


_DISPATCHER = Dispatcher(
    gateways=limit_gateways(
        GATEWAYS,
        by_country=partial(
            LimitedSms,
            counters=SmsBudgetTable(_TABLE, _SETTINGS.table),
            limits=_SETTINGS.sms_limits,
            countries=_SETTINGS.sms_countries,
            salt=_SETTINGS.salt,
        ),
        by_day=partial(
            LimitedEmail,
            budget=EmailBudget(
                EmailBudgetTable(_TABLE, _SETTINGS.table), _SETTINGS.emails_per_day, _TELEMETRY
            ),
        ),
    ),
    app=_SETTINGS.app_name,
    host=_SETTINGS.sign_in_host,
    sleep=_sleep,
    default_locale=_SETTINGS.default_locale,
    mail=MailBrand(_SETTINGS.brand_color, email_logo() or _png(_SETTINGS.brand_logo)),
    support_url=_SETTINGS.support_url,
)


@cache
def _make_decryptor() -> Callable[[str], Code]:
    # Imported only here: the import makes each cold start a third longer, and most stacks never need it.
    from passcode.adapters.cognito_decryptor import CognitoDecryptor  # noqa: PLC0415

    return CognitoDecryptor(_KMS, _SETTINGS.sender_key_id, _SETTINGS.user_pool_id)


@cache
def _delivery_table() -> "DeliveryTable":
    # Imported only here, for notices and retries.
    from passcode.adapters.delivery_table import DeliveryTable  # noqa: PLC0415

    return DeliveryTable(_TABLE, _SETTINGS.table)


@with_deadline
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a batch of messages from SQS. Returns the failures (ReportBatchItemFailures)."""
    now = int(time.time())
    newer = NewerMessages(lambda key: _delivery_table().newest_sent_at(key), _SETTINGS.cooldown_seconds)

    def deliver_message(message: Queued, receives: int) -> None:
        receive = Receive(now, receives, lambda: seconds_for(context, inf))
        if isinstance(message, CognitoMessage):
            deliver_cognito_message(message, _make_decryptor, _DISPATCHER, _TELEMETRY, receive)
        elif isinstance(message, ChangeNotice):
            deliver_notice(message, _DISPATCHER, _TELEMETRY, receive, _delivery_table())
        else:
            deliver(message, _CODE_MAC, _SETTINGS.salt, _DISPATCHER, _TELEMETRY, receive, newer)

    return process_batch(event, deliver_message, _QUEUES, _TELEMETRY, _COGNITO_QUEUE)


cold_start.end()
