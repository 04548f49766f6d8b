"""What around the stack keeps codes from being sent, asked for or noticed."""

from collections.abc import Callable, Iterator

from tools.pool_admin import fixes
from tools.pool_admin.doctor.facts import Facts, Finding, Severity, StackFacts, Unchecked, Unreadable
from tools.pool_admin.functions import split
from tools.pool_admin.stack import CODE_ONLY, DELIVER

# Cognito waits so long for a trigger, whatever the function's own limit is.
_PATIENCE = 5
_SMS_DEFAULT_USD = 1.0


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of the stack, if one was named."""
    if facts.stack:
        for rule in _RULES:
            yield from rule(facts.stack, facts.pool_id)


def _whose(known: StackFacts, pool_id: str) -> Iterator[Finding]:
    if known.stack.pool_id != pool_id:
        yield Finding(
            Severity.ERROR,
            f"stack {known.stack.name}",
            f"was deployed for {known.stack.pool_id or 'no pool'}, and not for this pool.",
            "Its functions may not be called by this pool.",
            f"Deploy another stack with the parameter UserPoolId={pool_id}, and attach that one."
            if known.stack.makes_pool
            else fixes.deploy_with(f"UserPoolId={pool_id}"),
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


def _email(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    email = known.email
    if email and email.sender_verified is False:
        yield Finding(
            Severity.ERROR,
            "SES",
            f"has not verified the sender {email.sender}, nor its domain.",
            "It refuses every email.",
            f"aws sesv2 create-email-identity --email-identity {email.sender.partition('@')[2]}",
        )
    if email and email.out_of_sandbox is False:
        yield Finding(
            Severity.ERROR,
            "SES",
            "is in its sandbox.",
            "Only addresses that you verified get an email, and 200 a day.",
            "In the SES console: Account dashboard > Request production access.",
        )


def _sms(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    sms = known.sms
    if sms and sms.in_sandbox is True:
        yield Finding(
            Severity.WARNING,
            "SNS",
            "is in the SMS sandbox.",
            "Only numbers that you verified get an SMS.",
            "In the SNS console: Text messaging (SMS) > Exit SMS sandbox.",
        )
    if sms and isinstance(sms.monthly_usd, float) and sms.monthly_usd <= _SMS_DEFAULT_USD:
        yield Finding(
            Severity.WARNING,
            "SNS",
            f"sends SMS for {sms.monthly_usd or _SMS_DEFAULT_USD:.2f} USD a month and then no more.",
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
        fixes.deploy_with("AlarmTopicArn=TOPIC_ARN"),
    )


def _code_only_served(known: StackFacts, pool_id: str) -> Iterator[Finding]:
    """A finding if the function that decides the mode has another list than the stack."""
    function = known.functions.get("DefineAuthChallenge")
    if function is None or isinstance(function, Unchecked):
        return
    listed = function.get("Environment", {}).get("Variables", {}).get("CODE_ONLY_CLIENTS", "")
    if set(filter(None, listed.split(","))) != set(known.stack.served_code_only):
        yield Finding(
            Severity.ERROR,
            f"function {function.get('FunctionName', 'DefineAuthChallenge')}",
            f"does not have the app clients that the stack's {CODE_ONLY} names.",
            "An app client then asks for a password where it should not, or not where it should.",
            known.attach(pool_id),
        )


def _code_only_recorded(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    """A finding if the stack's list is not what attach made it, as after a deployment with older answers."""
    if isinstance(known.modes, Unreadable):
        yield Finding(
            Severity.WARNING,
            "this check-up",
            "cannot read what attach saved of this pool.",
            f"Whether the stack's {CODE_ONLY} is still what attach made it is not known.",
            known.modes.fix,
        )
        return
    there = known.stack.code_only
    moved = sorted(name for name, alone in known.modes.items() if alone != (name in there))
    if moved:
        kept = [name for name in there if known.modes.get(name, True)]
        lost = [name for name in moved if known.modes[name]]
        yield Finding(
            Severity.ERROR,
            f"stack {known.stack.name}",
            f"has another {CODE_ONLY} than attach gave it: {', '.join(moved)} changed.",
            "A deployment passes older answers again, and those apps then cannot sign users in.",
            f"Put {fixes.code_only([*kept, *lost])} into parameter_overrides of {fixes.ANSWERS}, then "
            "`make deploy`. If the stack is right, attach them again in the mode they have there.",
        )


_RULES: tuple[Callable[[StackFacts, str], Iterator[Finding]], ...] = (
    _whose,
    _permissions,
    _functions,
    _lagging,
    _code_only_served,
    _code_only_recorded,
    _email,
    _sms,
    _alarms,
)
