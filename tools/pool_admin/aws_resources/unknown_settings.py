"""Settings that AWS describes and the installed SDK does not know. An update would reset them unnoticed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from tools.pool_admin.aws_resources.pool_settings import KEPT_BY_AWS, RENAMED, has_type, structure_members

# By describing operation: the member with the description (empty: the whole response), its shape, and the
# operation that updates it.
DESCRIBED = {
    "DescribeUserPool": ("UserPool", "UserPoolType", "UpdateUserPool"),
    "DescribeUserPoolClient": ("UserPoolClient", "UserPoolClientType", "UpdateUserPoolClient"),
    "GetUserPoolMfaConfig": ("", "GetUserPoolMfaConfigResponse", "SetUserPoolMfaConfig"),
}


def keep_unknown_members(cognito: Any) -> None:
    """Make the descriptions of a boto3 client contain every member that AWS returned.

    botocore drops the members that its model does not have.
    """
    for operation, (member, _shape, _update) in DESCRIBED.items():

        def replace(
            http_response: AWSResponse, parsed: dict[str, Any], member: str = member, **_rest: Any
        ) -> None:
            if http_response.status_code == 200:
                content = json.loads(http_response.content)
                parsed.update({member: content[member]} if member else content)

        cognito.meta.events.register(f"after-call.cognito-idp.{operation}", replace)


def unknown_settings(model: ServiceModel, operation: str, described: Mapping[str, Any]) -> set[str]:
    """Return the dotted names of the settings in a description that neither `model` nor this tool knows.

    A setting whose value has another type than in `model` is unknown too.
    `operation` is the operation that described them. The result leaves out the settings that no update
    accepts, and those that AWS keeps when an update leaves them out.
    """
    _member, described_as, update = DESCRIBED[operation]
    known, accepted = structure_members(model, described_as), structure_members(model, f"{update}Request")
    names: set[str] = set()
    for name, value in described.items():
        if name in KEPT_BY_AWS.get(update, ()) or name == "ResponseMetadata" or value is None:
            continue
        if name not in known:
            names.add(name)
        elif RENAMED.get(name, name) in accepted:
            names |= set(_unknown(value, known[name], (name,)))
    return names


def _unknown(value: Any, shape: Shape, path: tuple[str, ...]) -> Iterator[str]:
    if value is None:
        return
    if not has_type(value, shape):
        yield ".".join(path)
    elif isinstance(shape, ListShape):
        for part in value:
            yield from _unknown(part, shape.member, path)
    elif isinstance(shape, StructureShape | MapShape):
        yield from _unknown_members(value, shape, path)


def _unknown_members(
    value: Mapping[str, Any], shape: StructureShape | MapShape, path: tuple[str, ...]
) -> Iterator[str]:
    for name, part in value.items():
        known = shape.value if isinstance(shape, MapShape) else shape.members.get(name)
        if known:
            yield from _unknown(part, known, (*path, name))
        elif part is not None:
            yield ".".join((*path, name))
