"""The door `deliver`: a message from the queue becomes a code in somebody's hand.

One KMS call and one message. It sees the code and the address, so nothing of a delivery goes into a log but
the challenge's id, or the source if it is one of Cognito's own messages.
"""

import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from passcode.adapters.botocore_clients import client
from passcode.adapters.kms import KmsMac
from passcode.adapters.ses import SesEmail
from passcode.adapters.sms_budget_table import SmsBudgetTable
from passcode.adapters.sns import SnsSms
from passcode.adapters.telemetry import make_telemetry
from passcode.cognito_messages.deliver import deliver_cognito_message
from passcode.cognito_messages.message import COGNITO, CognitoMessage
from passcode.delivery.dispatcher import Dispatcher, deliver
from passcode.delivery.envelope import Delivery, read_body
from passcode.delivery.gateway import Gateway
from passcode.delivery.sms_limits import SmsLimits, limit_gateways
from passcode.token_service.code import Code
from passcode.token_service.telemetry import Telemetry


def unpack(body: str) -> Delivery | CognitoMessage:
    """Read a queue body, by its kind. Raises ValueError, KeyError or TypeError if it is of neither kind."""
    return CognitoMessage.unpack(body) if read_body(body).get("kind") == COGNITO else Delivery.unpack(body)


def process_batch(
    event: dict[str, Any], one: Callable[[Delivery | CognitoMessage], None], telemetry: Telemetry
) -> dict[str, Any]:
    """Deliver each record of an SQS event; those that failed are named, and SQS brings them back later."""
    failures = []
    for record in event.get("Records", []):
        try:
            one(unpack(record["body"]))
        except Exception as error:  # one bad message must not take the others with it
            telemetry.failed("not sent", error)
            failures.append({"itemIdentifier": record.get("messageId", "")})
        finally:
            telemetry.set_context()
    return {"batchItemFailures": failures}


_TELEMETRY = make_telemetry("deliver")
_KMS = client("kms", attempts=2)
_CODE_MAC = KmsMac(_KMS, os.environ["CODE_KEY_ID"])
_DIGITS = int(os.environ["CODE_DIGITS"])
# The gateways by name: to add one, write its adapter and add its line here. The first gateway of a channel
# sends. Limits are around each gateway whose channel is billed by country.
# One attempt: the queue delivers again, and a repeat after a lost answer would be a second message.
GATEWAYS: dict[str, Gateway] = {
    "ses": SesEmail(
        client("sesv2", attempts=1, read_timeout=3),
        os.environ["SENDER_EMAIL"],
        os.environ["CONFIGURATION_SET"],
    ),
    "sns": SnsSms(
        client("sns", attempts=1, read_timeout=3),
        os.environ["SMS_MAX_PRICE"],
        os.environ.get("SMS_SENDER_ID", ""),
    ),
}
_DISPATCHER = Dispatcher(
    gateways=limit_gateways(
        GATEWAYS,
        SmsBudgetTable(client("dynamodb", attempts=2), os.environ["TABLE_NAME"]),
        SmsLimits(
            per_day=int(os.environ["SMS_PER_DAY"]),
            per_country=int(os.environ["SMS_PER_COUNTRY_PER_DAY"]),
            unanswered=int(os.environ["SMS_UNANSWERED_PER_COUNTRY"]),
        ),
        frozenset(os.environ["SMS_COUNTRIES"].split(",")),
    ),
    app=os.environ["APP_NAME"],
    host=os.environ["SIGN_IN_HOST"],
)


@cache
def _opener() -> Callable[[str], Code]:
    # Only now: it would add a third to each cold start, and most stacks never need it.
    from passcode.adapters.cognito_decryptor import CognitoDecryptor  # noqa: PLC0415

    return CognitoDecryptor(_KMS, os.environ["SENDER_KEY_ID"], os.environ["USER_POOL_ID"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Lambda's entry for a batch from SQS (ReportBatchItemFailures)."""
    now = int(time.time())

    def one(message: Delivery | CognitoMessage) -> None:
        if isinstance(message, CognitoMessage):
            deliver_cognito_message(message, _opener, _DISPATCHER, _TELEMETRY, now)
        else:
            deliver(message, _CODE_MAC, _DIGITS, _DISPATCHER, _TELEMETRY, now)

    return process_batch(event, one, _TELEMETRY)
