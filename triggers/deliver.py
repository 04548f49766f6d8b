"""The door `deliver`: a message from the queue becomes a code in somebody's hand.

One KMS call and one message. It sees the code and the address, so nothing of a delivery goes into a log but
the challenge's id, or the source if it is one of Cognito's own messages.
"""

import json
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from passcode.adapters.botocore_clients import client
from passcode.adapters.kms import KmsMac
from passcode.adapters.ses import Mail
from passcode.adapters.sms_budget_table import SmsBudget
from passcode.adapters.sns import Texts
from passcode.adapters.telemetry import telemetry
from passcode.cognito_messages.deliver import deliver_cognitos
from passcode.cognito_messages.message import Sealed
from passcode.delivery.dispatcher import Sender, deliver
from passcode.delivery.envelope import Delivery
from passcode.delivery.sms_limits import LimitedSms, SmsCaps
from passcode.token_service.code import RawCode
from passcode.token_service.telemetry import Telemetry


def unpack(body: str) -> Delivery | Sealed:
    """Read a body from the queue: one of our codes, or a message of Cognito's.

    Raises ValueError or KeyError if it is neither.
    """
    return Sealed.unpack(body) if "sealed" in json.loads(body) else Delivery.unpack(body)


def deliver_batch(
    event: dict[str, Any], one: Callable[[Delivery | Sealed], None], tell: Telemetry
) -> dict[str, Any]:
    """Deliver each record of an SQS event; those that failed are named, and SQS brings them back later."""
    failures = []
    for record in event.get("Records", []):
        try:
            one(unpack(record["body"]))
        except Exception as error:  # one bad message must not take the others with it
            tell.failed("not sent", error)
            failures.append({"itemIdentifier": record.get("messageId", "")})
        finally:
            tell.about()
    return {"batchItemFailures": failures}


_TELL = telemetry("deliver")
_KMS = client("kms", attempts=2)
_CODE_MAC = KmsMac(_KMS, os.environ["CODE_KEY_ID"])
_DIGITS = int(os.environ["CODE_DIGITS"])
_SENDER = Sender(
    # One attempt: the queue tries again, and a repeat after a lost answer would be a second message.
    mail=Mail(
        client("sesv2", attempts=1, patience=3), os.environ["SENDER_EMAIL"], os.environ["CONFIGURATION_SET"]
    ),
    texts=LimitedSms(
        Texts(
            client("sns", attempts=1, patience=3),
            os.environ["SMS_MAX_PRICE"],
            os.environ.get("SMS_SENDER_ID", ""),
        ),
        SmsBudget(client("dynamodb", attempts=2), os.environ["TABLE_NAME"]),
        SmsCaps(
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
def _opener() -> Callable[[str], RawCode]:
    # Only now: it would add a third to each cold start, and most stacks never need it.
    from passcode.adapters.cognito_decryptor import Opener  # noqa: PLC0415

    return Opener(_KMS, os.environ["SENDER_KEY_ID"], os.environ["USER_POOL_ID"])


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Lambda's entry for a batch from SQS (ReportBatchItemFailures)."""
    now = int(time.time())

    def one(message: Delivery | Sealed) -> None:
        if isinstance(message, Sealed):
            deliver_cognitos(message, _opener, _SENDER, _TELL, now)
        else:
            deliver(message, _CODE_MAC, _DIGITS, _SENDER, _TELL, now)

    return deliver_batch(event, one, _TELL)
