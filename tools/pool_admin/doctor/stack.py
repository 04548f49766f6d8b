"""What around the stack keeps codes from being sent, asked for or noticed."""

from collections.abc import Callable, Iterator

from tools.pool_admin import mends
from tools.pool_admin.doctor import code_only
from tools.pool_admin.doctor.facts import Facts, Finding, Severity, StackFacts, Unchecked
from tools.pool_admin.functions import split
from tools.pool_admin.stack import DELIVER

# Cognito waits so long for a trigger, whatever the function's own limit is.
_PATIENCE = 5
_SMS_DEFAULT_USD = 1.0


def look(facts: Facts) -> Iterator[Finding]:
    """Findings of the stack, if one was named."""
    if facts.stack:
        for check in _CHECKS:
            yield from check(facts.stack, facts.pool_id)


def _whose(known: StackFacts, pool_id: str) -> Iterator[Finding]:
    if known.stack.pool_id != pool_id:
        yield Finding(
            Severity.ERROR,
            f"stack {known.stack.name}",
            f"was deployed for {known.stack.pool_id or 'no pool'}, and not for this pool.",
            "Its functions may not be called by this pool.",
            f"Deploy another stack with the parameter UserPoolId={pool_id}, and attach that one."
            if known.stack.makes_pool
            else mends.deploy_with(f"UserPoolId={pool_id}"),
        )


def _permissions(known: StackFacts, pool_id: str) -> Iterator[Finding]:
    for arn, allowed in known.permitted.items():
        if allowed is False:
            yield Finding(
                Severity.ERROR,
                "function " + arn.split(":", 6)[-1],
                "may not be called by this pool.",
                "Cognito answers every sign-in with an error.",
                known.attach(pool_id),
            )


def _functions(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    for name, served in known.functions.items():
        if isinstance(served, Unchecked):
            continue
        about = f"function {served.get('FunctionName', name)}"
        if served.get("State", "Active") not in ("Active", "Inactive"):
            yield Finding(
                Severity.ERROR,
                about,
                f"is {served['State']}: {served.get('StateReason') or 'AWS gives no reason'}.",
                "It cannot be called.",
                f"Run `make deploy` for the stack {known.stack.name}.",
            )
        if name != DELIVER and int(served.get("Timeout", _PATIENCE)) > _PATIENCE:
            yield Finding(
                Severity.WARNING,
                about,
                f"may run for {served['Timeout']} s.",
                f"Cognito gives up after {_PATIENCE} s and calls again, while the first call still runs.",
                f"aws lambda update-function-configuration --timeout {_PATIENCE} "
                f"--function-name {served.get('FunctionName', name)}",
            )


def _lagging(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    for name, served in known.functions.items():
        newest = known.newest.get(name, served)
        if isinstance(served, Unchecked) or isinstance(newest, Unchecked):
            continue
        old, new = (each.get("Environment", {}).get("Variables", {}) for each in (served, newest))
        late = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        if late or served.get("CodeSha256") != newest.get("CodeSha256"):
            called, _, alias = split(known.stack.functions[name])
            yield Finding(
                Severity.WARNING,
                f"function {called}",
                f"has newer {', '.join(late) or 'code'} than its alias {alias} serves.",
                "A changed parameter alone publishes no version, and the alias goes on with the old one.",
                f"aws lambda update-alias --function-name {called} --name {alias} --function-version "
                f"$(aws lambda publish-version --function-name {called} --query Version --output text)",
            )


def _mail(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    mail = known.mail
    if mail and mail.sender_verified is False:
        yield Finding(
            Severity.ERROR,
            "SES",
            f"has not verified the sender {mail.sender}, nor its domain.",
            "It refuses every email.",
            f"aws sesv2 create-email-identity --email-identity {mail.sender.partition('@')[2]}",
        )
    if mail and mail.out_of_sandbox is False:
        yield Finding(
            Severity.ERROR,
            "SES",
            "is in its sandbox.",
            "Only addresses that you verified get an email, and 200 a day.",
            "In the SES console: Account dashboard > Request production access.",
        )


def _texts(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    texts = known.texts
    if texts and texts.in_sandbox is True:
        yield Finding(
            Severity.WARNING,
            "SNS",
            "is in the SMS sandbox.",
            "Only numbers that you verified get an SMS.",
            "In the SNS console: Text messaging (SMS) > Exit SMS sandbox.",
        )
    if texts and isinstance(texts.monthly_usd, float) and texts.monthly_usd <= _SMS_DEFAULT_USD:
        yield Finding(
            Severity.WARNING,
            "SNS",
            f"sends SMS for {texts.monthly_usd or _SMS_DEFAULT_USD:.2f} USD a month and then no more.",
            "That is some dozens of codes. Ask AWS for a higher quota first, then set the limit.",
            "aws sns set-sms-attributes --attributes MonthlySpendLimit=USD",
        )


def _alarms(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    if isinstance(known.idle_alarms, Unchecked) or not known.idle_alarms:
        return
    count = len(known.idle_alarms)
    yield Finding(
        Severity.NOTE,
        f"stack {known.stack.name}",
        "has 1 alarm that tells nobody." if count == 1 else f"has {count} alarms that tell nobody.",
        "They turn red in the console, and nobody is woken.",
        mends.deploy_with("AlarmTopicArn=TOPIC_ARN"),
    )


_CHECKS: tuple[Callable[[StackFacts, str], Iterator[Finding]], ...] = (
    _whose,
    _permissions,
    _functions,
    _lagging,
    code_only.served,
    code_only.recorded,
    _mail,
    _texts,
    _alarms,
)
