"""Checks of the limits that SES, SNS and Lambda set for the AWS account."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from passcode.adapters.sms_options import END_USER_MESSAGING, NOTIFY, SNS
from tools.pool_admin import fixes
from tools.pool_admin.context import region_of_pool
from tools.pool_admin.doctor.facts import CALLS, Facts, SmsFacts, StackFacts, Unchecked
from tools.pool_admin.doctor.finding import Finding, Severity

_SMS_DEFAULT_USD = 1.0
# The share of the spend limit at which SmsSpendAlarm should fire.
_ALARM_SHARE = 0.8
# The values that DeliverConcurrency may have.
CONCURRENCIES = (6, 12, 18, 24, 30, 60, 90, 120, 180, 300, 600, 900)
_DEFAULT_QUOTA = 1000


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of the account, if a stack is named."""
    if facts.stack:
        for rule in _RULES:
            yield from rule(facts, facts.stack)


def _sender(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    email = known.email
    if email and email.sender_verified is False:
        yield Finding.of(
            Severity.ERROR,
            "SES",
            f"The sender {email.sender} is not verified, nor is its domain.",
            "SES refuses every email.",
            fixes.aws_command(
                f"sesv2 create-email-identity --email-identity {email.sender.partition('@')[2]}",
                known.deployed.sending_region or region_of_pool(facts.pool_id),
                facts.profile,
            ),
        )


def _other_region(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    region = known.deployed.sending_region
    if not known.email or region in ("", region_of_pool(facts.pool_id)):
        return
    tls = known.deployed.parameters.get("TlsPolicy", "REQUIRE") == "REQUIRE"
    yield Finding.of(
        Severity.WARNING if tls else Severity.NOTE,
        "SES",
        f"SES in {region} sends the emails, without the configuration set of the stack.",
        "TlsPolicy has no effect there. Failed addresses are not recorded, and the alarms on the reputation "
        "see another region.",
        "Give the identity a default configuration set that requires TLS: docs/messages.md, Another region "
        "sends.",
    )


def _email_sandbox(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    if known.email and known.email.out_of_sandbox is False:
        yield Finding.of(
            Severity.ERROR,
            "SES",
            "SES is in its sandbox.",
            "It sends only to addresses that you verified, and at most 200 emails a day.",
            "In the SES console: Account dashboard > Request production access.",
        )


def _send_rate(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    email, at_once = known.email, _deliver_concurrency(known)
    # The sandbox has a rate of 1 email a second, and another finding reports it.
    if not email or email.out_of_sandbox is False or not isinstance(email.per_second, float):
        return
    # deliver sends one email in each call, and a call takes less than a second. So a burst of messages starts
    # at least as many emails a second as calls run at once.
    if 0 < email.per_second < at_once:
        yield Finding.of(
            Severity.WARNING,
            "SES",
            f"SES accepts {email.per_second:g} emails a second, and DeliverConcurrency allows {at_once} at "
            "once.",
            "SES refuses the rest of a burst. Those codes go to another address of the user, or wait.",
            "In the SES console: Account dashboard > Request a limit increase.",
            *or_lower(int(email.per_second), at_once),
        )


def _daily_quota(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    email, cap = known.email, int(known.deployed.parameters.get("EmailsPerDay") or 0)
    # The sandbox has a quota of 200 emails a day, and another finding reports it.
    if not email or email.out_of_sandbox is False or email.per_day <= 0:
        return
    if email.per_day < cap:
        yield Finding.of(
            Severity.WARNING,
            "SES",
            f"SES accepts {email.per_day:,.0f} emails a day, and EmailsPerDay allows {cap:,}.",
            "A flood of requests can use up the quota of the account. Then SES refuses every email, those of "
            "other applications too.",
            "In the SES console: Account dashboard > Request a limit increase.",
            f"Or: {fixes.deploy_with(f'EmailsPerDay={int(email.per_day)}')}",
        )


def _concurrency(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    if isinstance(known.concurrency, Unchecked):
        return
    limit, at_once = known.concurrency.unreserved, _deliver_concurrency(known)
    # Messages and sign-ins come together: with half of the calls, the triggers have as many as deliver.
    if 0 < limit < 2 * at_once:
        # The quota includes the reserved calls.
        quota = max(_DEFAULT_QUOTA, known.concurrency.total + 2 * at_once - limit)
        yield Finding.of(
            Severity.WARNING,
            "Lambda",
            f"deliver may run {at_once} times at once (DeliverConcurrency), and all functions of the account "
            f"together may run {limit} times.",
            "A burst of messages leaves too few calls for the triggers, and sign-ins fail.",
            facts.aws(
                "service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
                f"--desired-value {quota}"
            ),
            *or_lower(limit // 2, at_once),
        )


def or_lower(limit: int, at_once: int) -> tuple[str, ...]:
    """Return the step to the highest DeliverConcurrency up to `limit`; empty if `at_once` is not higher."""
    lower = max((value for value in CONCURRENCIES if value <= limit), default=CONCURRENCIES[0])
    return (f"Or: {fixes.deploy_with(f'DeliverConcurrency={lower}')}",) if lower < at_once else ()


def _deliver_concurrency(known: StackFacts) -> int:
    # 0 for an older stack, without this parameter.
    return int(known.deployed.parameters.get("DeliverConcurrency") or 0)


@dataclass(frozen=True)
class _SmsService:
    """The name of a service for SMS or calls, how to leave its sandbox, and how to set its spend limit."""

    name: str
    leave_sandbox: str
    set_limit: str
    sandbox: str = "SMS"
    sends: str = "sending SMS"


_SUPPORT_CASE = "Open a case with AWS Support to leave the sandbox: docs/gateways.md, End User Messaging."
_SMS_SERVICES = {
    SNS: _SmsService(
        "SNS",
        "In the SNS console: Text messaging (SMS) > Exit SMS sandbox.",
        "sns set-sms-attributes --attributes MonthlySpendLimit=USD",
    ),
    END_USER_MESSAGING: _SmsService(
        "End User Messaging",
        _SUPPORT_CASE,
        "pinpoint-sms-voice-v2 set-text-message-spend-limit-override --monthly-limit USD",
    ),
    NOTIFY: _SmsService(
        "Notify",
        _SUPPORT_CASE,
        "pinpoint-sms-voice-v2 set-notify-message-spend-limit-override --monthly-limit USD",
    ),
    CALLS: _SmsService(
        "End User Messaging",
        _SUPPORT_CASE,
        "pinpoint-sms-voice-v2 set-voice-message-spend-limit-override --monthly-limit USD",
        "voice",
        "calling",
    ),
}


def _sms(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    for each in (known.sms, known.calls):
        if each:
            yield from _limits(facts, each)


def _limits(facts: Facts, sms: SmsFacts) -> Iterator[Finding]:
    service = _SMS_SERVICES[sms.gateway]
    if sms.in_sandbox is True:
        yield Finding.of(
            Severity.WARNING,
            service.name,
            f"{service.name} is in the {service.sandbox} sandbox.",
            "It reaches only numbers that you verified.",
            service.leave_sandbox,
        )
    if isinstance(sms.monthly_usd, float) and sms.monthly_usd <= _SMS_DEFAULT_USD:
        yield Finding.of(
            Severity.WARNING,
            service.name,
            f"{service.name} stops {service.sends} at {sms.monthly_usd or _SMS_DEFAULT_USD:.2f} USD a month.",
            "That is enough for a few dozen codes. Request a higher quota from AWS first, then set the "
            "limit.",
            facts.aws(service.set_limit),
        )


def _spend_alarm(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    sms, threshold = known.sms, float(known.deployed.parameters.get("SmsSpendPerMonth") or 0)
    # End User Messaging refuses a message above its limit, and GatewayStoppedAlarm fires.
    if not sms or sms.gateway != SNS or not isinstance(sms.monthly_usd, float):
        return
    limit = sms.monthly_usd or _SMS_DEFAULT_USD
    if threshold >= limit:
        yield Finding.of(
            Severity.WARNING,
            "SNS",
            f"SmsSpendAlarm fires at {threshold:g} USD a month, and SNS stops sending SMS at {limit:g} USD.",
            "SNS drops SMS above its limit without an error, so the alarm comes too late.",
            fixes.deploy_with(f"SmsSpendPerMonth={limit * _ALARM_SHARE:g}"),
        )


_RULES: tuple[Callable[[Facts, StackFacts], Iterator[Finding]], ...] = (
    _sender,
    _other_region,
    _email_sandbox,
    _send_rate,
    _daily_quota,
    _concurrency,
    _sms,
    _spend_alarm,
)
