"""The Lambda function `create_auth_challenge`: creates the next challenge of a sign-in for Cognito.

A new code costs one DynamoDB write and one SQS message. By SMS it costs one read before them. This function
cannot compute the code, because its role has no permission for the KMS key.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import COGNITO_SECONDS, client, with_deadline
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.record_table import RecordTable
from passcode.adapters.sqs import SqsQueue, SqsQueues
from passcode.adapters.telemetry import guard, make_telemetry
from passcode.channels.channel import Channel, Destination, log_address_faults
from passcode.channels.registry import CHANNELS
from passcode.delivery.notices import Notices
from passcode.sign_in import events
from passcode.sign_in.create import ChallengeStatus, SignInCreator, read_user
from passcode.sign_in.events import Event
from passcode.sign_in.steps import CUSTOM_CHALLENGE, RoundLimits
from passcode.token_service.policy import Policy

if TYPE_CHECKING:
    # Only for the types: the function imports the telemetry of its adapter, and the limits for an SMS only.
    from passcode.delivery.sms_limits import SmsStop
    from passcode.token_service.telemetry import Telemetry


def respond(
    event: Event,
    sign_in: SignInCreator,
    order: tuple[Channel, ...],
    salt: str,
    telemetry: "Telemetry",
    nonce: str,
    round_id: str,
    now: int,
) -> Event:
    """Return the CreateAuthChallenge `event` with its response. `now` is in seconds since the epoch.

    `order` has the channels of the deployment, `salt` is its salt, and `nonce` is for a new challenge.
    `round_id` identifies this round, so that `verify` recognises a repeated answer. Raises `Refused` with a
    text for the user, `Unavailable`, or ValueError for metadata of another stack.
    """
    user = read_user(event, order, salt)
    telemetry.set_context(user.subject)
    rounds = [r for r in events.history(event) if r.get("challengeName") == CUSTOM_CHALLENGE]
    metadata = events.client_metadata(event)
    if not rounds and not events.user_not_found(event):
        log_address_faults(events.attributes(event), order, telemetry)
    challenge_round = sign_in.next_round(user, rounds, metadata, nonce, now)
    telemetry.set_context(user.subject, challenge_round.challenge)
    if challenge_round.status is ChallengeStatus.SENT and challenge_round.challenge:
        telemetry.issued(challenge_round.challenge.channel)
        if challenge_round.resend_at - now > sign_in.policy.cooldown_seconds:
            telemetry.rate_used_up(challenge_round.challenge)
    if challenge_round.status is ChallengeStatus.WAITING and challenge_round.challenge:
        telemetry.waiting(challenge_round.challenge.channel)
    event["response"] = {
        "publicChallengeParameters": sign_in.public(user, challenge_round, now),
        "privateChallengeParameters": challenge_round.private | {"round": round_id},
        "challengeMetadata": challenge_round.metadata,
    }
    return event


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function."""

    metrics_namespace: str
    monitoring: str
    table: str
    email_queue_url: str
    phone_queue_url: str
    policy: Policy
    limits: RoundLimits
    order: tuple[Channel, ...]
    choice_asked: bool
    sms_caps: tuple[int, int, int]  # the fields of `SmsLimits`
    sms_countries: frozenset[str]
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
            limits=RoundLimits.read(variables.whole_number),
            order=tuple(CHANNELS[name] for name in variables.names("CHANNEL_ORDER", CHANNELS)),
            choice_asked=variables.choice("CHANNEL_CHOICE", ("PREFERENCE", "ASK")) == "ASK",
            sms_caps=(
                variables.whole_number("SMS_PER_DAY", 0, 100_000_000),
                variables.whole_number("SMS_PER_COUNTRY_PER_DAY", 0, 100_000_000),
                variables.whole_number("SMS_UNANSWERED_PER_COUNTRY", 1, 100_000_000),
            ),
            sms_countries=frozenset(variables.names("SMS_COUNTRIES")),
            salt=variables.text("SALT"),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("create_auth_challenge", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
_SQS = client("sqs", attempts=3)
_PUT = SqsQueues(
    email_queue=SqsQueue(_SQS, _SETTINGS.email_queue_url),
    phone_queue=SqsQueue(_SQS, _SETTINGS.phone_queue_url),
).put
_TABLE = client("dynamodb", attempts=4)


def _sms_stop(to: Destination | None, now: int) -> "SmsStop | None":
    # Imported only here: only a sign-in by SMS needs it.
    from passcode.adapters.sms_budget_table import SmsBudgetTable  # noqa: PLC0415
    from passcode.delivery.sms_limits import SmsLimits, find_stop  # noqa: PLC0415

    counters = SmsBudgetTable(_TABLE, _SETTINGS.table)
    limits, countries = SmsLimits(*_SETTINGS.sms_caps), _SETTINGS.sms_countries
    return find_stop(counters, to, limits, _SETTINGS.salt, now, _TELEMETRY, countries)


_SIGN_IN = SignInCreator(
    store=RecordTable(_TABLE, _SETTINGS.table, _SETTINGS.policy),
    put=_PUT,
    notices=Notices(_PUT, _TELEMETRY),
    policy=_SETTINGS.policy,
    limits=_SETTINGS.limits,
    choice_asked=_SETTINGS.choice_asked,
    sms_stop=_sms_stop,
)


def _handle(event: Event, _context: object) -> Event:
    nonce, round_id, now = os.urandom(16).hex(), os.urandom(8).hex(), int(time.time())
    return respond(event, _SIGN_IN, _SETTINGS.order, _SETTINGS.salt, _TELEMETRY, nonce, round_id, now)


handler = with_deadline(guard(_handle, _TELEMETRY), COGNITO_SECONDS)
cold_start.end()
