"""Checks of the custom senders: the functions that send Cognito's own messages."""

from collections.abc import Iterator

from tools.pool_admin import fixes
from tools.pool_admin.aws_resources.custom_senders import (
    configured_senders,
    encryption_key,
    function_of_sender,
    wanted_senders,
)
from tools.pool_admin.aws_resources.stack import SENDER
from tools.pool_admin.doctor.facts import Facts
from tools.pool_admin.doctor.finding import Finding, Severity


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the findings of the pool's custom senders."""
    triggers = facts.pool.get("LambdaConfig") or {}
    stack = facts.stack.deployed if facts.stack else None
    wanted = wanted_senders(stack) if stack else ()
    for name in wanted:
        yield from _wanted(
            facts, name, function_of_sender(triggers, name), stack.functions[SENDER] if stack else ""
        )
    others = {name: arn for name, arn in configured_senders(triggers).items() if name not in wanted}
    setting = "BOTH" if len({*wanted, *others}) > 1 else "EMAIL" if "CustomEmailSender" in others else "SMS"
    for name, arn in others.items():
        yield Finding.of(
            Severity.NOTE,
            f"trigger {name} (calls {arn})",
            "Another function sends Cognito's own messages.",
            "The limits of this stack do not apply to them.",
            f"If the stack is to send them: {fixes.deploy_with(f'CustomSenders={setting}')}",
        )
    key = stack.outputs.get("CustomSenderKeyArn") if stack and wanted else None
    if key and encryption_key(triggers) not in ("", key):
        yield Finding.of(
            Severity.ERROR,
            "user pool",
            f"Cognito encrypts its codes with {encryption_key(triggers)}, and not with the stack's key "
            f"{key}.",
            "The stack cannot decrypt Cognito's own codes, so it sends none of them.",
            facts.attach("--replace"),
        )


def _wanted(facts: Facts, name: str, current: str, wanted: str) -> Iterator[Finding]:
    if current != wanted:
        yield Finding.of(
            Severity.WARNING,
            f"trigger {name} (calls {current or 'nothing'}, not {wanted})",
            "The stack does not send Cognito's own messages.",
            "The parameter CustomSenders asks for it.",
            facts.attach("--replace"),
        )
