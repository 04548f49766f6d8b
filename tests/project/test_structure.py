"""The structure of the code: names of classes, and imports between test modules."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("triggers", "tools", "demo_client", "benchmarks")
# The classes that share a name because they are one thing, each with the reason.
ONE_THING = {
    "Challenge": "The demo client must not import `triggers`. It reads a challenge as an app does.",
    "Created": "The body of a response, and the same body as the demo client reads it.",
    "PasswordProof": "The demo client is an example for app developers and must not import `triggers`.",
    "Proof": "The signed proof, as the token service reads it and as a caller of the demo client gets it.",
    "RefusalTag": "The tag that the triggers write and the demo client reads.",
    "Settings": "Each Lambda function has its settings.",
    "TokenSigner": "The port to one signer. Confirmation and the hosted pages do not import each other.",
    "UserDirectory": "The port to one directory. Confirmation and the hosted pages do not import each other.",
}


def test_classes_share_a_name_only_if_they_are_one_thing() -> None:
    files = [path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    counts = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    assert {name for name, count in counts.items() if count > 1} == set(ONE_THING)


def imported_tests(tree: ast.AST) -> list[str]:
    """Return the test modules that a module imports, or from which it imports a name."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # `from tests.project import test_sizes` imports a module too.
            found += [f"{node.module or ''}.{alias.name}" for alias in node.names]
    return [name for name in found if any(part.startswith("test_") for part in name.split(".")[:-1])] + [
        name for name in found if name.startswith("tests.") and name.split(".")[-1].startswith("test_")
    ]


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("from tests.project.test_sizes import functions", ["tests.project.test_sizes.functions"]),
        ("from tests.project import test_sizes", ["tests.project.test_sizes"]),
        ("import tests.project.test_sizes", ["tests.project.test_sizes"]),
        ("from .test_sizes import functions", ["test_sizes.functions"]),
        ("from tests.support.events import entry\nimport pytest", []),
    ],
)
def test_an_import_of_a_test_module_is_found(source: str, modules: list[str]) -> None:
    assert imported_tests(ast.parse(source)) == modules


def test_no_module_imports_a_test_module() -> None:
    trees = {
        path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests").rglob("*.py")
    }
    assert {path: imported_tests(tree) for path, tree in trees.items() if imported_tests(tree)} == {}
