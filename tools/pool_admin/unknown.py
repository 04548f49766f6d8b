"""Settings that AWS tells of and the installed SDK does not know: an update would reset them unseen."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, ServiceModel, Shape, StructureShape

_DESCRIPTIONS = {
    "DescribeUserPool": "DescribeUserPoolResponse",
    "DescribeUserPoolClient": "DescribeUserPoolClientResponse",
}


def watch(cognito: Any) -> set[str]:
    """The names of unknown settings in whatever this boto3 client describes from now on."""
    found: set[str] = set()
    model = cognito.meta.service_model
    for operation, shape in _DESCRIPTIONS.items():

        def look(response_dict: dict[str, Any] | None, shape: str = shape, **_rest: Any) -> None:
            found.update(unknown((response_dict or {}).get("body") or b"{}", model, shape))

        cognito.meta.events.register(f"response-received.cognito-idp.{operation}", look)
    return found


def unknown(body: bytes, model: ServiceModel, shape: str) -> set[str]:
    """Dotted names of members in a JSON answer that its shape does not have."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {"__type": "not even JSON"}
    # An error has a body of its own; botocore speaks of it.
    return set(_strange(answer, model.shape_for(shape), ())) if "__type" not in answer else set()


def _strange(value: Any, shape: Shape, at: tuple[str, ...]) -> Iterator[str]:
    if value is None:
        return
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, part in value.items():
            if name not in shape.members:
                yield ".".join((*at, name)[1:])
            else:
                yield from _strange(part, shape.members[name], (*at, name))
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for part in value:
            yield from _strange(part, shape.member, at)
