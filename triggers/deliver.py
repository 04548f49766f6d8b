"""The Lambda function `deliver`: sends the messages from the queue to their users.

Each message costs one KMS call and one call to a gateway. This function knows the code and the address, but
it logs neither. It logs the ids of the user and the challenge, or the source of a Cognito message.
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
    """Read a queue body of either kind. Raises ValueError for any other body."""
    return CognitoMessage.unpack(body) if read_body(body).get("kind") == COGNITO else Delivery.unpack(body)


def process_batch(
    event: dict[str, Any], one: Callable[[Delivery | CognitoMessage], None], telemetry: Telemetry
) -> dict[str, Any]:
    """Deliver each record of an SQS event with `one`. Returns the ids of the records that failed.

    SQS delivers the failed records again later.
    """
    failures = []
    for record in event.get("Records", []):
        try:
            one(unpack(record["body"]))
        except Exception as error:  # an error in one message must not stop the other messages
            telemetry.failed("not sent", error)
            failures.append({"itemIdentifier": record.get("messageId", "")})
        finally:
            telemetry.set_context()
    return {"batchItemFailures": failures}


_TELEMETRY = make_telemetry("deliver")
_KMS = client("kms", attempts=2)
_CODE_MAC = KmsMac(_KMS, os.environ["CODE_KEY_ID"])
_DIGITS = int(os.environ["CODE_DIGITS"])
# The gateways by name. To add one, write its adapter and add its line here. The first gateway of a channel
# sends the messages of that channel. `limit_gateways` adds limits if the channel is billed by country.
# One attempt only: after a lost response, a repeat would send a second message. The queue delivers again.
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
    # Imported only here: the import makes each cold start a third longer, and most stacks never need it.
    from passcode.adapters.cognito_decryptor import CognitoDecryptor  # noqa: PLC0415

    return CognitoDecryptor(_KMS, os.environ["SENDER_KEY_ID"], os.environ["USER_POOL_ID"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Handle a batch of messages from SQS. Returns the failures (ReportBatchItemFailures)."""
    now = int(time.time())

    def one(message: Delivery | CognitoMessage) -> None:
        if isinstance(message, CognitoMessage):
            deliver_cognito_message(message, _opener, _DISPATCHER, _TELEMETRY, now)
        else:
            deliver(message, _CODE_MAC, _DIGITS, _DISPATCHER, _TELEMETRY, now)

    return process_batch(event, one, _TELEMETRY)
