"""The Lambda function `verify_auth_challenge`: checks an answer for Cognito.

An answer costs one KMS call and one DynamoDB write. A request for another message costs neither. A response
with another action and a challenge of another stack do not either.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from passcode.adapters import cold_start
from passcode.adapters.botocore_clients import COGNITO_SECONDS, client, with_deadline
from passcode.adapters.environment import MONITORING, Variables
from passcode.adapters.kms import KmsMac
from passcode.adapters.record_table import RecordTable
from passcode.adapters.telemetry import guard, make_telemetry
from passcode.channels.channel import Channel, Destination, destination_id
from passcode.channels.registry import CHANNELS
from passcode.sign_in import events
from passcode.sign_in.events import Event, is_answer
from passcode.sign_in.verify import check_sign_in, read_challenge
from passcode.token_service.challenge import Challenge, is_open_class, kind_of
from passcode.token_service.check import Verdict
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused

if TYPE_CHECKING:
    # Only for the type: the function imports the telemetry of its adapter.
    from passcode.token_service.telemetry import Telemetry

CheckAnswer = Callable[[Event, Challenge], Verdict]


def respond(
    event: Event, check: CheckAnswer, accepted: Callable[[Event, Challenge], None], telemetry: "Telemetry"
) -> Event:
    """Return the VerifyAuthChallengeResponse `event` with its response.

    `check` checks an answer. `accepted` is called once for each accepted code, with the challenge on the
    channel of that code. Raises `Refused` if answers to this code are not checked any more: a user
    who saw "wrong code" instead would try again. Raises `Unavailable` too.
    """
    event["response"] = {"answerCorrect": False}
    if not is_answer(events.client_metadata(event)):
        return event
    challenge = read_challenge(event)
    telemetry.set_context(challenge.subject if challenge else None, challenge)
    verdict = check(event, challenge) if challenge else Verdict(Refusal.NO_CHALLENGE)
    if verdict.refusal:
        telemetry.refused(verdict.refusal)
        if verdict.refusal is Refusal.LONGER_CODE:
            raise Refused(verdict.refusal)
    elif challenge:
        event["response"] = {"answerCorrect": True}
        if not verdict.is_repeat:
            # Once only, so that a repeated round does not give back the budget of many SMS.
            accepted(event, challenge._replace(channel=verdict.channel))
    return event


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The settings of this function. `keeps_evidence`: tokens have assurance claims."""

    metrics_namespace: str
    monitoring: str
    table: str
    code_key_id: str
    order: tuple[Channel, ...]
    policy: Policy
    keeps_evidence: bool
    salt: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingError` if a variable is missing or wrong."""
        variables = Variables(environment)
        claims = variables.choice("ASSURANCE_CLAIMS", ("OFF", "ID_TOKEN", "ID_AND_ACCESS_TOKEN"))
        return cls(
            metrics_namespace=variables.text("METRICS_NAMESPACE"),
            monitoring=variables.choice("MONITORING", MONITORING),
            table=variables.text("TABLE_NAME"),
            code_key_id=variables.text("CODE_KEY_ID"),
            order=tuple(CHANNELS[name] for name in variables.names("CHANNEL_ORDER", CHANNELS)),
            policy=Policy.read(variables.whole_number),
            keeps_evidence=claims != "OFF",
            salt=variables.text("SALT"),
        )


_SETTINGS = Settings.from_environment(os.environ)
_TELEMETRY = make_telemetry("verify_auth_challenge", _SETTINGS.metrics_namespace, _SETTINGS.monitoring)
# After a lost response, a repeated write of an attempt recognises itself. A repeated write to the counters of
# SMS reduces a count twice, which only makes a limit a little larger.
_TABLE = client("dynamodb", attempts=4)
_STORE = RecordTable(_TABLE, _SETTINGS.table, _SETTINGS.policy)
_CODE_MAC = KmsMac(client("kms", attempts=4), _SETTINGS.code_key_id)


def _accepted(event: Event, challenge: Challenge) -> None:
    _TELEMETRY.verified(challenge, int(time.time()))
    channel = CHANNELS.get(challenge.channel)
    if channel and channel.billed_by_country:
        destination = channel.destination(events.attributes(event).get(channel.attribute, ""))
        if destination:
            try:
                _record_sms_answer(destination, is_open_class=is_open_class(kind_of(challenge.purpose)))
            except Exception as error:  # the code is accepted and spent, so no error may refuse the user
                _TELEMETRY.failed("an answered SMS was not recorded", error)


def _record_sms_answer(destination: Destination, *, is_open_class: bool) -> None:
    # Imported only here: only a sign-in by SMS needs it.
    from passcode.adapters.message_feedback import report_received  # noqa: PLC0415
    from passcode.adapters.sms_budget_table import SmsBudgetTable  # noqa: PLC0415
    from passcode.delivery.sms_limits import number_key, record_answer  # noqa: PLC0415

    record_answer(
        SmsBudgetTable(_TABLE, _SETTINGS.table),
        number_key(destination_id(destination, _SETTINGS.salt), is_open_class=is_open_class),
        lambda: _country_of(destination.value),
        int(time.time()),
        _TELEMETRY,
        report_received,
    )


def _country_of(number: str) -> str | None:
    # 25 ms, and a number that has been in use for a week does not need it.
    from passcode.channels.phone_number import country_for_sms  # noqa: PLC0415

    return country_for_sms(number)


def _handle(event: Event, _context: object) -> Event:
    check = partial(
        check_sign_in,
        order=_SETTINGS.order,
        code_mac=_CODE_MAC,
        store=_STORE,
        policy=_SETTINGS.policy,
        now=int(time.time()),
        salt=_SETTINGS.salt,
        keeps_evidence=_SETTINGS.keeps_evidence,
    )
    return respond(event, check, _accepted, _TELEMETRY)


handler = with_deadline(guard(_handle, _TELEMETRY), COGNITO_SECONDS)
cold_start.end()
