"""boto3 clients with a Stubber, checked against AWS's models, and clients that record their calls."""

import io
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.support.events import EMAIL, PHONE
from tests.support.memory_stores import code_mac

SERVICES = ("sesv2", "sns", "dynamodb")


@cache
def client(service: str) -> Any:
    """A client for stubs. Making one takes 0.1 s, so there is one for each service."""
    session = boto3.Session("AKIAEXAMPLE", "example", region_name="eu-central-1")
    return session.client(service)  # type: ignore[call-overload]


class Stubs:
    """SES, SNS and DynamoDB stubs as a context. At its end, every expected call must have happened."""

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
    """The error codes in AWS's model for an operation, as a response has them."""
    shapes = client(service).meta.service_model.operation_model(operation).error_shapes
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}


def refused_by_aws(code: str, operation: str = "Call", status: int = 0) -> ClientError:
    """An AWS error whose text contains a secret that no log and no caller may see.

    `status` is the HTTP status, if the test needs one.
    """
    response: Any = {"Error": {"Code": code, "Message": f"no: {EMAIL} {PHONE} 123456"}}
    if status:
        response["ResponseMetadata"] = {"HTTPStatusCode": status}
    return ClientError(response, operation)


if TYPE_CHECKING:
    # So that a `RecordingClient` is valid for every type of client.
    _EveryClient = Any
else:
    _EveryClient = object


# Responses without which SES, SNS, SQS and End User Messaging did not accept a message.
_ACCEPTED = {
    name: {"MessageId": "1"}
    for name in (
        *("send_email", "publish", "send_message"),
        *("send_text_message", "send_notify_text_message", "send_voice_message"),
    )
}


def payload(answer: object) -> StreamingBody:
    """The answer of a Lambda function, as botocore passes it on. Bytes are passed on unchanged."""
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return StreamingBody(io.BytesIO(content), len(content))


# The answer of an operator's gateway function that has accepted a message.
_ACCEPTED_BY_FUNCTION = {"invoke": lambda _call: {"Payload": payload({"result": "TAKEN"})}}


class RecordingClient(_EveryClient):  # type: ignore[misc]
    """A boto3 client that records its calls.

    `answers` has the response for each operation, or a function of the arguments that returns or raises.
    `errors` has the error that an operation raises.
    """

    def __init__(self, responses: Mapping[str, object] | None = None, **errors: Exception) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._responses: dict[str, object] = _ACCEPTED | _ACCEPTED_BY_FUNCTION | dict(responses or {})
        self.errors = errors

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> object:
            self.calls.append((operation, arguments))
            if operation in self.errors:
                raise self.errors[operation]
            response = self._responses.get(operation, {})
            return response(arguments) if callable(response) else response

        return call

    def sent(self, operation: str) -> list[dict[str, Any]]:
        """The arguments of each call of `operation`."""
        return [arguments for name, arguments in self.calls if name == operation]


def kms() -> RecordingClient:
    """A KMS client with the key of the tests."""
    return RecordingClient({"generate_mac": lambda call: {"Mac": code_mac(call["Message"])}})
