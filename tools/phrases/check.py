"""Find phrases that this project does not use: in documents, Python, template, Makefile, English texts."""

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("phrases.toml")
FILES = ("*.md", "*.py", "template.yaml", "Makefile", "en.json")
# The folders of package managers and of the build. The check also skips hidden folders.
_GENERATED = {"node_modules", "built", "__pycache__"}
# Between two words: spaces, the end of a line, and the sign that continues a comment or a quotation.
_GAP = r"(?:[\s#>]+|_)"


@dataclass(frozen=True)
class Place:
    """A place where a phrase is allowed: in files that match `file`, inside the words `text`. Empty: any."""

    file: str = ""
    text: str = ""


@dataclass(frozen=True)
class Rule:
    """Phrases with one replacement, and the places where they are allowed."""

    phrases: tuple[str, ...]
    use: str
    allowed: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Config:
    """The content of phrases.toml. `not_covered` holds the start of paths."""

    rules: tuple[Rule, ...]
    not_covered: tuple[str, ...]


@dataclass(frozen=True)
class PhraseUse:
    """One phrase that is not used, at a line of a file."""

    file: str
    line: int
    phrase: str
    use: str

    def __str__(self) -> str:
        return f'{self.file}:{self.line}: "{self.phrase}": use "{self.use}"'


def read_config(path: Path = DATA) -> Config:
    """Read the rules. Raises KeyError or TypeError if an entry has a wrong or missing key."""
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    rules = tuple(
        Rule(tuple(rule["phrases"]), rule["use"], tuple(Place(**place) for place in rule.get("allowed", [])))
        for rule in data["rule"]
    )
    return Config(rules, tuple(data["not_covered"]))


def find_phrases(text: str, file: str, rules: Sequence[Rule]) -> Iterator[PhraseUse]:
    """Yield each place of `text`, the content of `file`, that a rule refuses."""
    lower = text.lower()
    for rule in rules:
        # Most files have none of the words, and a search for a word is much faster than one for a pattern.
        for phrase in (each for each in rule.phrases if each.split()[0] in lower):
            spans = list(_allowed_spans(lower, file, rule.allowed))
            for match in re.finditer(_pattern(phrase), lower):
                if not any(start <= match.start() and match.end() <= end for start, end in spans):
                    yield PhraseUse(file, lower.count("\n", 0, match.start()) + 1, phrase, rule.use)


def check(root: Path, config: Config) -> list[str]:
    """Return a line for each phrase in a covered file, and for each entry of `not_covered` without one."""
    complaints: list[str] = []
    unfinished: set[str] = set()
    for path in _files(root):
        file = path.relative_to(root).as_posix()
        findings = sorted(
            find_phrases(path.read_text("utf-8"), file, config.rules), key=lambda finding: finding.line
        )
        entries = [entry for entry in config.not_covered if file.startswith(entry)]
        if findings and entries:
            unfinished.update(entries)
        elif findings:
            complaints += map(str, findings)
    finished = [entry for entry in config.not_covered if entry not in unfinished]
    return complaints + [
        f"{entry} has none of the phrases: remove it from not_covered in {DATA.name}" for entry in finished
    ]


def _pattern(phrase: str) -> str:
    words = _GAP.join(re.escape(word) for word in phrase.split())
    return rf"(?<![a-z0-9]){words}(?![a-z0-9])"


def _allowed_spans(lower: str, file: str, places: Sequence[Place]) -> Iterator[tuple[int, int]]:
    for place in places:
        if place.file and not fnmatch(file, place.file):
            continue
        if not place.text:
            yield 0, len(lower)
            continue
        for match in re.finditer(re.escape(place.text.lower()), lower):
            yield match.span()


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _GENERATED)
        for name in sorted(names):
            if any(fnmatch(name, kind) for kind in FILES):
                yield Path(folder, name)
