"""Values for every member of botocore's model, so that a test detects a lost setting."""

from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape


@cache
def model() -> ServiceModel:
    """Cognito's model in the installed botocore."""
    return botocore.session.get_session().get_service_model("cognito-idp")


def value_of(shape: Shape, path: str = "") -> Any:
    """A valid value that differs from the default. A string contains its path, so all strings differ."""
    if isinstance(shape, StructureShape):
        return {name: value_of(member, f"{path}.{name}") for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [value_of(shape.member, path)]
    if isinstance(shape, MapShape):
        # The keys of an ACR configuration follow a pattern. Keys of tags can have any text.
        key = "Level2" if "Level" in shape.key.metadata.get("pattern", "") else "team"
        return {key: value_of(shape.value, f"{path}.{key}")}
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "integer":
        return int(shape.metadata.get("min", 0)) + 1
    if shape.type_name == "timestamp":
        return "2026-01-01T00:00:00Z"
    assert shape.type_name == "string", shape
    chosen = getattr(shape, "enum", None)
    return chosen[-1] if chosen else f"{path.lstrip('.')} {{####}}"


def structure(name: str) -> StructureShape:
    """A structure of the model."""
    shape = model().shape_for(name)
    assert isinstance(shape, StructureShape)
    return shape


def members(name: str) -> dict[str, Any]:
    """Every member of a structure, with a value of `value_of`."""
    found: dict[str, Any] = value_of(structure(name))
    return found
