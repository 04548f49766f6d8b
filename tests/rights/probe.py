"""A handler that makes the calls in its event, with the rights of the Lambda function's role."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """{name: "ok" or an error code}, for `{"calls": {name: [service, operation, arguments]}}`.

    Bytes among the arguments are `{"hex": ...}`.
    """
    return {name: _outcome(*call) for name, call in event["calls"].items()}


def _outcome(service: str, operation: str, arguments: dict[str, Any]) -> str:
    client = boto3.client(service, config=Config(retries={"total_max_attempts": 1}))  # type: ignore[call-overload]
    try:
        getattr(client, operation)(**{name: _bytes(value) for name, value in arguments.items()})
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def _bytes(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) and "hex" in value else value
