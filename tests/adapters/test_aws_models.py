"""A client with the trimmed AWS models sends and reads the same bytes as one with botocore's own models.

Each test compares two clients of one service: one with the models of a function, and one with botocore's.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.sax.saxutils import escape

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.response import StreamingBody
from botocore.session import Session, get_session

from passcode.adapters import botocore_clients
from passcode.adapters.botocore_clients import ModelLoader
from tools.artefacts import aws_models
from tools.lambda_functions import FUNCTIONS

ALL = aws_models.operations_of(FUNCTIONS)
CASES = [(name, service) for name in FUNCTIONS for service in aws_models.operations_of({name})]
# One region of each partition with these services, and one that botocore does not know.
REGIONS = (
    *("eu-central-1", "us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1"),
    *("eusc-de-east-1", "eu-central-9"),
)
# The headers whose values differ at each call.
_TIMES = {"x-amz-date", "amz-sdk-invocation-id"}
# A request to several regions needs a signature that the functions cannot make (awscrt).
_UNUSED = {"EndpointId"}
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FULL = Loader()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The models of each function, as `make build` writes them into its artefact."""
    made = {}
    for name in FUNCTIONS:
        made[name] = tmp_path_factory.mktemp(name)
        operations = aws_models.operations_of({name})
        aws_models.put(aws_models.trimmed(aws_models.botocore_data(), operations), made[name])
    return made


class FakeExchange:
    """The answer that a client gets instead of AWS's, and the request that it sent."""

    def __init__(self, status: int = 200, body: bytes = b"{}", headers: Mapping[str, str] = {}) -> None:
        self.answer = AWSResponse("https://example", status, HTTPHeaders.from_dict(headers), _Raw(body))
        self.request: AWSPreparedRequest | None = None

    def send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        self.request = request
        return self.answer


class _Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        body, self.body = self.body, b""
        yield body

    def read(self, *_: object, **__: object) -> bytes:
        return b"".join(self.stream())


def made_client(service: str, models: Path | None, region: str = "eu-central-1", **settings: Any) -> Any:
    """Return a client with the functions' settings. `models` is a folder, or None for botocore's models."""
    session: Session = get_session()
    session.set_credentials("AKIAIOSFODNN7EXAMPLE", "an example")
    loader = ModelLoader(models) if models else _FULL
    session.register_component("data_loader", loader)
    config: Any = {
        "retries": {"mode": "standard", "total_max_attempts": 1},
        "user_agent": "cognito-passcode",
        "parameter_validation": False,
    }
    return session.create_client(service, region, config=Config(**config | settings))


def call(client: Any, operation: OperationModel, parameters: Mapping[str, Any], wire: FakeExchange) -> Any:
    """Call an operation. Return its response, or the response and the type of its error."""
    client.meta.events.register_last("before-send", wire.send)
    try:
        method = next(
            name for name, each in client.meta.method_to_api_mapping.items() if each == operation.name
        )
        response = getattr(client, method)(**parameters)
    except ClientError as error:
        return error.response, type(error).__name__, str(error)
    finally:
        client.meta.events.unregister("before-send", wire.send)
    streams = {key: value.read() for key, value in response.items() if isinstance(value, StreamingBody)}
    return response | streams


def sent(client: Any, operation: OperationModel, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the method, the URL, the headers and the body of a call, without its time and signature."""
    wire = FakeExchange(body=answer_of(operation))
    call(client, operation, parameters, wire)
    assert wire.request
    headers = {
        key: re.sub(r"/\d{8}/|Signature=\w+", "", str(value))
        for key, value in wire.request.headers.items()
        if key.lower() not in _TIMES
    }
    return wire.request.method, wire.request.url, headers, wire.request.body


def value_of(shape: Shape, above: tuple[str, ...] = ()) -> Any:
    """Return a value with every member of a shape. A shape inside itself is left out."""
    inside = (*above, shape.name)
    if isinstance(shape, StructureShape):
        members = {name: each for name, each in shape.members.items() if each.name not in (*inside, *_UNUSED)}
        return {name: value_of(each, inside) for name, each in members.items() if not _repeats(each, inside)}
    if isinstance(shape, ListShape):
        return [value_of(shape.member, inside)]
    if isinstance(shape, MapShape):
        return {"key": value_of(shape.value, inside)}
    values: dict[str, Any] = {
        "blob": b"\x00bytes\xff",
        "boolean": True,
        "timestamp": _NOW,
        **dict.fromkeys(("integer", "long"), 7),
        **dict.fromkeys(("float", "double"), 1.5),
        "string": f"{shape.name} \N{SNOWMAN} <&>",
    }
    return values[shape.type_name]


def _repeats(shape: Shape, above: tuple[str, ...]) -> bool:
    """Return whether a list or a map is of a shape that contains it."""
    if isinstance(shape, ListShape):
        return shape.member.name in above
    return isinstance(shape, MapShape) and shape.value.name in above


def in_json(value: Any) -> Any:
    """Return a value of `value_of` as AWS writes it in JSON."""
    if isinstance(value, dict):
        return {key: in_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [in_json(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.timestamp() if isinstance(value, datetime) else value


def answer_of(operation: OperationModel) -> bytes:
    """Return the body of a response with every member of the operation's output."""
    output = operation.output_shape
    members = value_of(output) if output else {}
    if operation.service_model.protocol != "query":
        if isinstance(output, StructureShape) and (payload := output.serialization.get("payload")):
            return bytes(members[payload])
        return json.dumps(in_json(members)).encode()
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in members.items())
    name = operation.name
    return f"<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>".encode()


@pytest.mark.parametrize(("function", "service"), CASES)
def test_each_request_has_the_same_bytes(folders: dict[str, Path], function: str, service: str) -> None:
    trimmed, full = made_client(service, folders[function]), made_client(service, None)
    for name in aws_models.operations_of({function})[service]:
        operation = full.meta.service_model.operation_model(name)
        shape = operation.input_shape
        every: dict[str, Any] = value_of(shape)
        required = {key: every[key] for key in shape.required_members}
        with patch("botocore.handlers.uuid.uuid4", lambda: "a token"):
            for parameters in (every, required):
                assert sent(trimmed, operation, parameters) == sent(full, operation, parameters)
            assert sent(full, operation, every)[3]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", ALL)
def test_each_partition_has_the_same_endpoints(service: str, region: str) -> None:
    """The signature contains the region and the service."""
    models = aws_models.ROOT / "triggers" / aws_models.MODELS
    for settings in ({}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}):
        both = []
        for folder in (models, None):
            client = made_client(service, folder, region, **settings)
            operation = client.meta.service_model.operation_model(min(ALL[service]))
            parameters = {
                key: "https://sqs.eu-central-1.amazonaws.com/123456789012/q" if key == "QueueUrl" else "text"
                for key in operation.input_shape.required_members
            }
            try:
                both.append((client.meta.endpoint_url, *sent(client, operation, parameters)))
            except Exception as error:  # some partitions have no endpoints of this kind
                both.append((client.meta.endpoint_url, type(error), str(error)))
        assert both[0] == both[1], settings


@pytest.mark.parametrize(("function", "service"), CASES)
def test_each_response_is_parsed_identically(folders: dict[str, Path], function: str, service: str) -> None:
    trimmed, full = made_client(service, folders[function]), made_client(service, None)
    headers = {"x-amzn-requestid": "an id", "x-amz-function-error": "Unhandled"}
    for name in aws_models.operations_of({function})[service]:
        operation = full.meta.service_model.operation_model(name)
        required = {
            key: value_of(operation.input_shape)[key] for key in operation.input_shape.required_members
        }
        body = answer_of(operation)
        both = [
            call(client, operation, required, FakeExchange(200, body, headers)) for client in (trimmed, full)
        ]
        assert both[0] == both[1]
        expected = operation.output_shape.members if operation.output_shape else {}
        assert both[0].keys() >= {
            key for key in expected if expected[key].serialization.get("location") is None
        }


@pytest.mark.parametrize(("function", "service"), CASES)
def test_each_error_is_parsed_identically(folders: dict[str, Path], function: str, service: str) -> None:
    """Any operation can return any error of its service, and errors that no model has."""
    trimmed, full = made_client(service, folders[function]), made_client(service, None)
    model = full.meta.service_model
    operation = model.operation_model(min(aws_models.operations_of({function})[service]))
    required = {key: value_of(operation.input_shape)[key] for key in operation.input_shape.required_members}
    shapes = {shape.error_code: shape for shape in model.error_shapes}
    for code in (*shapes, "ThrottlingException", "UnknownError"):
        fields = value_of(shapes[code]) if code in shapes else {"message": "text"}
        if model.protocol == "query":
            body = f"<ErrorResponse><Error><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>"
        else:
            body = json.dumps(in_json(fields) | {"__type": f"com.amazonaws#{code}"})
        headers = {"x-amzn-errortype": code}
        both = [
            call(client, operation, required, FakeExchange(400, body.encode(), headers))
            for client in (trimmed, full)
        ]
        assert both[0] == both[1]
        assert both[0][0]["Error"]["Code"] == code


def test_the_functions_read_no_other_models() -> None:
    loader = botocore_clients.session().get_component("data_loader")
    assert loader.search_paths == [str(aws_models.ROOT / "triggers" / aws_models.MODELS)]
    assert loader.list_available_services("service-2") == sorted(ALL)
    kms = loader.load_service_model("kms", "service-2")
    assert kms["operations"].keys() == ALL["kms"]
