"""An AWS account for deployments, with answers of the tests, which are checked against AWS's models."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config
from botocore.stub import Stubber

from tools.deploy.account import DeploymentAccount

REGION = "eu-central-1"
ROLE = "arn:aws:sts::123456789012:assumed-role/Deployer/me"


class StubbedAccount(DeploymentAccount):
    """An account without a network.

    `stubs` has a Stubber of each service that was used. `regions` has each service and its given region.
    """

    def __init__(self, region: str = REGION) -> None:
        super().__init__(region)
        self._session = boto3.Session("AKIAEXAMPLE", "example", region_name=region)
        self._clients: dict[str, Any] = {}
        self.stubs: dict[str, Stubber] = {}
        self.regions: set[tuple[str, str]] = set()

    @property
    def endpoint_url(self) -> str:
        # The address of a local AWS: its progress is read more often.
        return "http://127.0.0.1:1"

    def client(self, service: str, region: str = "") -> Any:
        self.regions.add((service, region))
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service, config=Config(retries={"total_max_attempts": 1})
            )
            self.stubs[service] = Stubber(self._clients[service])
        return self._clients[service]

    def stub(self, service: str) -> Stubber:
        """Return the active Stubber of a service. Calls have to come in the order of its answers."""
        self.client(service)
        self.stubs[service].activate()
        return self.stubs[service]

    def answer(
        self, service: str, operation: str, respond: Callable[[Mapping[str, Any]], str | None]
    ) -> None:
        """Answer all calls of one operation of a query API, in any order.

        `respond` gets the parameters of a call, and returns an error code, or None for an empty answer.
        """

        def before_call(params: Mapping[str, Any], **_: Any) -> tuple[Any, Any]:
            code = respond(params["body"])
            error = {"Error": {"Code": code, "Message": "no"}} if code else {}
            return SimpleNamespace(status_code=400 if code else 200), {**error, "ResponseMetadata": {}}

        self.client(service).meta.events.register(f"before-call.{service}.{operation}", before_call)

    def close(self) -> None:
        """Check that every expected call has happened."""
        for stubber in self.stubs.values():
            stubber.assert_no_pending_responses()
