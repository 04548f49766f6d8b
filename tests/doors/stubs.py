"""boto3 clients that answer what their Stubber was told, checked against AWS's own models."""

from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

SERVICES = ("sesv2", "sns", "dynamodb")


@cache
def client(service: str) -> Any:
    """A client to be stubbed. Making one costs 0.1 s, so there is one of each."""
    session = boto3.Session("AKIAEXAMPLE", "example", region_name="eu-central-1")
    return session.client(service)  # type: ignore[call-overload]


class Stubs:
    """SES, SNS and DynamoDB as a context. On the way out every call that was announced must have come."""

    def __init__(self) -> None:
        self.ses, self.sns, self.table = (Stubber(client(service)) for service in SERVICES)

    def __enter__(self) -> "Stubs":
        for stub in (self.ses, self.sns, self.table):
            stub.activate()
        return self

    def __exit__(self, *_: object) -> None:
        for stub in (self.ses, self.sns, self.table):
            stub.deactivate()
            stub.assert_no_pending_responses()


def modelled(service: str, operation: str) -> set[str]:
    """The error codes that AWS's model gives for an operation, as they stand in an answer."""
    shapes = client(service).meta.service_model.operation_model(operation).error_shapes
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}
