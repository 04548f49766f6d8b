"""Compare Cognito's newest published API with the settings that attach, detach and doctor were reviewed for.

`make freshness` runs it. `reviewed_api.txt` lists the members and values of the structures below as they
were at the last review of the rules. The rules are in `aws_resources/pool_settings.py` for attach and detach,
and in `doctor/`. After a review, `python -m tools.pool_admin.freshness --write` records the newest model as
reviewed.

The exit code is 0 if nothing is new, 1 if there are new names, and 3 if the command failed. `make` answers
both failures with its own code 2, so a CI job runs the module itself.
"""

import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from zipfile import BadZipFile, ZipFile

import typer
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from tools.pool_admin.doctor.clients import KNOWN_FLOWS
from tools.pool_admin.exit_codes import FAILED

REVIEWED = Path(__file__).with_name("reviewed_api.txt")
# The structures that attach, detach and doctor read or send.
_READ_OR_SENT = (
    "UserPoolType",
    "UpdateUserPoolRequest",
    "UserPoolClientType",
    "UpdateUserPoolClientRequest",
    "GetUserPoolMfaConfigResponse",
    "SetUserPoolMfaConfigRequest",
    "IdentityProviderType",
    "UserType",
)
_FLOWS = ("UserPoolClientType.ExplicitAuthFlows", "UpdateUserPoolClientRequest.ExplicitAuthFlows")
_IN_WHEEL = "botocore/data/cognito-idp/2016-04-18/service-2.json.gz"
_NEW = 1


def api_of(model: ServiceModel) -> set[str]:
    """Return the members of the structures as dotted names, and their enums' values as `name = value`."""
    return {line for name in _READ_OR_SENT for line in _lines(model.shape_for(name), name, ())}


def new_in(model: ServiceModel, reviewed: set[str]) -> list[str]:
    """Return the members, values and sign-in flows of `model` that were not reviewed, sorted.

    A flow counts as reviewed if doctor has a rule for it, even if `reviewed` does not have it.
    """
    flows = {f"{member} = {flow}" for member in _FLOWS for flow in KNOWN_FLOWS}
    others = {line for line in reviewed if not line.startswith(tuple(f"{member} = " for member in _FLOWS))}
    return sorted(api_of(model) - others - flows)


def reviewed_api() -> set[str]:
    """Return the lines of `reviewed_api.txt`."""
    return {line for line in REVIEWED.read_text().splitlines() if line}


def newest_model() -> tuple[str, ServiceModel]:
    """Return the newest published botocore's version, and its model of Cognito user pools.

    Raises CalledProcessError if pip cannot download it.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:")
        subprocess.run(
            [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "botocore"], check=True
        )
        (wheel,) = Path(folder).glob("*.whl")
        with ZipFile(wheel) as files:
            description = json.loads(gzip.decompress(files.read(_IN_WHEEL)))
    return wheel.name.split("-")[1], ServiceModel(description, "cognito-idp")


def main(
    write: Annotated[bool, typer.Option("--write", help="Record the newest model as reviewed.")] = False,
) -> None:
    """List the names in Cognito's newest API that no rule was reviewed for. Exits with 1 if there are any."""
    print("Downloading the newest botocore ...", file=sys.stderr)
    try:
        version, model = newest_model()
    except (subprocess.CalledProcessError, OSError, ValueError, KeyError, BadZipFile):
        print(
            "The newest botocore could not be downloaded or read. Check the network, and try again.",
            file=sys.stderr,
        )
        raise typer.Exit(FAILED) from None
    if write:
        REVIEWED.write_text("\n".join(sorted(api_of(model))) + "\n")
    new = new_in(model, reviewed_api())
    if not new:
        print(f"botocore {version} has nothing new for attach, detach and doctor.")
        return
    print(f"botocore {version} has {len(new)} names that no rule was reviewed for:")
    print("\n".join(f"  {line}" for line in new))
    print(
        "Read AWS's page about each of them. Add its rule to pool_settings.py or doctor/, then record it: "
        f"{Path(sys.executable).name} -m tools.pool_admin.freshness --write"
    )
    raise typer.Exit(_NEW)


def _lines(shape: Shape, path: str, inside: tuple[str, ...]) -> Iterator[str]:
    if shape.name in inside:
        return
    inside = (*inside, shape.name)
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield f"{path}.{name}"
            yield from _lines(member, f"{path}.{name}", inside)
    elif isinstance(shape, ListShape):
        yield from _lines(shape.member, path, inside)
    elif isinstance(shape, MapShape):
        yield from _lines(shape.value, f"{path}.*", inside)
    else:
        yield from (f"{path} = {value}" for value in getattr(shape, "enum", ()))


if __name__ == "__main__":
    typer.run(main)
