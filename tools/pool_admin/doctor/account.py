"""Checks of the AWS account around the stack: what SES, SNS and Lambda allow."""

from collections.abc import Callable, Iterator

from tools.pool_admin import fixes
from tools.pool_admin.doctor.facts import Facts, StackFacts
from tools.pool_admin.doctor.finding import Finding, Severity

_SMS_DEFAULT_USD = 1.0
_LEAST_CONCURRENCY = 2  # MinValue of DeliverConcurrency
_QUOTA = (
    "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
    "--desired-value 1000"
)


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of the account, if a stack was named."""
    if facts.stack:
        for rule in _RULES:
            yield from rule(facts.stack)


def _sender(known: StackFacts) -> Iterator[Finding]:
    email = known.email
    if email and email.sender_verified is False:
        yield Finding.of(
            Severity.ERROR,
            "SES",
            f"The sender {email.sender} is not verified, nor is its domain.",
            "SES refuses every email.",
            f"aws sesv2 create-email-identity --email-identity {email.sender.partition('@')[2]}",
        )


def _email_sandbox(known: StackFacts) -> Iterator[Finding]:
    if known.email and known.email.out_of_sandbox is False:
        yield Finding.of(
            Severity.ERROR,
            "SES",
            "SES is in its sandbox.",
            "It sends to addresses that you verified only, and 200 emails a day.",
            "In the SES console: Account dashboard > Request production access.",
        )


def _send_rate(known: StackFacts) -> Iterator[Finding]:
    email, at_once = known.email, _deliver_concurrency(known)
    # The sandbox has a rate of 1, and is a finding already.
    if not email or email.out_of_sandbox is False or not isinstance(email.per_second, float):
        return
    # deliver sends one email a call, and a call takes less than a second. So a burst of messages begins at
    # least as many emails in one second as there are calls at once.
    if 0 < email.per_second < at_once:
        yield Finding.of(
            Severity.WARNING,
            "SES",
            f"SES accepts {email.per_second:g} emails a second, DeliverConcurrency allows {at_once} at once.",
            "SES refuses the others of a burst. Each of them then waits a minute in the queue.",
            "In the SES console: Account dashboard > Request a limit increase.",
            *_or_lower(int(email.per_second), at_once),
        )


def _concurrency(known: StackFacts) -> Iterator[Finding]:
    limit, at_once = known.concurrency, _deliver_concurrency(known)
    # Messages and sign-ins come together. Half of the calls leaves the triggers as many as deliver has.
    if isinstance(limit, int) and 0 < limit < 2 * at_once:
        yield Finding.of(
            Severity.WARNING,
            "Lambda",
            f"deliver may run {at_once} times at once (DeliverConcurrency), and all functions of the account "
            f"together {limit} times.",
            "A burst of messages then leaves too few calls for the triggers, and sign-ins fail.",
            _QUOTA,
            *_or_lower(limit // 2, at_once),
        )


def _or_lower(fitting: int, at_once: int) -> tuple[str, ...]:
    lower = max(fitting, _LEAST_CONCURRENCY)
    return (f"Or: {fixes.deploy_with(f'DeliverConcurrency={lower}')}",) if lower < at_once else ()


def _deliver_concurrency(known: StackFacts) -> int:
    # 0 for a stack from before this parameter.
    return int(known.stack.parameters.get("DeliverConcurrency") or 0)


def _sms(known: StackFacts) -> Iterator[Finding]:
    sms = known.sms
    if sms and sms.in_sandbox is True:
        yield Finding.of(
            Severity.WARNING,
            "SNS",
            "SNS is in the SMS sandbox.",
            "It sends to numbers that you verified only.",
            "In the SNS console: Text messaging (SMS) > Exit SMS sandbox.",
        )
    if sms and isinstance(sms.monthly_usd, float) and sms.monthly_usd <= _SMS_DEFAULT_USD:
        yield Finding.of(
            Severity.WARNING,
            "SNS",
            f"SNS sends SMS for {sms.monthly_usd or _SMS_DEFAULT_USD:.2f} USD a month, and then no more.",
            "That is a few dozen codes. Ask AWS for a higher quota first, then set the limit.",
            "aws sns set-sms-attributes --attributes MonthlySpendLimit=USD",
        )


_RULES: tuple[Callable[[StackFacts], Iterator[Finding]], ...] = (
    _sender,
    _email_sandbox,
    _send_rate,
    _concurrency,
    _sms,
)
