"""Checks of SMS and calls: the options, the senders, their rates, and the countries that are blocked."""

import json
from collections.abc import Callable, Iterator

from passcode.adapters.sms_options import NOTIFY, SNS
from tools.pool_admin import fixes
from tools.pool_admin.aws_resources.stack import DeployedStack, split_list
from tools.pool_admin.doctor.account import or_lower
from tools.pool_admin.doctor.facts import (
    ACTIVE,
    Facts,
    PhoneFacts,
    ProtectFacts,
    SenderFacts,
    StackFacts,
    Unchecked,
    WrongOptions,
)
from tools.pool_admin.doctor.finding import Finding, Severity

_SERVICE = "End User Messaging"
_MESSAGES = {"SMS": "SMS", "VOICE": "calls"}
_TRANSACTIONAL = "TRANSACTIONAL"
_LISTS = {
    "notify_configuration": "describe-notify-configurations",
    "origination_identity": "describe-phone-numbers",
    "voice_origination_identity": "describe-phone-numbers",
}
# The most digits of a code in a template of Notify. AWS's guide to Notify has the pattern: 4 to 8 digits.
_NOTIFY_DIGITS = 8
_NOT_SENT = "AWS refuses each of these messages. Codes go to another address of the user, or nowhere."


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of SMS and calls, if AWS sends them."""
    phone = facts.stack.phone if facts.stack else None
    if not facts.stack or not phone:
        return
    if isinstance(phone.options, WrongOptions):
        yield Finding.of(
            Severity.ERROR,
            f"stack {facts.stack.deployed.name}",
            f"SmsOptions is wrong: {phone.options.error}",
            "deliver does not start, so no message is sent: no email either.",
            fixes.deploy_with('SmsOptions="NAME=VALUE"') + " docs/gateways.md has the options.",
        )
        return
    yield from _no_caller(facts.stack, phone, phone.options.voice_origination_identity)
    yield from _notify(facts.stack.deployed, phone)
    for sender in phone.senders:
        if not isinstance(sender, Unchecked):
            for rule in _OF_SENDERS:
                yield from rule(facts, facts.stack, sender)
    for protect in phone.protect:
        if not isinstance(protect, Unchecked):
            yield from _protect(facts, facts.stack, protect)


def _no_caller(known: StackFacts, phone: PhoneFacts, caller: str) -> Iterator[Finding]:
    if "voice" not in phone.channels or caller:
        return
    others = ",".join(name for name in known.deployed.channels if name != "voice")
    yield Finding.of(
        Severity.ERROR,
        f"stack {known.deployed.name}",
        "voice is in ChannelOrder, and no service makes the calls.",
        "Each call fails with no_gateway. The code goes to the user's email address, or nowhere.",
        fixes.deploy_with(with_option(known, "voice_origination_identity=NUMBER")),
        f"Or: {fixes.deploy_with(_with_function(known))}",
        *([f"Or: {fixes.deploy_with(f'ChannelOrder={others}')}"] if others else []),
    )


def _notify(deployed: DeployedStack, phone: PhoneFacts) -> Iterator[Finding]:
    if phone.gateway != NOTIFY or "sms" not in phone.channels:
        return
    digits = deployed.parameters.get("CodeDigits", "")
    if any(int(each) > _NOTIFY_DIGITS for each in split_list(digits)):
        yield Finding.of(
            Severity.ERROR,
            f"stack {deployed.name}",
            f"CodeDigits is {digits}, and a template of Notify takes a code of 4 to {_NOTIFY_DIGITS} digits.",
            _NOT_SENT,
            fixes.deploy_with("CodeDigits=6,8"),
        )
    if "email" not in deployed.channels:
        yield Finding.of(
            Severity.WARNING,
            f"stack {deployed.name}",
            "Notify sends no long code, and email is not in ChannelOrder.",
            "After wrong answers, which can be a stranger's, a code has 20 digits. No user gets it by SMS.",
            fixes.deploy_with(f"ChannelOrder={','.join(deployed.channels)},email"),
            f"Or: {fixes.deploy_with('SmsGateway=END_USER_MESSAGING')}",
        )


def _with_function(known: StackFacts) -> str:
    """Return GatewayFunctionArn with calls too. SAM needs quotes around a value with an equals sign."""
    others, arn = known.deployed.gateway_function
    return f'GatewayFunctionArn="{",".join([*others, "voice"])}={arn or "ARN"}"'


def with_option(known: StackFacts, option: str) -> str:
    """Return the parameter SmsOptions with one more option."""
    current = known.deployed.parameters.get("SmsOptions", "")
    return f'SmsOptions="{current},{option}"' if current else f'SmsOptions="{option}"'


def _exists(facts: Facts, _known: StackFacts, sender: SenderFacts) -> Iterator[Finding]:
    if not sender.status:
        yield _of_sender(
            Severity.ERROR,
            sender,
            f"AWS has no {sender.identity} in this region, and SmsOptions names it.",
            _NOT_SENT,
            facts.aws(f"pinpoint-sms-voice-v2 {_LISTS[sender.option]}") + " lists those that you have.",
        )
    elif sender.status != ACTIVE:
        yield _of_sender(
            Severity.ERROR,
            sender,
            f"{sender.identity} is {sender.status}, not {ACTIVE}.",
            _NOT_SENT,
            f"Open it in the console of {_SERVICE}. Its page shows the missing step, such as a registration.",
        )


def _can_send(_facts: Facts, _known: StackFacts, sender: SenderFacts) -> Iterator[Finding]:
    messages = _MESSAGES[sender.capability]
    if sender.capabilities and sender.capability not in sender.capabilities:
        yield _of_sender(
            Severity.ERROR,
            sender,
            f"{sender.identity} is not for {messages}: AWS names {', '.join(sender.capabilities)}.",
            _NOT_SENT,
            f"Request one that can send {messages} in the console of {_SERVICE}, and put it into SmsOptions.",
        )
    # A request for a call has no type of message.
    if sender.capability == "SMS" and sender.message_types and _TRANSACTIONAL not in sender.message_types:
        yield _of_sender(
            Severity.ERROR,
            sender,
            f"{sender.identity} is for {', '.join(sender.message_types)} messages, and codes are "
            f"{_TRANSACTIONAL}.",
            _NOT_SENT,
            f"Request a {_TRANSACTIONAL} one in the console of {_SERVICE}, and put it into SmsOptions.",
        )


def _countries(_facts: Facts, known: StackFacts, sender: SenderFacts) -> Iterator[Finding]:
    allowed = _allowed(known)
    missing = [country for country in allowed if country not in sender.countries]
    if sender.countries and missing:
        reached = [country for country in allowed if country in sender.countries]
        yield _of_sender(
            Severity.WARNING,
            sender,
            f"{sender.identity} is not for {', '.join(missing)}, which SmsCountries allows.",
            _NOT_SENT,
            f"Request one for these countries in the console of {_SERVICE}. A pool can hold several.",
            *_or_countries(reached),
        )


def _rate(_facts: Facts, known: StackFacts, sender: SenderFacts) -> Iterator[Finding]:
    at_once = known.deployed.messages_to_phones_at_once
    # As for email: a call of deliver sends one message and takes less than a second.
    if 0 < sender.per_second < at_once:
        whole = int(known.deployed.parameters["DeliverConcurrency"])
        lower = int(sender.per_second) * whole // at_once
        yield _of_sender(
            Severity.WARNING,
            sender,
            f"{sender.identity} sends {sender.per_second:g} {_MESSAGES[sender.capability]} a second, and "
            f"DeliverConcurrency allows {at_once} to phones at once.",
            f"{_SERVICE} refuses the rest of a burst. Those codes go to another address, or wait.",
            "Open a case with AWS Support for a higher rate, or use a sender with a higher one, such as a "
            "short code.",
            *or_lower(lower, whole),
        )


def _protect(facts: Facts, known: StackFacts, protect: ProtectFacts) -> Iterator[Finding]:
    messages, about = _MESSAGES[protect.capability], f"protect configuration {protect.identity}"
    if protect.blocked is None:
        yield Finding.of(
            Severity.ERROR,
            about,
            "The protect configuration does not exist in this region, and SmsOptions names it.",
            _NOT_SENT,
            facts.aws("pinpoint-sms-voice-v2 describe-protect-configurations")
            + " lists those that you have.",
        )
        return
    allowed = _allowed(known)
    blocked = [country for country in allowed if country in protect.blocked]
    if blocked:
        updates = json.dumps({country: {"ProtectStatus": "ALLOW"} for country in blocked})
        through_sns = protect.capability == "SMS" and known.phone and known.phone.gateway == SNS
        default = ", the default of the account," if protect.is_default else ""
        yield Finding.of(
            Severity.ERROR if blocked == allowed else Severity.WARNING,
            about,
            f"The protect configuration{default} blocks {messages} to {', '.join(blocked)}, which "
            "SmsCountries allows.",
            "SNS takes each of these messages and drops it, so the user gets no code."
            if through_sns
            else _NOT_SENT,
            facts.aws(
                "pinpoint-sms-voice-v2 update-protect-configuration-country-rule-set "
                f"--protect-configuration-id {protect.identity} --number-capability {protect.capability} "
                f"--country-rule-set-updates '{updates}'"
            ),
            *_or_countries([country for country in allowed if country not in blocked]),
        )


def _allowed(known: StackFacts) -> list[str]:
    return list(split_list(known.deployed.parameters.get("SmsCountries")))


def _or_countries(countries: list[str]) -> tuple[str, ...]:
    return (f"Or: {fixes.deploy_with('SmsCountries=' + ','.join(countries))}",) if countries else ()


def _of_sender(severity: Severity, sender: SenderFacts, what: str, why: str, *fix: str) -> Finding:
    return Finding.of(severity, f"{sender.option} of SmsOptions", what, why, *fix)


_OF_SENDERS: tuple[Callable[[Facts, StackFacts, SenderFacts], Iterator[Finding]], ...] = (
    _exists,
    _can_send,
    _countries,
    _rate,
)
