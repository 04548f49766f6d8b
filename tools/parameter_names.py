"""The sentence for a parameter that template.yaml does not have, on AWS and on the local stack."""

import difflib
from collections.abc import Collection


def unknown_parameter(name: str, known: Collection[str]) -> str | None:
    """Return the sentence for `name` if it is not one of the `known` parameters, or None if it is.

    The sentence has the nearest known name, whatever its letter case.
    """
    if name in known:
        return None
    by_letters = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), by_letters, n=1)
    hint = f"Did you mean {by_letters[near[0]]}?" if near else "docs/parameters.md lists all of them."
    return f"There is no parameter {name}. {hint}"
