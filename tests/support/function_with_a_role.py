"""A Lambda handler that makes one call to AWS, with the rights of its role."""

from typing import Any

import boto3


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the response, for `{"service": ..., "operation": ..., "arguments": {...}}`."""
    client = boto3.client(event["service"])
    response: dict[str, Any] = getattr(client, event["operation"])(**event["arguments"])
    del response["ResponseMetadata"]
    return response
