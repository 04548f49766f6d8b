"""Checks of the stack: its functions, its list of CODE_ONLY clients and its alarms."""

from collections.abc import Callable, Iterator

from tools.pool_admin import fixes
from tools.pool_admin.aws_resources.functions import split_arn
from tools.pool_admin.aws_resources.stack import CODE_ONLY, DELIVER, split_list
from tools.pool_admin.doctor.facts import Facts, StackFacts, Unchecked, Unreadable
from tools.pool_admin.doctor.finding import Finding, Severity

# Seconds that Cognito waits for a trigger, also if the function's time-out is longer.
_TRIGGER_SECONDS = 5


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings about the stack, if one is named."""
    if facts.stack:
        for rule in _RULES:
            yield from rule(facts, facts.stack)


def _pool(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    if facts.is_for_another_pool:
        yield Finding.of(
            Severity.ERROR,
            f"stack {known.deployed.name}",
            f"The stack was deployed for {known.deployed.pool_id or 'no pool'}, and not for this pool.",
            "This pool may not call its functions.",
            f"Deploy another stack with the parameter UserPoolId={facts.pool_id}, and attach that one."
            if known.deployed.makes_pool
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


def _functions(facts: Facts, known: StackFacts) -> Iterator[Finding]:
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
                f"Run `make deploy` for the stack {known.deployed.name}.",
            )
        if name != DELIVER and int(served.get("Timeout", _TRIGGER_SECONDS)) > _TRIGGER_SECONDS:
            yield Finding.of(
                Severity.WARNING,
                f"function {function}",
                f"The function may run for {served['Timeout']} s.",
                f"Cognito stops waiting after {_TRIGGER_SECONDS} s, and may call it again while it runs.",
                facts.aws(
                    f"lambda update-function-configuration --timeout {_TRIGGER_SECONDS} "
                    f"--function-name {function}"
                ),
            )


def _outdated_alias(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    for name, served in known.functions.items():
        newest = known.newest.get(name, served)
        if isinstance(served, Unchecked) or isinstance(newest, Unchecked):
            continue
        old, new = (each.get("Environment", {}).get("Variables", {}) for each in (served, newest))
        outdated = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        if outdated or served.get("CodeSha256") != newest.get("CodeSha256"):
            called, _, alias = split_arn(known.deployed.functions[name])
            publish = facts.aws(
                f"lambda publish-version --function-name {called} --query Version --output text"
            )
            yield Finding.of(
                Severity.WARNING,
                f"function {called}",
                f"The alias {alias} does not serve the newest {', '.join(outdated) or 'code'}.",
                "A changed parameter alone publishes no version, so the alias keeps the old one.",
                facts.aws(
                    f"lambda update-alias --function-name {called} --name {alias} "
                    f"--function-version $({publish})"
                ),
            )


def _alarms(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    if isinstance(known.idle_alarms, Unchecked):
        return
    for name in known.idle_alarms:
        yield Finding.of(
            Severity.NOTE,
            f"alarm {name}",
            "Alarms have no recipient.",
            "They change to the state ALARM in the console, and send no message.",
            fixes.deploy_with("AlarmEmail=YOU@EXAMPLE.COM"),
        )


def _code_only_served(facts: Facts, known: StackFacts) -> Iterator[Finding]:
    function = known.functions.get("DefineAuthChallenge")
    if function is None or isinstance(function, Unchecked):
        return
    listed = function.get("Environment", {}).get("Variables", {}).get("CODE_ONLY_CLIENTS", "")
    if set(split_list(listed)) != set(known.deployed.code_only_with_hosted):
        yield Finding.of(
            Severity.ERROR,
            f"function {function.get('FunctionName', 'DefineAuthChallenge')}",
            f"The function's list of app clients differs from the stack's {CODE_ONLY}.",
            "It asks some app clients for a password by mistake, or does not ask others.",
            facts.attach(),
        )


def _code_only_recorded(_facts: Facts, known: StackFacts) -> Iterator[Finding]:
    # attach set the list. A deployment with older saved parameters resets it.
    if isinstance(known.modes, Unreadable):
        yield Finding.of(
            Severity.WARNING,
            "saved settings",
            "The settings that attach saved for this pool cannot be read.",
            f"doctor cannot check whether {CODE_ONLY} still has the value that attach set.",
            known.modes.fix,
        )
        return
    if isinstance(known.modes, Unchecked):
        return
    current = known.deployed.code_only
    changed = sorted(name for name, code_only in known.modes.items() if code_only != (name in current))
    if changed:
        kept = [name for name in current if known.modes.get(name, True)]
        lost = [name for name in changed if known.modes[name]]
        yield Finding.of(
            Severity.ERROR,
            f"stack {known.deployed.name}",
            f"{CODE_ONLY} does not have the value that attach set: {', '.join(changed)} changed.",
            "A deployment used older parameters, and these apps cannot sign users in now.",
            f"Put {fixes.code_only([*kept, *lost])} into parameter_overrides of {fixes.PARAMETERS}, then "
            "`make deploy`. If the stack has the right modes, attach the app clients again with these modes.",
        )


_RULES: tuple[Callable[[Facts, StackFacts], Iterator[Finding]], ...] = (
    _pool,
    _permissions,
    _functions,
    _outdated_alias,
    _code_only_served,
    _code_only_recorded,
    _alarms,
)
