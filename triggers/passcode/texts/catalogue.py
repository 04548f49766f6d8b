"""The message catalogue: the locale to write in, and the texts of messages and pages in it.

A language is one file, `<locale>.json`. It needs no other registration. `lang` is the locale, and `dir` is
the direction of its script (`ltr` or `rtl`). `message` has the texts of our messages, `cognito` the texts
of Cognito's own messages, and `page` the texts of the hosted pages. `durations` has the texts for a time in
seconds, minutes or hours, one for each plural category of the language (`languages.plural_category`). They
have the grammatical case that the sentences with `{duration}` need. Each execution environment reads a file
once.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from passcode.texts.languages import look_up, plural_category

FOLDER = Path(__file__).parent
# The texts of `message` fit Cognito's own code for a sign-in. Each other kind replaces some of them.
_COGNITO_SIGN_IN = "sign_in"
_SIGN_INS = ("sign_in_password", "sign_in_code")
_DIGITS_OF_GROUP = 4
# An app or a browser sends fewer than ten languages. The limit bounds the work for an attacker's header.
_MOST_LANGUAGES = 20
_WEIGHT = re.compile(r"\s*q\s*=\s*([01](?:\.[0-9]{0,9})?)\s*", re.IGNORECASE)
# The Unicode bidi classes that can change the order of the line around them.
_REORDERING = frozenset(("R", "AL", "AN", "LRE", "LRO", "LRI", "RLE", "RLO", "RLI", "FSI", "PDF", "PDI"))
# Unicode isolates. With them, digits keep their order inside a line that runs from right to left. A value in
# another script does not change the order of the line around it.
_LEFT_TO_RIGHT_ISOLATE, _FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2066", "\u2068", "\u2069"


@cache
def locales() -> frozenset[str]:
    """Return the locales that have a catalogue."""
    return frozenset(file.stem for file in FOLDER.glob("*.json"))


@cache
def _catalogue(locale: str) -> Mapping[str, Any]:
    catalogue: Mapping[str, Any] = json.loads((FOLDER / f"{locale}.json").read_text("utf-8"))
    return catalogue


def _with_direction(locale: str, texts: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of a section without its subsections, with the locale, direction and durations."""
    catalogue = _catalogue(locale)
    own = {key: text for key, text in texts.items() if isinstance(text, str)}
    return {"lang": catalogue["lang"], "dir": catalogue["dir"], **catalogue["durations"], **own}


@cache
def _message_texts(locale: str, kind: str) -> Mapping[str, str]:
    section = _catalogue(locale)["message"]
    own = {} if kind == _COGNITO_SIGN_IN else section[kind if kind in _SIGN_INS else "other"]
    return _with_direction(locale, section) | own


@cache
def _notice_texts(locale: str, attribute: str) -> Mapping[str, str]:
    section = _catalogue(locale)["message"]
    changed = section["changed"]
    own: dict[str, str] = changed.get(attribute, {})
    return _with_direction(locale, section) | _with_direction(locale, changed) | own


@cache
def _cognito_message_texts(locale: str, kind: str) -> Mapping[str, str]:
    section = _catalogue(locale)["cognito"]
    ours = _message_texts(locale, kind)
    return {**ours, **_with_direction(locale, section), **section.get(kind, {})}


def message_texts(
    locale: str, kind: str, default: str = "en", usable: frozenset[str] | None = None
) -> Mapping[str, str]:
    """Return the texts of our message for a purpose of `kind`, in the best locale for `locale`.

    `locale`, `default` and `usable` are those of `best_locale`.

    The texts of a sign-in say whether a password was entered. So a user who did not start it knows whether
    another person has the password.
    """
    return _message_texts(best_locale(locale, default, usable), kind)


def notice_texts(
    locale: str, attribute: str, default: str = "en", usable: frozenset[str] | None = None
) -> Mapping[str, str]:
    """Return the texts of a notice that codes go to another address, in the best locale for `locale`.

    `locale`, `default` and `usable` are those of `best_locale`. `attribute` is Cognito's attribute with the
    address. An attribute without texts gets those that fit any.
    """
    return _notice_texts(best_locale(locale, default, usable), attribute)


def cognito_message_texts(locale: str, kind: str, default: str = "en") -> Mapping[str, str]:
    """Return the texts for one of Cognito's own messages of `kind`, in the best locale for `locale`.

    `locale` and `default` are those of `best_locale`.

    The purpose line names the user. The text on expiry has no minutes, because Cognito's event does not have
    the lifetime of the code. A kind without texts gets those that fit any code.
    """
    return _cognito_message_texts(best_locale(locale, default), kind)


@cache
def page_texts(locale: str) -> Mapping[str, str]:
    """Return the texts of the hosted pages by key, with `lang` and `dir`.

    All callers share the result, so they must not change it.
    """
    return _with_direction(locale, _catalogue(locale)["page"])


@cache
def email_layout() -> str:
    """Return the HTML around the texts of an email."""
    return (FOLDER / "email.html").read_text("utf-8")


@cache
def email_logo() -> bytes:
    """Return the PNG file that `make build` put beside the layout, or an empty value without one."""
    file = FOLDER / "logo.png"
    return file.read_bytes() if file.exists() else b""


def is_png(content: bytes) -> bool:
    """Return True if `content` begins as a PNG file with a width and a height (PNG, 11.2.1)."""
    has_size = any(content[16:20]) and any(content[20:24])
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and has_size


def group_digits(digits: str) -> str:
    """Return `digits` in groups of four, separated by spaces. A long code is easier to read and type so."""
    starts = range(0, len(digits), _DIGITS_OF_GROUP)
    return " ".join(digits[start : start + _DIGITS_OF_GROUP] for start in starts)


def isolate_digits(texts: Mapping[str, str], digits: str) -> str:
    """Return `digits` for use in a line: isolated if the line runs from right to left."""
    return f"{_LEFT_TO_RIGHT_ISOLATE}{digits}{_POP_ISOLATE}" if texts["dir"] == "rtl" else digits


def isolate(texts: Mapping[str, str], value: str) -> str:
    """Return `value` for use in a line: isolated if the value or the line may run from right to left.

    Otherwise it is unchanged: with one character outside GSM-7, an SMS has 70 characters instead of 160.
    """
    if texts["dir"] == "rtl" or any(
        unicodedata.bidirectional(character) in _REORDERING for character in value
    ):
        return f"{_FIRST_STRONG_ISOLATE}{value}{_POP_ISOLATE}"
    return value


def purpose_lines(texts: Mapping[str, str], purpose: str) -> list[str]:
    """Return the line with the purpose of a code; an empty list without a purpose."""
    if not purpose:
        return []
    # The purpose stays in one line. With a line break in it, a caller could forge a line like `@host #code`.
    shown = isolate(texts, " ".join(purpose.splitlines()))
    return [texts["purpose"].format(purpose=shown)]


def best_locale(requested: str, default: str = "en", usable: frozenset[str] | None = None) -> str:
    """Return the locale of the catalogue that fits `requested`, else `default`.

    `requested` is a priority list of language tags separated by commas, the best one first. `usable` are the
    locales that a channel has a voice for, or None for all. If they lack `default`, the result is English.
    """
    requested_tags = requested.split(",")[:_MOST_LANGUAGES]
    if usable is None:
        return look_up(requested_tags, locales()) or default
    return look_up([*requested_tags, default], locales() & usable) or "en"


def locale_for_header(accept_language: str, default: str = "en") -> str:
    """Return the locale for the header Accept-Language: `default` if no language in it has a catalogue."""
    return look_up(_by_preference(accept_language), locales()) or default


def _by_preference(accept_language: str) -> list[str]:
    """Return the tags by descending weight (RFC 9110, 12.5.4). A malformed weight is the lowest."""
    weighted = []
    for item in accept_language.split(",")[:_MOST_LANGUAGES]:
        tag, _, weight = item.partition(";")
        weighted.append((_weight(weight), tag.strip()))
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0]


def _weight(parameter: str) -> float:
    if not parameter.strip():
        return 1
    weight = _WEIGHT.fullmatch(parameter)
    return float(weight[1]) if weight else 0.001


# Up to this number, a duration is shown in minutes: "90 minutes" is more exact than "2 hours".
_MOST_MINUTES = 99
# The time that a message spends in the queue, in seconds. Without it, a code of five minutes would show four.
_IN_QUEUE = 10


def duration(texts: Mapping[str, str], seconds: int) -> str:
    """Return seconds as seconds, minutes or hours, in the language of `texts`. Rounds up, never down.

    So a user who waits for the shown time never returns too early.
    """
    if seconds < 60:
        return _count(texts, "seconds", max(1, seconds))
    minutes = -(-seconds // 60)
    if minutes <= _MOST_MINUTES:
        return _count(texts, "minutes", minutes)
    return _count(texts, "hours", -(-minutes // 60))


def minutes_left(seconds: int) -> int:
    """Return the minutes that a code is still valid, for a message or a page. Rounds down, but not to zero.

    Both show the same number. Apart from the time in the queue, it is never more than the time that is left.
    """
    return max(1, (seconds + _IN_QUEUE) // 60)


def _count(texts: Mapping[str, str], unit: str, number: int) -> str:
    form = f"duration.{unit}.{plural_category(texts['lang'], number)}"
    return texts.get(form, texts[f"duration.{unit}.other"]).format(number=number)
