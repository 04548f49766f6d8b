"""Cognito's custom senders in a pool's LambdaConfig: what a stack wants there, and whose stand there."""

from collections.abc import Mapping
from typing import Any

from tools.pool_admin.aws_resources.functions import split
from tools.pool_admin.aws_resources.pool_settings import Change
from tools.pool_admin.aws_resources.stack import SENDER, DeployedStack

_KEY = "KMSKeyID"
_TRIGGERS = {"EMAIL": ("CustomEmailSender",), "SMS": ("CustomSMSSender",)}
_ALL = (*_TRIGGERS["EMAIL"], *_TRIGGERS["SMS"])


def wanted(stack: DeployedStack) -> tuple[str, ...]:
    """The triggers that the stack's parameter CustomSenders asks for."""
    asked = stack.parameters.get("CustomSenders", "OFF")
    return _ALL if asked == "BOTH" else _TRIGGERS.get(asked, ())


def called(stack: DeployedStack) -> list[str]:
    """The function that they call, if the stack has them."""
    return [stack.functions[SENDER]] if wanted(stack) else []


def edits(stack: DeployedStack) -> list[Change]:
    """What makes a pool call them, whatever stands there before."""
    if not (triggers := wanted(stack)):
        return []
    settings = {"LambdaArn": stack.functions[SENDER], "LambdaVersion": "V1_0"}
    return [
        Change(("LambdaConfig", _KEY), None, stack.outputs["CustomSenderKeyArn"]),
        *(
            Change(("LambdaConfig", name, key), None, text)
            for name in triggers
            for key, text in settings.items()
        ),
    ]


def others(there: Mapping[str, Any], stack: DeployedStack) -> list[str]:
    """The pool's senders that are not the stack's: replaced, or left with a key that is not theirs."""
    if not wanted(stack):
        return []
    return [f"{name} ({found})" for name, found in found_in(there).items() if not _is_ours(found, stack)]


def called_by(there: Mapping[str, Any], name: str) -> str:
    """The function that stands there as this sender, or nothing."""
    return str((there.get(name) or {}).get("LambdaArn") or "")


def seals_with(there: Mapping[str, Any]) -> str:
    """The key that Cognito seals with, or nothing."""
    return str(there.get(_KEY) or "")


def found_in(there: Mapping[str, Any]) -> dict[str, str]:
    """Each sender that stands there, and the function it calls."""
    return {name: found for name in _ALL if (found := called_by(there, name))}


def _is_ours(arn: str, stack: DeployedStack) -> bool:
    return split(arn)[:2] == split(stack.functions[SENDER])[:2]
