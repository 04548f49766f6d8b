"""The AWS models of the functions: botocore's models of the services and operations that the functions call.

    python -m tools.artefacts.aws_models

This command writes them into triggers/, so that tests and benchmarks run as Lambda does. `make build` writes
the models of one function into its artefact. botocore's own models describe every operation of every service.
They have 28 MB, and the first client of a process reads the endpoints of all services.

Everything that can change a request or a response stays: each shape of an operation, each error of a service,
the whole endpoint rules, and all partitions. The folder also has a list of Amazon's certificate authorities,
from botocore's list. This module needs only the standard library.
"""

import gzip
import hashlib
import json
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tools.lambda_functions import FUNCTIONS
from tools.local_stack.locks import exclusive_lock

ROOT = Path(__file__).parents[2]
# Their folder in triggers/ and in an artefact. The product's `botocore_clients` reads it.
MODELS = Path("passcode") / "adapters" / "aws_models"
# The data files without a service that a client may read. They are small.
_WHOLE = ("partitions", "_retry", "sdk-default-configuration")
# The certificates of Amazon's certificate authorities, in PEM. The product's `botocore_clients` reads them.
AUTHORITIES = "authorities.pem"
# Their labels in botocore's list. Amazon recommends that a list for its services has all five:
# https://www.amazontrust.com/repository/
_AMAZON = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
# The file with the version of botocore and the sources from which the models in triggers/ were made.
_ORIGIN = "origin.txt"
# IAM's prefix of a service, if botocore has another name for it.
_SERVICES = {"ses": "sesv2", "sms-voice": "pinpoint-sms-voice-v2"}
# IAM's name of an action, if the operation has another one.
_OPERATIONS = {"lambda:InvokeFunction": "Invoke"}

Model = dict[str, Any]


def operations_of(functions: Collection[str]) -> dict[str, set[str]]:
    """Return the operations that these functions have the right to call, by botocore's name of the service.

    AWS refuses any other operation that needs credentials, and the functions call none without them.
    """
    found: dict[str, set[str]] = {}
    # Sorted, because the order of a set changes from process to process.
    for action in sorted({action for name in functions for action in FUNCTIONS[name].rights}):
        prefix, _, operation = action.partition(":")
        service = _SERVICES.get(prefix, prefix)
        found.setdefault(service, set()).add(_OPERATIONS.get(action, operation))
    return found


def trimmed(data: Path, operations: Mapping[str, Collection[str]]) -> dict[str, bytes]:
    """Return the models and the list of authorities by their path, from botocore's folder `data`.

    `operations` has the names of operations by service. Raises KeyError if botocore lacks an operation or one
    of Amazon's certificate authorities.
    """
    files = {name: _load(data / name) for name in _WHOLE}
    prefixes = set()
    for service, names in operations.items():
        folder = max(each for each in (data / service).iterdir() if each.is_dir())
        path = f"{service}/{folder.name}"
        model = _service(_load(folder / "service-2"), names)
        prefixes.add(model["metadata"]["endpointPrefix"])
        files[f"{path}/service-2"] = model
        files[f"{path}/endpoint-rule-set-1"] = _load(folder / "endpoint-rule-set-1")
        if (folder / "service-2.sdk-extras.json").exists():
            files[f"{path}/service-2.sdk-extras"] = _load(folder / "service-2.sdk-extras")
    files["endpoints"] = _endpoints(_load(data / "endpoints"), prefixes)
    models = {f"{path}.json": _dump(content) for path, content in sorted(files.items())}
    return models | {AUTHORITIES: _authorities((data.parent / "cacert.pem").read_text("utf-8"))}


def _load(path: Path) -> Model:
    """Return the content of a data file. `path` has no suffix."""
    plain = path.with_name(f"{path.name}.json")
    if plain.exists():
        loaded: Model = json.loads(plain.read_bytes())
    else:
        loaded = json.loads(gzip.decompress(path.with_name(f"{path.name}.json.gz").read_bytes()))
    return loaded


def _dump(content: Model) -> bytes:
    # The order stays: botocore serialises the members of a shape in the order of the model.
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _service(model: Model, names: Collection[str]) -> Model:
    """Return the model of a service with these operations, what they need, and every error of the service.

    Any operation can return an error that its model does not list.
    """
    operations = {name: _without_texts(model["operations"][name]) for name in sorted(names)}
    errors = [name for name, shape in model["shapes"].items() if shape.get("exception")]
    needed = {*errors, *_shapes_of(operations)}
    found: set[str] = set()
    while needed:
        found |= needed
        needed = {other for name in needed for other in _shapes_of(model["shapes"][name])} - found
    shapes = {name: _shape(shape) for name, shape in model["shapes"].items() if name in found}
    return _without_texts(model) | {"operations": operations, "shapes": shapes}


def _shapes_of(part: Any) -> Iterator[str]:
    """Yield the name of each shape to which a part of a model refers."""
    if isinstance(part, dict):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for each in part.values():
            yield from _shapes_of(each)
    elif isinstance(part, list):
        for each in part:
            yield from _shapes_of(each)


def _shape(shape: Model) -> Model:
    """Return a shape without its texts. A member may have the name `documentation`."""
    if "members" not in shape:
        return _without_texts(shape)
    members = {name: _without_texts(member) for name, member in shape["members"].items()}
    return _without_texts(shape) | {"members": members}


def _without_texts(part: Model) -> Model:
    """Return a part of a model without its documentation, which no client reads."""
    return {
        key: _without_texts(value) if isinstance(value, dict) and key in _REFERENCES else value
        for key, value in part.items()
        if key not in ("documentation", "documentationUrl", "examples")
    }


_REFERENCES = {"input", "output", "member", "key", "value"}


def _endpoints(endpoints: Model, prefixes: Collection[str]) -> Model:
    """Return the endpoints of these services in all partitions, so that each region works as before."""
    partitions = [
        partition
        | {"services": {key: value for key, value in partition["services"].items() if key in prefixes}}
        for partition in endpoints["partitions"]
    ]
    return endpoints | {"partitions": partitions}


def _authorities(known: str) -> bytes:
    """Return the certificates of Amazon's authorities from botocore's list `known`, by their labels there."""
    found = dict(
        re.findall(r'# Label: "([^"\n]+)"\n(?:#.*\n)*(-----BEGIN [^#]+-----END CERTIFICATE-----\n)', known)
    )
    return "".join(found[label] for label in _AMAZON).encode()


def botocore_data() -> Path:
    """Return the folder of the models in the botocore of this environment."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore is not installed. Run `make setup`.")
    return Path(spec.origin).parent / "data"


def write(root: Path = ROOT) -> None:
    """Write the models of all functions into triggers/ of the project `root`, unless they are there.

    They are made again if botocore, this module or the rights of the functions have changed.
    """
    folder, origin = root / "triggers" / MODELS, _origin()
    if _has_origin(folder, origin):
        return
    # Not in triggers/, whose files the local stack deploys.
    local = root / ".local"
    local.mkdir(exist_ok=True)
    # Another command can write them too. It waits here, and then finds them.
    with exclusive_lock(local / "aws_models.lock"), tempfile.TemporaryDirectory(dir=local) as made:
        if _has_origin(folder, origin):
            return
        # A process that runs meanwhile never sees a part of the models.
        new = Path(made) / "new"
        put(trimmed(botocore_data(), operations_of(FUNCTIONS)), new)
        (new / _ORIGIN).write_text(origin, "utf-8")
        if folder.exists():
            folder.rename(Path(made) / "old")
        new.rename(folder)


def _has_origin(folder: Path, origin: str) -> bool:
    file = folder / _ORIGIN
    return file.exists() and file.read_text("utf-8") == origin


def put(files: Mapping[str, bytes], folder: Path) -> None:
    """Write `files`, by their path, into `folder`."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _origin() -> str:
    """Return the version of botocore, and a digest of the sources that select the models."""
    version = re.search(r"__version__ = '(.+?)'", (botocore_data().parent / "__init__.py").read_text("utf-8"))
    sources = [Path(__file__), Path(__file__).parents[1] / "lambda_functions.py"]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    return f"botocore {version and version[1]}\nsources {digest}\n"


if __name__ == "__main__":
    write()
