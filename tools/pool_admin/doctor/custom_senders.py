"""Whether Cognito's own messages go where somebody thinks they do."""

from collections.abc import Iterator

from tools.pool_admin import fixes
from tools.pool_admin.doctor.facts import Facts, Finding, Severity
from tools.pool_admin.senders import called_by, found_in, seals_with, wanted
from tools.pool_admin.stack import SENDER


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of the pool's custom senders."""
    there = facts.pool.get("LambdaConfig") or {}
    stack = facts.stack.stack if facts.stack else None
    asked = wanted(stack) if stack else ()
    for name in asked:
        yield from _asked_for(facts, name, called_by(there, name), stack.functions[SENDER] if stack else "")
    for name, found in found_in(there).items():
        if name not in asked:
            yield Finding(
                Severity.NOTE,
                "user pool",
                f"calls {found} as its {name}.",
                "It sends all of Cognito's own messages of that channel, by no limit of this stack.",
                "If it is to be this stack's: "
                + fixes.deploy_with("CustomSenders=" + ("EMAIL" if "Email" in name else "SMS")),
            )
    key = stack.outputs.get("CustomSenderKeyArn") if stack and asked else None
    if key and seals_with(there) not in ("", key):
        yield Finding(
            Severity.ERROR,
            "user pool",
            f"seals its codes with {seals_with(there)}, and not with this stack's {key}.",
            "No code of Cognito's own can be opened, and none is sent.",
            facts.attach("--replace"),
        )


def _asked_for(facts: Facts, name: str, found: str, arn: str) -> Iterator[Finding]:
    if found != arn:
        yield Finding(
            Severity.WARNING,
            "user pool",
            f"calls {found or 'nothing'} as its {name}, and not this stack's {arn}.",
            "Its own messages do not go through the stack, though the parameter CustomSenders asks for it.",
            facts.attach("--replace"),
        )
