"""The adapters and the handlers take typed clients, so that mypy checks each AWS call."""

import ast
from pathlib import Path

import pytest

from tests.support.template import ROOT

TRIGGERS = ROOT / "triggers"
FILES = [*TRIGGERS.glob("*.py"), *TRIGGERS.glob("passcode/adapters/*.py")]


def untyped_clients(source: str) -> list[str]:
    """Return the fields, variables, parameters and functions for clients whose annotation contains `Any`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg):
            found += [(node.arg, node.annotation)]
        elif isinstance(node, ast.AnnAssign):
            found += [(ast.unparse(node.target), node.annotation)]
        elif isinstance(node, ast.FunctionDef):
            found += [(node.name, node.returns)]
    return [name for name, type_ in found if "client" in name.lower() and type_ and contains_any(type_)]


def contains_any(annotation: ast.expr) -> bool:
    """Return True if `Any` is in the annotation, even in a quoted one."""
    text = ast.unparse(annotation).replace("'", "")
    names = ast.walk(ast.parse(text, mode="eval"))
    return any(getattr(each, "id", getattr(each, "attr", "")) == "Any" for each in names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_client_is_any(file: Path) -> None:
    assert untyped_clients(file.read_text()) == []


def test_there_are_files_with_clients() -> None:
    assert {"kms", "record_table", "deliver"} <= {file.stem for file in FILES}


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    client: Any",
        "class A:\n    kms_client: 'Any'",
        "def f(client: typing.Any) -> None: ...",
        "def f(*, clients: list[Any]) -> None: ...",
        "def f(client: Callable[[], Any]) -> None: ...",
        "def client(service: str) -> Any: ...",
        "CLIENT: Any = None",
    ],
)
def test_an_untyped_client_is_found(source: str) -> None:
    assert untyped_clients(source)


def test_a_typed_client_is_not_found() -> None:
    assert not untyped_clients("class A:\n    client: 'KMSClient'\n    name: Any")
