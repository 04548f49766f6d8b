"""The functions and queues of template.yaml, with their environment, time-outs and event sources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.template import RESOURCES, TEMPLATE
from tools.lambda_functions import FUNCTIONS, SQS

REGION, ACCOUNT, STACK = "us-east-1", "123456789012", "passcode"
_QUEUE = "AWS::SQS::Queue"
_NO_VALUE = object()
# A pool's id begins with its region.
POOL_ID = f"{REGION}_Faults001"

PARAMETERS: Mapping[str, str] = {
    "SenderEmail": "no-reply@passcode.example",
    "SignInHost": "app.passcode.example",
    "AppClients": "BOTH",
    "TokenService": "ON",
    "CustomSenders": "BOTH",
    "AssuranceClaims": "ID_TOKEN",
    # The page of a stack with passwords calls the same operations, and two more for SRP.
    "HostedSignInMode": "CODE_ONLY",
    "HostedDomainPrefix": "passcode-faults",
    "HostedCallbackUrls": "https://app.passcode.example/callback",
    "HostedLogoutUrls": "https://app.passcode.example/",
}


@dataclass(frozen=True)
class QueueSettings:
    """The settings of a queue. Times are in seconds. `dead_letters` is a logical id, or empty."""

    name: str
    is_fifo: bool
    visibility: int
    retention: int
    max_receives: int
    dead_letters: str


@dataclass(frozen=True)
class EventSource:
    """A queue, by its logical id, from which Lambda reads batches for the function."""

    queue: str
    function: str
    batch: int


@dataclass
class Deployment:
    """template.yaml with its parameters.

    `endpoint` is the URL of AWS, and `key_arns` maps the logical id of a KMS key to its ARN.
    """

    endpoint: str
    key_arns: Mapping[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def environment(self, function: str) -> dict[str, str]:
        """Return the environment variables of the function with this name."""
        own = RESOURCES[FUNCTIONS[function].logical_id]["Properties"].get("Environment", {})
        common = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
        found = {**self.value(common), **self.value(own.get("Variables", {}))}
        return {name: str(value) for name, value in found.items()}

    def time_out(self, function: str) -> int:
        """Return the time-out of the function in seconds."""
        own = RESOURCES[FUNCTIONS[function].logical_id]["Properties"]
        return int(own.get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"]))

    def queues(self) -> dict[str, QueueSettings]:
        """Return the queues by logical id."""
        return {name: self._queue(name) for name, found in RESOURCES.items() if found["Type"] == _QUEUE}

    def event_sources(self) -> list[EventSource]:
        """Return the queues that Lambda reads."""
        sources = []
        for function in (f for f in FUNCTIONS.values() if f.caller == SQS):
            for event in RESOURCES[function.logical_id]["Properties"]["Events"].values():
                properties = event["Properties"]
                queue = self.value(properties["Queue"]).rpartition(":")[2].partition(".")[0]
                sources.append(EventSource(queue, function.name, int(properties.get("BatchSize", 10))))
        return sources

    def _queue(self, name: str) -> QueueSettings:
        found = self.value(RESOURCES[name].get("Properties", {}))
        redrive = found.get("RedrivePolicy", {})
        return QueueSettings(
            name,
            is_fifo=str(found.get("FifoQueue", "false")).lower() == "true",
            visibility=int(found.get("VisibilityTimeout", 30)),
            retention=int(found.get("MessageRetentionPeriod", 345_600)),
            max_receives=int(redrive.get("maxReceiveCount", 1_000_000)),
            dead_letters=redrive.get("deadLetterTargetArn", "").rpartition(":")[2].partition(".")[0],
        )

    def value(self, template: Any) -> Any:
        """Return the value of a part of the template."""
        if isinstance(template, list):
            return [v for v in map(self.value, template) if v is not _NO_VALUE]
        if not isinstance(template, dict):
            return template
        if len(template) == 1:
            ((name, argument),) = template.items()
            if name == "Ref" or name.startswith("Fn::"):
                return getattr(self, f"_{name.removeprefix('Fn::').lower()}")(argument)
        values = {name: self.value(part) for name, part in template.items()}
        return {name: value for name, value in values.items() if value is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::NoValue": _NO_VALUE,
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::StackName": STACK,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "UserPool": POOL_ID,
        }
        if name in pseudo:
            return pseudo[name]
        if name in TEMPLATE["Parameters"]:
            chosen = {**PARAMETERS, **self.parameters}
            return str(chosen.get(name, TEMPLATE["Parameters"][name].get("Default", "")))
        if RESOURCES[name]["Type"] == _QUEUE:
            return f"{self.endpoint}/{ACCOUNT}/{self._queue_name(name)}"
        return self.key_arns.get(name, name).rpartition("/")[2]

    def _getatt(self, argument: Any) -> str:
        name, _, attribute = (argument if isinstance(argument, str) else ".".join(argument)).partition(".")
        if RESOURCES[name]["Type"] == _QUEUE and attribute != "Arn":
            return self._queue_name(name)
        if RESOURCES[name]["Type"] == _QUEUE:
            return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self._queue_name(name)}"
        return self.key_arns.get(name, f"{name}.{attribute}")

    def _queue_name(self, name: str) -> str:
        fifo = str(self.value(RESOURCES[name]["Properties"]).get("FifoQueue", "")).lower() == "true"
        return f"{name}.fifo" if fifo else name

    def _sub(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def replaced(found: re.Match[str]) -> str:
            name = found[1]
            if name in given:
                return str(self.value(given[name]))
            return str(self._getatt(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([\w:.]+)\}", replaced, text)

    def _if(self, argument: list[Any]) -> Any:
        return self.value(argument[1] if self._condition(argument[0]) else argument[2])

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(str(part) for part in self.value(argument[1]))

    def _split(self, argument: list[Any]) -> list[str]:
        return str(self.value(argument[1])).split(argument[0])

    def _select(self, argument: list[Any]) -> Any:
        return self.value(argument[1])[int(argument[0])]

    def _condition(self, condition: Any) -> bool:
        if isinstance(condition, str):
            return self._condition(TEMPLATE["Conditions"][condition])
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self._condition(argument)
        if name == "Fn::Equals":
            return bool(self.value(argument[0]) == self.value(argument[1]))
        results = [self._condition(part) for part in argument]
        return {"Fn::Not": not results[0], "Fn::And": all(results), "Fn::Or": any(results)}[name]
