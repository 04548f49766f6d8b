"""The messages' words, a file per locale in `messages/`, read once per language and container."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from token_service.message import best_locale

_FOLDER = Path(__file__).parent.parent / "messages"


@cache
def _locales() -> frozenset[str]:
    return frozenset(path.stem for path in _FOLDER.glob("*.json"))


@cache
def _table(locale: str) -> Mapping[str, str]:
    words: Mapping[str, str] = json.loads((_FOLDER / f"{locale}.json").read_text("utf-8"))
    return words


def words_for(locale: str) -> Mapping[str, str]:
    """The table of the locale nearest to `locale` (an attribute: any string)."""
    return _table(best_locale(locale, _locales()))


@cache
def email_layout() -> str:
    """The HTML around a mail's words."""
    return (_FOLDER / "email.html").read_text("utf-8")
