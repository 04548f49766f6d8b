"""The limit for the length of a function, and a report of the sizes."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("triggers", "demo_client", "tools")
HARD_STOP = 40


def functions(path: Path) -> dict[str, int]:
    """Lines of each function, without its docstring."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            found[f"{path.relative_to(ROOT)}:{node.name}"] = (
                (node.end_lineno or 0) - node.lineno + 1 - docstring
            )
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_function_has_more_than_forty_lines(folder: str) -> None:
    files = [p for p in sorted((ROOT / folder).rglob("*.py")) if p.stat().st_size]
    lines = {p: len(p.read_text("utf-8").splitlines()) for p in files}
    sizes = {name: size for path in files for name, size in functions(path).items()}
    ordered = sorted(sizes.values())
    print(
        f"\n{folder}: {len(files)} files, lines median {statistics.median(lines.values()):.0f}"
        f" max {max(lines.values())}; functions median {statistics.median(ordered):.0f}"
        f" p90 {ordered[int(len(ordered) * 0.9)]} max {ordered[-1]}"
    )
    assert {name: size for name, size in sizes.items() if size > HARD_STOP} == {}
