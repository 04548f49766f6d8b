"""The messages' words, a file per locale in `messages/`, read once per language, kind and container."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from passcode.token_service.challenge import SIGN_IN
from token_service import cognito_message
from token_service.message import best_locale

_FOLDER = Path(__file__).parent.parent / "messages"


@cache
def _locales() -> frozenset[str]:
    return frozenset(path.stem for path in _FOLDER.glob("*.json"))


@cache
def _file(locale: str) -> Mapping[str, Any]:
    words: Mapping[str, Any] = json.loads((_FOLDER / f"{locale}.json").read_text("utf-8"))
    return words


@cache
def _table(locale: str, *, sign_in: bool) -> Mapping[str, str]:
    words = _file(locale)
    return _texts(words) | ({} if sign_in else words["other"])


@cache
def _cognito_table(locale: str, kind: str) -> Mapping[str, str]:
    of_cognito = _file(locale)["cognito"]
    words = _table(locale, sign_in=kind == cognito_message.SIGN_IN)
    return {**words, **_texts(of_cognito), **of_cognito.get(kind, {})}


def words_for(locale: str, kind: str) -> Mapping[str, str]:
    """The table of the locale nearest to `locale` (an attribute: any string), for a purpose of `kind`."""
    return _table(best_locale(locale, _locales()), sign_in=kind == SIGN_IN)


def cognito_words(locale: str, kind: str) -> Mapping[str, str]:
    """The same for one of Cognito's own messages, of a `kind` of its own.

    What stands there for a purpose is the user's name; how long a code lives is not said, because Cognito
    does not tell. A kind without words gets those that fit any code.
    """
    return _cognito_table(best_locale(locale, _locales()), kind)


@cache
def email_layout() -> str:
    """The HTML around a mail's words."""
    return (_FOLDER / "email.html").read_text("utf-8")


def _texts(words: Mapping[str, Any]) -> dict[str, str]:
    return {key: text for key, text in words.items() if isinstance(text, str)}
