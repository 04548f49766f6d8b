"""Whether the stack, its function and what attach saved mean the same app clients by CODE_ONLY."""

from collections.abc import Iterator

from tools.pool_admin import mends
from tools.pool_admin.doctor.facts import Finding, Severity, StackFacts, Unchecked, Unreadable
from tools.pool_admin.stack import CODE_ONLY


def served(known: StackFacts, pool_id: str) -> Iterator[Finding]:
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


def recorded(known: StackFacts, _pool_id: str) -> Iterator[Finding]:
    """A finding if the stack's list is not what attach made it, as after a deployment with older answers."""
    if isinstance(known.modes, Unreadable):
        yield Finding(
            Severity.WARNING,
            "this check-up",
            "cannot read what attach saved of this pool.",
            f"Whether the stack's {CODE_ONLY} is still what attach made it is not known.",
            known.modes.mend,
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
            f"Put {mends.code_only([*kept, *lost])} into parameter_overrides of {mends.ANSWERS}, then "
            "`make deploy`. If the stack is right, attach them again in the mode they have there.",
        )
