"""The words of the pages: which language a browser wants, and its sentences filled in."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

from token_service.message import best_locale

_WORDS = Path(__file__).parent / "words"
# A browser sends a handful; a longer header is not one.
_MOST_LANGUAGES = 20


def locale_of(accept_language: str) -> str:
    """The locale of `locales()` that the header Accept-Language asks for; English if it asks for none."""
    for tag in _wanted(accept_language):
        found = best_locale(tag, locales())
        if found != "en" or tag.lower().startswith("en"):
            return found
    return "en"


@cache
def locales() -> frozenset[str]:
    """The locales that there are words for."""
    return frozenset(file.stem for file in _WORDS.iterdir())


@cache
def words_of(locale: str) -> Mapping[str, str]:
    """The sentences by key, with `lang` and `dir`; shared by all that ask, so not to be changed."""
    found: dict[str, str] = json.loads((_WORDS / f"{locale}.json").read_text("utf-8"))
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


class Say:
    """The sentences of one locale. Values are isolated: another script in them changes nothing around it."""

    def __init__(self, words: Mapping[str, str], app: str) -> None:
        self._words, self._app = words, app

    def __call__(self, key: str, **values: object) -> Markup:
        """A sentence as HTML. Each value is escaped, whatever it holds."""
        shown = {name: Markup("<bdi>{}</bdi>").format(value) for name, value in self._all(values).items()}
        return escape(self._words[key]).format(**shown)

    def plain(self, key: str, **values: object) -> str:
        """A sentence as text, for titles and attributes; autoescape does the rest."""
        isolated = "\u2068{}\u2069" if self._words["dir"] == "rtl" else "{}"
        shown = {name: isolated.format(value) for name, value in self._all(values).items()}
        return self._words[key].format(**shown)

    def raw(self, key: str) -> str:
        """A sentence with its {placeholders}, for the script to fill in."""
        return self._words[key]

    def _all(self, values: Mapping[str, object]) -> dict[str, object]:
        return {"app": self._app, **values}
