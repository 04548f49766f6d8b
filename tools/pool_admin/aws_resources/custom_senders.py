"""The custom senders in a pool's LambdaConfig: the ones that a stack wants, and the ones that are set."""

from collections.abc import Mapping
from typing import Any

from tools.lambda_functions import FUNCTIONS
from tools.pool_admin.aws_resources.functions import split_arn
from tools.pool_admin.aws_resources.pool_settings import SettingChange
from tools.pool_admin.aws_resources.stack import SENDER, DeployedStack

_KEY = "KMSKeyID"
_EMAIL, _SMS = _ALL = FUNCTIONS["custom_sender"].cognito_triggers
# The triggers by the values of the stack's parameter CustomSenders.
_TRIGGERS = {"EMAIL": (_EMAIL,), "SMS": (_SMS,), "BOTH": _ALL}


def wanted_senders(stack: DeployedStack) -> tuple[str, ...]:
    """Return the triggers that the stack's parameter CustomSenders asks for."""
    return _TRIGGERS.get(stack.parameters.get("CustomSenders", "OFF"), ())


def sender_functions(stack: DeployedStack) -> list[str]:
    """Return the ARN of the function that the wanted senders call; empty if the stack wants none."""
    return [stack.functions[SENDER]] if wanted_senders(stack) else []


def sender_changes(stack: DeployedStack) -> list[SettingChange]:
    """Return the changes that set the wanted senders in any pool."""
    if not (triggers := wanted_senders(stack)):
        return []
    settings = {"LambdaArn": stack.functions[SENDER], "LambdaVersion": "V1_0"}
    return [
        SettingChange(("LambdaConfig", _KEY), None, stack.outputs["CustomSenderKeyArn"]),
        *(
            SettingChange(("LambdaConfig", trigger, name), None, value)
            for trigger in triggers
            for name, value in settings.items()
        ),
    ]


def other_senders(triggers: Mapping[str, Any], stack: DeployedStack) -> list[str]:
    """Return the pool's senders that are not the stack's, if the stack wants any.

    Setting the stack's senders replaces them, or leaves them with a key that they cannot use.
    """
    if not wanted_senders(stack):
        return []
    return [
        f"{name} ({arn})" for name, arn in configured_senders(triggers).items() if not _is_stacks(arn, stack)
    ]


def function_of_sender(triggers: Mapping[str, Any], name: str) -> str:
    """Return the ARN of the function that the sender `name` calls; empty if it is not set."""
    return str((triggers.get(name) or {}).get("LambdaArn") or "")


def encryption_key(triggers: Mapping[str, Any]) -> str:
    """Return the key that Cognito encrypts codes with for the senders; empty if none is set."""
    return str(triggers.get(_KEY) or "")


def configured_senders(triggers: Mapping[str, Any]) -> dict[str, str]:
    """Return the senders that are set, with the ARN of the function that each calls."""
    return {name: arn for name in _ALL if (arn := function_of_sender(triggers, name))}


def _is_stacks(arn: str, stack: DeployedStack) -> bool:
    return split_arn(arn)[:2] == split_arn(stack.functions[SENDER])[:2]
