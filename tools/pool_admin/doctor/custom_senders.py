"""Checks of the custom senders, the functions that send Cognito's own messages."""

from collections.abc import Iterator

from tools.pool_admin import fixes
from tools.pool_admin.aws_resources.custom_senders import called_by, found_in, seals_with, wanted
from tools.pool_admin.aws_resources.stack import SENDER
from tools.pool_admin.doctor.facts import Facts
from tools.pool_admin.doctor.finding import Finding, Severity


def check(facts: Facts) -> Iterator[Finding]:
    """Findings of the pool's custom senders."""
    there = facts.pool.get("LambdaConfig") or {}
    stack = facts.stack.stack if facts.stack else None
    asked = wanted(stack) if stack else ()
    for name in asked:
        yield from _asked_for(facts, name, called_by(there, name), stack.functions[SENDER] if stack else "")
    others = {name: arn for name, arn in found_in(there).items() if name not in asked}
    setting = "BOTH" if len({*asked, *others}) > 1 else "EMAIL" if "CustomEmailSender" in others else "SMS"
    for name, found in others.items():
        yield Finding.of(
            Severity.NOTE,
            f"trigger {name} (calls {found})",
            "Another function sends Cognito's own messages.",
            "The limits of this stack do not apply to them.",
            f"If the stack is to send them: {fixes.deploy_with(f'CustomSenders={setting}')}",
        )
    key = stack.outputs.get("CustomSenderKeyArn") if stack and asked else None
    if key and seals_with(there) not in ("", key):
        yield Finding.of(
            Severity.ERROR,
            "user pool",
            f"Cognito encrypts its codes with {seals_with(there)}, and not with the stack's key {key}.",
            "The stack cannot decrypt Cognito's own codes, so it sends none of them.",
            facts.attach("--replace"),
        )


def _asked_for(facts: Facts, name: str, found: str, arn: str) -> Iterator[Finding]:
    if found != arn:
        yield Finding.of(
            Severity.WARNING,
            f"trigger {name} (calls {found or 'nothing'}, not {arn})",
            "The stack does not send Cognito's own messages.",
            "The parameter CustomSenders asks for it.",
            facts.attach("--replace"),
        )
