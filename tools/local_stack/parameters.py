"""The parameters of template.yaml: their names, and the parameters that a deployment changes."""

import difflib
from collections.abc import Iterable, Mapping

import yaml

from tools.local_stack.errors import StackError


def check_names(template: str, names: Iterable[str]) -> None:
    """Raise `StackError` for a name that is no parameter of `template`. The emulator would ignore it."""
    known = _names(template)
    for name in names:
        if name not in known:
            raise StackError(f"template.yaml has no parameter {name}. {_hint(name, known)}")


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return a sentence for each parameter of both that has another value."""
    return [
        f"The parameter {name} was {before[name] or 'empty'}, and is now {after[name] or 'empty'}."
        for name in before
        if name in after and after[name] != before[name]
    ]


def _names(template: str) -> list[str]:
    # Nodes instead of values, because YAML does not know the short forms of functions, such as !Ref.
    root = yaml.compose(template, Loader=yaml.CSafeLoader)
    sections = {key.value: section for key, section in root.value} if root else {}
    return [key.value for key, _ in sections["Parameters"].value] if "Parameters" in sections else []


def _hint(name: str, known: Iterable[str]) -> str:
    by_letters = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), by_letters, n=1)
    return f"Did you mean {by_letters[near[0]]}?" if near else "docs/parameters.md lists the parameters."
