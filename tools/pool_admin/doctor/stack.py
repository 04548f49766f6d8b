"""Checks of the stack: its functions, its list of CODE_ONLY clients and its alarms."""

from collections.abc import Callable, Iterator

from tools.pool_admin import fixes
from tools.pool_admin.aws_resources.functions import split
from tools.pool_admin.aws_resources.stack import CODE_ONLY, DELIVER
from tools.pool_admin.doctor.facts import Facts, StackFacts, Unchecked, Unreadable
from tools.pool_admin.doctor.finding import Finding, Severity

# Cognito waits so many seconds for a trigger, whatever the function's own limit is.
_TRIGGER_SECONDS = 5


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of the stack, if one was named."""
    if facts.stack:
        for rule in _RULES:
            yield from rule(facts, facts.stack)


def _pool(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    if facts.is_others:
        yield Finding.of(
            Severity.ERROR,
            f"stack {known.stack.name}",
            f"The stack was deployed for {known.stack.pool_id or 'no pool'}, and not for this pool.",
            "This pool may not call its functions.",
            f"Deploy another stack with the parameter UserPoolId={facts.pool_id}, and attach that one."
            if known.stack.makes_pool
            else fixes.deploy_with(f"UserPoolId={facts.pool_id}"),
        )


def _permissions(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    for arn, allowed in known.permitted.items():
        if allowed is False:
            yield Finding.of(
                Severity.ERROR,
                "function " + arn.split(":", 6)[-1],
                "The pool may not call functions of the stack.",
                "Cognito answers every sign-in with an error.",
                facts.attach(),
            )


def _functions(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    for name, served in known.functions.items():
        if isinstance(served, Unchecked):
            continue
        function = served.get("FunctionName", name)
        if served.get("State", "Active") not in ("Active", "Inactive"):
            yield Finding.of(
                Severity.ERROR,
                f"function {function}",
                f"The function is {served['State']}: {served.get('StateReason') or 'AWS gives no reason'}.",
                "Every call of it fails.",
                f"Run `make deploy` for the stack {known.stack.name}.",
            )
        if name != DELIVER and int(served.get("Timeout", _TRIGGER_SECONDS)) > _TRIGGER_SECONDS:
            yield Finding.of(
                Severity.WARNING,
                f"function {function}",
                f"The function may run for {served['Timeout']} s.",
                f"Cognito stops waiting after {_TRIGGER_SECONDS} s and may call it again meanwhile.",
                f"aws lambda update-function-configuration --timeout {_TRIGGER_SECONDS} "
                f"--function-name {function}",
            )


def _lagging(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    for name, served in known.functions.items():
        newest = known.newest.get(name, served)
        if isinstance(served, Unchecked) or isinstance(newest, Unchecked):
            continue
        old, new = (each.get("Environment", {}).get("Variables", {}) for each in (served, newest))
        late = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        if late or served.get("CodeSha256") != newest.get("CodeSha256"):
            called, _, alias = split(known.stack.functions[name])
            yield Finding.of(
                Severity.WARNING,
                f"function {called}",
                f"The alias {alias} does not serve the newest {', '.join(late) or 'code'}.",
                "A changed parameter alone publishes no version, so the alias keeps the old one.",
                f"aws lambda update-alias --function-name {called} --name {alias} --function-version "
                f"$(aws lambda publish-version --function-name {called} --query Version --output text)",
            )


def _alarms(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    if isinstance(known.idle_alarms, Unchecked):
        return
    for name in known.idle_alarms:
        yield Finding.of(
            Severity.NOTE,
            f"alarm {name}",
            "Alarms have no recipient.",
            "They turn red in the console, and send no message.",
            fixes.deploy_with("AlarmTopicArn=TOPIC_ARN"),
        )


def _code_only_served(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    function = known.functions.get("DefineAuthChallenge")
    if function is None or isinstance(function, Unchecked):
        return
    listed = function.get("Environment", {}).get("Variables", {}).get("CODE_ONLY_CLIENTS", "")
    if set(filter(None, listed.split(","))) != set(known.stack.served_code_only):
        yield Finding.of(
            Severity.ERROR,
            f"function {function.get('FunctionName', 'DefineAuthChallenge')}",
            f"The function has another list of app clients than the stack's {CODE_ONLY}.",
            "It then asks for a password where it should not, or omits it where it should ask.",
            facts.attach(),
        )


def _code_only_recorded(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    # attach set the list, and a deployment with older answers sets it back.
    if isinstance(known.modes, Unreadable):
        yield Finding.of(
            Severity.WARNING,
            "saved settings",
            "The settings that attach saved for this pool cannot be read.",
            f"Whether {CODE_ONLY} is still what attach made it is not known.",
            known.modes.fix,
        )
        return
    there = known.stack.code_only
    moved = sorted(name for name, alone in known.modes.items() if alone != (name in there))
    if moved:
        kept = [name for name in there if known.modes.get(name, True)]
        lost = [name for name in moved if known.modes[name]]
        yield Finding.of(
            Severity.ERROR,
            f"stack {known.stack.name}",
            f"{CODE_ONLY} is not what attach made it: {', '.join(moved)} changed.",
            "A deployment passed older answers, and these apps cannot sign users in now.",
            f"Put {fixes.code_only([*kept, *lost])} into parameter_overrides of {fixes.ANSWERS}, then "
            "`make deploy`. If the stack is right, attach them again in the mode they have there.",
        )


_RULES: tuple[Callable[[Facts, StackFacts], Iterator[Finding]], ...] = (
    _pool,
    _permissions,
    _functions,
    _lagging,
    _code_only_served,
    _code_only_recorded,
    _alarms,
)
