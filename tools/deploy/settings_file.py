"""The answers that stay: samconfig.mine.toml, which `sam` reads too, and the SET of `make deploy`."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.deploy.errors import DeployError

TABLE = "default.deploy.parameters"
OVERRIDES = "parameter_overrides"

# Name=value as `sam` reads it: between quotes with \" for a quote, or without spaces.
_PAIR = re.compile(
    r"""\s*(?:ParameterKey=(\w+),ParameterValue=|(\w+)=)("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|[^\s"\\])*)(?=\s|$)"""
)


@dataclass(frozen=True)
class SettingsFile:
    """The content of samconfig.mine.toml: the `parameters` of the stack, and the other `options` of `sam`."""

    path: Path
    parameters: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether the file has been written."""
        return self.path.exists()

    def option(self, name: str) -> str:
        """Return an option as text; empty if the file does not have it."""
        return str(self.options.get(name, ""))


def read_settings(path: Path) -> SettingsFile:
    """Read the file. A missing file has no settings. Raises `DeployError` if it cannot be understood."""
    if not path.exists():
        return SettingsFile(path)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeployError(
            f"{path.name} is not valid TOML: {error}. Correct that line, or delete the file."
        ) from None
    options = dict(_table(content))
    return SettingsFile(path, _parameters(options.pop(OVERRIDES, ""), path), options)


def parse_set(text: str) -> dict[str, str]:
    """Return the parameters of `SET`, in the quoting of a shell: "Name=Value Other='two words'".

    Raises `DeployError` if a part is not NAME=VALUE.
    """
    try:
        parts = shlex.split(text)
    except ValueError:
        raise DeployError(
            f"A quote in SET is not closed: {text}. Write SET=\"Name=Value Other='two words'\"."
        ) from None
    found = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not (name and equals):
            raise DeployError(
                f"{part!r} in SET is not a parameter. Write SET=\"Name=Value Other='two words'\"."
            )
        found[name] = value
    return found


def save_settings(settings: SettingsFile, shared: Path) -> None:
    """Write the parameters and options into the file. Its other lines stay.

    A new file begins as a copy of `shared`, the samconfig.toml of the project. Raises `DeployError` if the
    file has an unusual form, so that a line cannot be replaced.
    """
    path = settings.path
    text = (path if path.exists() else shared).read_text("utf-8")
    expected = dict(tomllib.loads(text))
    table = _table(expected)
    wanted = {**settings.options, OVERRIDES: overrides(settings.parameters)}
    changed = {name: value for name, value in wanted.items() if table.get(name) != value}
    table.update(changed)
    new = _with_values(text, changed)
    if not _says(new, expected, settings):
        raise DeployError(
            f"{path.name} has a form or a value that this command cannot write. Set {OVERRIDES} in [{TABLE}] "
            "by hand."
        )
    path.write_text(new, "utf-8")


def overrides(parameters: Mapping[str, str]) -> str:
    """Return the parameters as one text, as `sam` writes it."""
    return " ".join('{}="{}"'.format(name, value.replace('"', r"\"")) for name, value in parameters.items())


def _says(text: str, content: Mapping[str, Any], settings: SettingsFile) -> bool:
    """Return whether a file with `text` has this content, and these parameters for `sam`."""
    try:
        written = tomllib.loads(text)
        read = _parameters(_table(written)[OVERRIDES], settings.path)
    except (tomllib.TOMLDecodeError, DeployError):
        return False
    return written == content and read == settings.parameters


def _table(content: dict[str, Any]) -> dict[str, Any]:
    for name in TABLE.split("."):
        content = content.setdefault(name, {})
    return content


def _parameters(found: Any, path: Path) -> dict[str, str]:
    """Return the parameters in any form in which `sam` accepts them: a text, a list of texts, or a table."""
    if isinstance(found, Mapping):
        return {name: str(value) for name, value in found.items()}
    text = " ".join(map(str, found)) if isinstance(found, list) else str(found)
    position, values = 0, {}
    while text[position:].strip():
        pair = _PAIR.match(text, position)
        if not pair:
            raise DeployError(
                f"{OVERRIDES} of {path.name} cannot be read at: {text[position:].strip()[:40]}. "
                'Write Name="value".'
            )
        values[pair[1] or pair[2]] = _unquoted(pair[3])
        position = pair.end()
    return values


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"') and value[:1] == value[-1:]:
        value = value[1:-1]
    return re.sub(r"\\([ \"'])", r"\1", value)


def _with_values(text: str, values: Mapping[str, Any]) -> str:
    """Return `text` with `values` as lines of the table, instead of its lines with the same names."""
    lines = text.splitlines()
    header = f"[{TABLE}]"
    if header not in (line.strip() for line in lines):
        lines += ["", header]
    start = [line.strip() for line in lines].index(header) + 1
    end = next((i for i in range(start, len(lines)) if lines[i].strip().startswith("[")), len(lines))
    body = lines[start:end]
    for name, value in values.items():
        line = f"{name} = {_quoted(value)}"
        places = [i for i, old in enumerate(body) if re.match(rf"\s*{re.escape(name)}\s*=", old)]
        if places:
            body[places[0]] = line
        else:
            body.insert(_last_line(body), line)
    return "\n".join([*lines[:start], *body, *lines[end:]]) + "\n"


def _last_line(body: list[str]) -> int:
    return next((i + 1 for i in reversed(range(len(body))) if body[i].strip()), 0)


def _quoted(value: Any) -> str:
    # A JSON text is also a TOML text, except for the character DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
