"""CloudFormation in memory: creations, updates and deletions end after one DescribeStacks, or fail."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tests.support.account_in_memory import refusal

OUTPUTS = {"pool": {"PoolId": "eu-central-1_A"}, "api": {"ApiId": "a1"}}


@dataclass
class StacksInMemory:
    """The stacks of one account by name. The last word of a stack's name is its part.

    `create_failures` maps a part to the reason of its failure, and `delete_failures` to the number of
    deletions that fail. The updates of `update_failures` fail. `created` and `deleted` are the names in the
    order of the calls, and `updates` the requests.
    """

    create_failures: dict[str, str] = field(default_factory=dict)
    delete_failures: dict[str, int] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    statuses: dict[str, str] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    update_failures: set[str] = field(default_factory=set)
    updates: list[dict[str, Any]] = field(default_factory=list)
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name="eu-central-1"))

    def create_stack(self, **named: Any) -> dict[str, Any]:
        part = self._check("CreateStack", named["StackName"])
        self.created.append(named["StackName"])
        failed = part in self.create_failures
        status = "ROLLBACK_IN_PROGRESS" if named.get("OnFailure") == "ROLLBACK" else "CREATE_FAILED"
        self.statuses[named["StackName"]] = status if failed else "CREATE_IN_PROGRESS"
        return {}

    def update_stack(self, **named: Any) -> dict[str, Any]:
        part = self._check("UpdateStack", named["StackName"])
        self.updates.append(named)
        failed = part in self.update_failures
        self.statuses[named["StackName"]] = "UPDATE_FAILED" if failed else "UPDATE_IN_PROGRESS"
        return {}

    def describe_stacks(self, **named: Any) -> dict[str, Any]:
        name = named["StackName"]
        status = self.statuses.get(name)
        if status is None:
            raise refusal("ValidationError", "DescribeStacks", f"Stack with id {name} does not exist")
        if status != "DELETE_IN_PROGRESS":
            self.statuses[name] = status.replace("_IN_PROGRESS", "_COMPLETE")
        if status == "DELETE_IN_PROGRESS":
            del self.statuses[name]
        outputs = OUTPUTS.get(name.rpartition("-")[2], {})
        listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        return {"Stacks": [{"StackName": name, "StackStatus": status, "Outputs": listed}]}

    def describe_stack_events(self, **named: Any) -> dict[str, Any]:
        status = self.statuses[named["StackName"]].replace("ROLLBACK_COMPLETE", "CREATE_FAILED")
        reason = self.create_failures.get(named["StackName"].rpartition("-")[2], "It is in use")
        failed = {"ResourceStatus": status, "LogicalResourceId": "Pool", "ResourceStatusReason": reason}
        return {"StackEvents": [failed]}

    def delete_stack(self, **named: Any) -> dict[str, Any]:
        name = named["StackName"]
        part = self._check("DeleteStack", name)
        self.deleted.append(name)
        failures = self.delete_failures.get(part, 0)
        self.delete_failures[part] = failures - 1
        self.statuses[name] = "DELETE_FAILED" if failures > 0 else "DELETE_IN_PROGRESS"
        return {}

    def list_stacks(self) -> dict[str, Any]:
        self._check("ListStacks", "")
        return {}

    def get_paginator(self, _call: str) -> Any:
        stacks = [{"StackName": name, "StackStatus": status} for name, status in self.statuses.items()]
        return SimpleNamespace(paginate=lambda: [{"Stacks": stacks}])

    def _check(self, call: str, name: str) -> str:
        if call in self.denied:
            raise refusal("AccessDenied", call)
        return name.rpartition("-")[2]


@dataclass
class AwsInMemory:
    """An account whose clients are `clients`, by service."""

    clients: dict[str, Any]
    is_local: bool = False
    endpoint_url: str | None = None

    def client(self, service: str) -> Any:
        found = self.clients[service]
        if isinstance(found, Exception):
            raise found
        return found
