"""Checks of the delivery events: whether SES and End User Messaging report all of them to the stack."""

import json
import re
from collections.abc import Iterator

from passcode.adapters.sms_options import SNS
from passcode.delivery.events import EMAIL_EVENTS, PHONE_EVENTS
from tools.pool_admin import fixes
from tools.pool_admin.doctor.facts import EventFacts, Facts, StackFacts, Unchecked, WrongOptions
from tools.pool_admin.doctor.finding import Finding, Severity
from tools.pool_admin.doctor.phone import with_option

_DESTINATION = "delivery-events"
_LOST = (
    "After a failure, the next code goes to the same address again. FailedAfterSendingAlarm does not count "
    "it, and no log has it."
)
_END_OF_WORD = re.compile(r"(?<=[a-z]) ?(?=[A-Z])")
_PREFIXES = {"sms": "TEXT", "voice": "VOICE"}


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of the events of emails, SMS and calls that AWS sends."""
    known = facts.stack
    if not known:
        return
    if known.email_events and not isinstance(known.email_events, Unchecked):
        yield from _of_email(facts, known.email_events)
    yield from _of_phones(facts, known)


def name_in_api(event: str) -> str:
    """Return the name of an event in the API of SES: RENDERING_FAILURE for `Rendering Failure`."""
    return _END_OF_WORD.sub("_", event).upper()


def _of_email(facts: Facts, events: EventFacts) -> Iterator[Finding]:
    name = events.configuration_set
    about = f"SES configuration set {name}"
    if events.reported is None:
        yield Finding.of(
            Severity.ERROR,
            about,
            "The configuration set does not exist.",
            "SES refuses every email.",
            facts.aws(f"sesv2 create-configuration-set --configuration-set-name {name}"),
            _set_email_destination(facts, "create", events),
        )
        return
    missing = [event for event in _email_events() if event not in events.reported]
    if missing:
        action = "update" if events.destination else "create"
        yield Finding.of(
            Severity.WARNING,
            about,
            f"SES does not report {', '.join(missing)} to the stack.",
            _LOST,
            _set_email_destination(facts, action, events),
        )


def _email_events() -> list[str]:
    return sorted(map(name_in_api, EMAIL_EVENTS))


def _set_email_destination(facts: Facts, action: str, events: EventFacts) -> str:
    definition = {
        "Enabled": True,
        "MatchingEventTypes": _email_events(),
        "SnsDestination": {"TopicArn": events.topic},
    }
    return facts.aws(
        f"sesv2 {action}-configuration-set-event-destination "
        f"--configuration-set-name {events.configuration_set} "
        f"--event-destination-name {events.destination or _DESTINATION} "
        f"--event-destination '{json.dumps(definition)}'"
    )


def _of_phones(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    phone = known.phone
    topic = known.deployed.outputs.get("DeliveryEventsTopicArn", "")
    if not phone or not topic or isinstance(phone.options, WrongOptions):
        return
    # SNS has no events for SMS.
    channels = [name for name in phone.channels if name == "voice" or phone.gateway != SNS]
    if not channels:
        return
    kinds = [f"{_PREFIXES[name]}_ALL" for name in channels]
    if not phone.options.configuration_set:
        name = known.deployed.name
        yield Finding.of(
            Severity.WARNING,
            f"stack {name}",
            "SmsOptions names no configuration_set, so End User Messaging does not report "
            f"{' and '.join(kinds)}.",
            _LOST,
            facts.aws(f"pinpoint-sms-voice-v2 create-configuration-set --configuration-set-name {name}"),
            _set_destination(facts, "create", name, _DESTINATION, kinds, topic),
            fixes.deploy_with(with_option(known, f"configuration_set={name}")),
        )
    elif phone.events and not isinstance(phone.events, Unchecked):
        yield from _of_configuration_set(facts, phone.events, kinds)


def _of_configuration_set(facts: Facts, events: EventFacts, kinds: list[str]) -> Iterator[Finding]:
    name = events.configuration_set
    about = f"configuration set {name}"
    if events.reported is None:
        yield Finding.of(
            Severity.ERROR,
            about,
            "End User Messaging has no such configuration set in this region, and SmsOptions names it.",
            "AWS refuses each SMS and call. Codes go to another address of the user, or nowhere.",
            facts.aws(f"pinpoint-sms-voice-v2 create-configuration-set --configuration-set-name {name}"),
            _set_destination(facts, "create", name, _DESTINATION, kinds, events.topic),
        )
        return
    missing = [kind for kind in kinds if not _reports(events.reported, kind)]
    if missing:
        action = "update" if events.destination else "create"
        yield Finding.of(
            Severity.WARNING,
            about,
            f"End User Messaging does not report all of {' and '.join(missing)} to the stack.",
            _LOST,
            _set_destination(facts, action, name, events.destination or _DESTINATION, kinds, events.topic),
        )


def _reports(reported: tuple[str, ...], kind: str) -> bool:
    """Return whether all events of a kind, such as TEXT_ALL, are reported: together or one by one."""
    prefix = kind.removesuffix("ALL")
    singles = {event for event in PHONE_EVENTS if event.startswith(prefix)}
    return "ALL" in reported or kind in reported or singles <= set(reported)


def _set_destination(facts: Facts, action: str, name: str, label: str, kinds: list[str], topic: str) -> str:
    enabled = " --enabled" if action == "update" else ""
    return facts.aws(
        f"pinpoint-sms-voice-v2 {action}-event-destination --configuration-set-name {name} "
        f"--event-destination-name {label}{enabled} --matching-event-types {' '.join(kinds)} "
        f"--sns-destination TopicArn={topic}"
    )
