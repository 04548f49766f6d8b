"""The texts of messages and pages: the locale to write in, and its texts, read once for each container.

`messages/` has a file per locale for messages, `pages/` one for the hosted pages.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_MESSAGES = Path(__file__).parent / "messages"
_PAGES = Path(__file__).parent / "pages"
# The kind of message that a file's own texts are for. Its `other` replaces some of them for each other kind.
_SIGN_IN = "sign_in"
# A browser sends a handful; a longer header is not one.
_MOST_LANGUAGES = 20
# Isolates (Unicode bidi): the digits keep their order inside a line that runs from right to left, and words
# in another script than the line's keep theirs and leave the line's alone.
_LEFT_TO_RIGHT, _AS_IT_BEGINS, _POP = "\u2066", "\u2068", "\u2069"


@cache
def _message_locales() -> frozenset[str]:
    return frozenset(path.stem for path in _MESSAGES.glob("*.json"))


@cache
def _file(locale: str) -> Mapping[str, Any]:
    words: Mapping[str, Any] = json.loads((_MESSAGES / f"{locale}.json").read_text("utf-8"))
    return words


@cache
def _table(locale: str, *, sign_in: bool) -> Mapping[str, str]:
    words = _file(locale)
    return _texts(words) | ({} if sign_in else words["other"])


@cache
def _cognito_table(locale: str, kind: str) -> Mapping[str, str]:
    of_cognito = _file(locale)["cognito"]
    words = _table(locale, sign_in=kind == _SIGN_IN)
    return {**words, **_texts(of_cognito), **of_cognito.get(kind, {})}


def message_texts(locale: str, kind: str) -> Mapping[str, str]:
    """The table of the locale nearest to `locale` (an attribute: any string), for a purpose of `kind`."""
    return _table(best_locale(locale, _message_locales()), sign_in=kind == _SIGN_IN)


def cognito_message_texts(locale: str, kind: str) -> Mapping[str, str]:
    """The texts of one of Cognito's own messages, of a `kind` of its own list.

    `{purpose}` is the user's name there. The texts do not say how long a code is valid, because Cognito does
    not say it. A kind without texts gets those that fit any code.
    """
    return _cognito_table(best_locale(locale, _message_locales()), kind)


@cache
def email_layout() -> str:
    """The HTML around a mail's words."""
    return (_MESSAGES / "email.html").read_text("utf-8")


def _texts(words: Mapping[str, Any]) -> dict[str, str]:
    return {key: text for key, text in words.items() if isinstance(text, str)}


def isolate_digits(words: Mapping[str, str], digits: str) -> str:
    """`digits` as they stand in a line: isolated where the line runs from right to left."""
    return f"{_LEFT_TO_RIGHT}{digits}{_POP}" if words["dir"] == "rtl" else digits


def purpose_lines(words: Mapping[str, str], purpose: str) -> list[str]:
    """The line that says what a code is for; no line without a purpose."""
    if not purpose:
        return []
    # One line, whatever the caller wrote: a line of its own could pass for ours, `@host #code` above all.
    said = " ".join(purpose.splitlines())
    # Without need no isolate: one sign outside GSM-7 makes an SMS of UCS-2, with 70 characters to a part.
    if words["dir"] == "rtl" or not said.isascii():
        said = f"{_AS_IT_BEGINS}{said}{_POP}"
    return [words["purpose"].format(purpose=said)]


def best_locale(wanted: str, have: frozenset[str]) -> str:
    """The locale to write in: the very one, else its language, else English. `pt_BR` is read as pt-BR."""
    language, _, region = wanted.replace("_", "-").partition("-")
    exact = f"{language.lower()}-{region.upper()}"
    return next((locale for locale in (exact, language.lower()) if locale in have), "en")


def locale_for_header(accept_language: str) -> str:
    """The locale of the pages that the header Accept-Language asks for; English if it asks for none."""
    for tag in _wanted(accept_language):
        found = best_locale(tag, page_locales())
        if found != "en" or tag.lower().startswith("en"):
            return found
    return "en"


@cache
def page_locales() -> frozenset[str]:
    """The locales that there are words for."""
    return frozenset(file.stem for file in _PAGES.iterdir())


@cache
def page_texts(locale: str) -> Mapping[str, str]:
    """The sentences by key, with `lang` and `dir`; shared by all that ask, so not to be changed."""
    found: dict[str, str] = json.loads((_PAGES / f"{locale}.json").read_text("utf-8"))
    return found


def _wanted(accept_language: str) -> list[str]:
    """The tags of the header, the most wanted first (RFC 9110, 12.5.4). What cannot be read counts little."""
    weighed = []
    for item in accept_language.split(",")[:_MOST_LANGUAGES]:
        tag, _, weight = item.partition(";")
        weighed.append((_weight(weight), tag.strip()))
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _weight(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.001
