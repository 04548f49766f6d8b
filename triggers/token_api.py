"""The Lambda function `token_api`: the HTTP API for confirmations, which are codes outside a sign-in.

/createToken and /verifyToken cost one DynamoDB write each. They issue challenges and check answers with the
same functions as the triggers. The Lambda function `deliver` sends the messages.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import client, with_deadline
from passcode.adapters.cognito_users import CognitoUsers
from passcode.adapters.confirmation_tables import IdempotencyTable, UsedProofTable
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.jwt_tokens import MacJwts, SignedJwts, jwks
from passcode.adapters.kms import KmsMac, KmsSigningKeys
from passcode.adapters.record_table import RecordTable
from passcode.adapters.sqs import SqsQueue, SqsQueues
from passcode.adapters.telemetry import make_telemetry
from passcode.channels.channel import AddressFault, Channel
from passcode.channels.registry import CHANNELS
from passcode.confirmation import responses
from passcode.confirmation.create import CodeRequests, ConfirmationCreator
from passcode.confirmation.recipient import UserRecipients
from passcode.confirmation.routes import Endpoints, resolver
from passcode.confirmation.verify import CodeAnswers, ConfirmationVerifier
from passcode.delivery.notices import Notices
from passcode.token_service.challenge import is_open_class
from passcode.token_service.policy import Policy


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function."""

    metrics_namespace: str
    monitoring: str
    table: str
    email_queue_url: str
    phone_queue_url: str
    policy: Policy
    order: tuple[Channel, ...]
    sms_countries: frozenset[str]
    code_key_id: str
    token_key_id: str
    proof_key_ids: tuple[str, ...]
    proof_life_seconds: int
    step_up_max_auth_age: int
    issuer: str
    user_pool_id: str
    salt: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            table=variables.text("TABLE_NAME"),
            email_queue_url=variables.text("EMAIL_QUEUE_URL"),
            phone_queue_url=variables.text("PHONE_QUEUE_URL"),
            policy=Policy.read(variables.whole_number),
            order=tuple(CHANNELS[name] for name in variables.names("CHANNEL_ORDER", CHANNELS)),
            sms_countries=frozenset(variables.names("SMS_COUNTRIES")),
            code_key_id=variables.text("CODE_KEY_ID"),
            token_key_id=variables.text("TOKEN_KEY_ID"),
            proof_key_ids=variables.names("PROOF_KEY_IDS"),
            proof_life_seconds=variables.whole_number("PROOF_LIFE_SECONDS", 60, 600),
            step_up_max_auth_age=variables.whole_number("STEP_UP_MAX_AUTH_AGE", 0, 31536000),
            issuer=variables.text("ISSUER"),
            user_pool_id=variables.text("USER_POOL_ID"),
            salt=variables.text("SALT"),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("token_api", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
_POLICY, _ORDER, _SALT = _SETTINGS.policy, _SETTINGS.order, _SETTINGS.salt
_ISSUER, _TABLE = _SETTINGS.issuer, _SETTINGS.table
_KMS = client("kms", attempts=4)
# After a lost response, a repeated write recognises itself. A repeated write to the counters of SMS reduces a
# count twice, which only makes a limit a little larger.
_DYNAMODB = client("dynamodb", attempts=4)
_SQS = client("sqs", attempts=3)
_QUEUES = SqsQueues(
    email_queue=SqsQueue(_SQS, _SETTINGS.email_queue_url),
    phone_queue=SqsQueue(_SQS, _SETTINGS.phone_queue_url),
)
_CODE_MAC = KmsMac(_KMS, _SETTINGS.code_key_id)
_TOKENS = MacJwts(KmsMac(_KMS, _SETTINGS.token_key_id))
_PROOF_KEYS = KmsSigningKeys(_KMS, _SETTINGS.proof_key_ids)
_USERS = CognitoUsers(cache(lambda: client("cognito-idp", attempts=4)), _SETTINGS.user_pool_id)
_POOL = UserRecipients(_USERS, _ORDER, _SALT, _SETTINGS.step_up_max_auth_age, _TELEMETRY)


def _country_of(number: str) -> str | None:
    from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415 - 25 ms, for SMS only

    country = country_for_sms(number)
    return country if country in _SETTINGS.sms_countries else None


def _fault_of(number: str, is_verified: bool) -> AddressFault | None:
    from passcode.channels.phone_number import sms_fault  # noqa: PLC0415

    return sms_fault(number, _SETTINGS.sms_countries, is_verified=is_verified)


def _record_sms_answer(kind: str, number_id: str, country: str) -> None:
    # Imported only here: only an answer to an SMS needs it.
    from passcode.adapters.message_feedback import report_received  # noqa: PLC0415
    from passcode.adapters.sms_budget_table import SmsBudgetTable  # noqa: PLC0415
    from passcode.delivery.sms_limits import number_key, record_answer  # noqa: PLC0415

    number = number_key(number_id, is_open_class=is_open_class(kind))
    try:
        record_answer(
            SmsBudgetTable(_DYNAMODB, _TABLE),
            number,
            lambda: country,
            int(time.time()),
            _TELEMETRY,
            report_received,
        )
    except Exception as error:  # the code is accepted and spent, so no error may refuse the caller
        _TELEMETRY.failed("an answered SMS was not recorded", error)


_CREATOR = ConfirmationCreator(
    confirmations=CodeRequests(
        store=RecordTable(_DYNAMODB, _TABLE, _POLICY),
        idempotency=IdempotencyTable(_DYNAMODB, _TABLE),
        put=_QUEUES.put,
        notices=Notices(_QUEUES.put, _TELEMETRY),
        policy=_POLICY,
    ),
    tokens=_TOKENS,
    pool=_POOL,
    order=_ORDER,
    country_of=_country_of,
    fault_of=_fault_of,
    salt=_SALT,
    issuer=_ISSUER,
    telemetry=_TELEMETRY,
)
_VERIFIER = ConfirmationVerifier(
    checker=CodeAnswers(_CODE_MAC, RecordTable(_DYNAMODB, _TABLE, _POLICY), _POLICY),
    tokens=_TOKENS,
    proofs=SignedJwts(_PROOF_KEYS),
    used=UsedProofTable(_DYNAMODB, _TABLE),
    pool=_POOL,
    country_of=_country_of,
    record_sms_answer=_record_sms_answer,
    issuer=_ISSUER,
    life=_SETTINGS.proof_life_seconds,
    telemetry=_TELEMETRY,
)
_APP = resolver(
    Endpoints(
        creator=_CREATOR,
        verifier=_VERIFIER,
        key_set=cache(partial(jwks, _PROOF_KEYS)),
        checks={
            "table": lambda: RecordTable(_DYNAMODB, _TABLE, _POLICY).read("health#ready"),
            "queue": _QUEUES.check,
            "code_key": lambda: _CODE_MAC(b"health"),
            "token_key": lambda: _TOKENS.mac(b"health"),
            "proof_key": lambda: _PROOF_KEYS.public(_PROOF_KEYS.current),
        },
        random_nonce=lambda: os.urandom(16).hex(),
        issuer=_ISSUER,
        telemetry=_TELEMETRY,
    )
)


@with_deadline
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle a proxy event of a REST API. Returns the HTTP response."""
    return responses.respond(_APP, event, context, _TELEMETRY)


cold_start.end()
