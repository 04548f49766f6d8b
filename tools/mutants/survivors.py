"""Read mutmut's output: the names of survivors, and the place and the change of each."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ACCEPTED = Path(__file__).parent / "accepted.toml"

# A function without tests is a survivor too. mutmut reports a timeout for a mutant that tests detect.
SURVIVED = ("survived", "no tests", "suspicious")

_RESULT = re.compile(r"^ *(\S+__mutmut_\d+): (.+)$", re.MULTILINE)
_NAME = re.compile(r"^(?P<module>[\w.]+)\.x(?:_|ǁ(?P<owner>\w+)ǁ)(?P<function>\w+?)__mutmut_\d+$")
_HUNK = re.compile(r"^@@ -(\d+)", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Mutation:
    """A mutation, as the changed lines of a file without indentation. It does not depend on line numbers."""

    file: str
    before: str
    after: str


@dataclass(frozen=True)
class Mutant:
    """A mutation with its place: `line` is the first changed line of the file."""

    name: str
    status: str
    line: int
    change: Mutation

    @property
    def file(self) -> str:
        """The file, relative to triggers/."""
        return self.change.file


def survivor_names(results: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the status of each survivor in the output of `mutmut results`."""
    for name, status in _RESULT.findall(results):
        if status in SURVIVED:
            yield name, status


def parse_mutant(name: str, status: str, diff: str, sources: Path) -> Mutant:
    """Return a mutant from the output of `mutmut show`, which is a diff of one function.

    Raises `ValueError` if the name or the diff has another form.
    """
    name_match, hunk = _NAME.match(name), _HUNK.search(diff)
    if not (name_match and hunk):
        raise ValueError(
            f"mutmut describes {name} in an unknown form. Check tools/mutants against its version."
        )
    file = name_match["module"].replace(".", "/") + ".py"
    lines = diff[hunk.start() :].splitlines()[1:]
    before = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    after = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    first = next(index for index, line in enumerate(lines) if line.startswith(("-", "+")))
    start = _line_of(sources / file, name_match["owner"], name_match["function"])
    return Mutant(name, status, start + int(hunk[1]) - 1 + first, Mutation(file, before, after))


def read_accepted(file: Path = ACCEPTED) -> dict[Mutation, str]:
    """Return the accepted changes with their reasons. Raises `ValueError` for one without a reason."""
    reasons = {}
    for entry in tomllib.loads(file.read_text("utf-8")).get("accepted", []):
        if not entry.get("reason"):
            raise ValueError(f"Add a reason to this entry of {file.name}: {entry}")
        for after in entry["after"]:
            reasons[Mutation(entry["file"], entry["before"], after)] = entry["reason"]
    return reasons


def _line_of(file: Path, owner: str | None, function: str) -> int:
    """Return the line of a function's `def`, or of a method's if it has an owner."""
    body: list[ast.stmt] = ast.parse(file.read_text("utf-8")).body
    if owner:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == owner)
    definitions = (node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return next(node.lineno for node in definitions if node.name == function)
