"""Render the pages as HTML from a view, a brand and a locale. This module does not handle requests."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from passcode.hosted.colors import brand_css, icon
from passcode.hosted.state import LONGEST_NAME, Notice
from passcode.texts.catalogue import duration, minutes_left, page_texts
from passcode.token_service.challenge import IGNORED, IGNORED_AROUND, IGNORED_CATEGORIES


@dataclass(frozen=True)
class Brand:
    """The look of the app. `color` is #rrggbb. `has_logo`: /assets/logo exists."""

    app: str
    color: str
    has_logo: bool


@dataclass(frozen=True)
class StartPage:
    """The first page, for the user name (and the password). It sends `do=start` or `do=cancel`."""

    asks_password: bool
    user_name: str = ""
    takes_phone_numbers: bool = False


@dataclass(frozen=True)
class ChannelPage:
    """The choice of a channel before the first code. Each button sends `do=resend` with channel."""

    channels: Mapping[str, str] = field(default_factory=dict)  # channel to masked destination


@dataclass(frozen=True)
class CodePage:
    """The form for the code. `do` is answer (with code), resend (with channel), restart or cancel."""

    channel: str
    destination: str
    channels: Mapping[str, str]  # all channels that can be requested, including the current one
    digits: int
    expires_in: int  # seconds
    resend_in: int  # seconds; 0 if a message can be requested now
    attempts_left: int
    resends_left: int
    fallback: str = ""  # the channel for a message that `channel` does not take; empty if there is none


@dataclass(frozen=True)
class EndPage:
    """The end of a sign-in. `may_restart`: `do=restart` starts again; else the user goes back to the app."""

    may_restart: bool


@dataclass(frozen=True)
class PageView:
    """One page. Every form sends `csrf` back."""

    page: StartPage | ChannelPage | CodePage | EndPage
    csrf: str
    notice: Notice | None = None
    retry_after: int = 0  # seconds, for the notices that name a wait


class PageTexts:
    """The texts of one locale. Values are isolated, so that another script in them changes no other text."""

    def __init__(self, texts: Mapping[str, str], app: str) -> None:
        self._texts, self._app = texts, app

    def __call__(self, key: str, **values: object) -> Markup:
        """Return a text as HTML. Each value is escaped."""
        isolated_values = {
            name: Markup("<bdi>{}</bdi>").format(value) for name, value in self._all(values).items()
        }
        return escape(self._texts[key]).format(**isolated_values)

    def plain(self, key: str, **values: object) -> str:
        """Return a text for titles and attributes. The template's autoescape escapes it."""
        isolated = "\u2068{}\u2069" if self._texts["dir"] == "rtl" else "{}"
        isolated_values = {name: isolated.format(value) for name, value in self._all(values).items()}
        return self._texts[key].format(**isolated_values)

    def raw(self, key: str) -> str:
        """Return a text with its {placeholders}. The page's script fills them in."""
        return self._texts[key]

    def duration(self, seconds: int) -> str:
        """Return a wait of `seconds`, rounded up, in this language."""
        return duration(self._texts, seconds)

    def time_left(self, seconds: int) -> str:
        """Return the time until a code expires: in minutes as in its message, or in seconds."""
        return self.duration(seconds if seconds < _MINUTE else minutes_left(seconds) * _MINUTE)

    def durations(self) -> str:
        """Return the plural forms of seconds and minutes as JSON, by unit and plural category.

        The page's script counts down with them.
        """
        forms: dict[str, dict[str, str]] = {"seconds": {}, "minutes": {}}
        for key, text in self._texts.items():
            section, _, name = key.partition(".")
            unit, _, category = name.partition(".")
            if section == "duration" and unit in forms:
                forms[unit][category] = text
        return json.dumps(forms, ensure_ascii=False, separators=(",", ":"))

    def _all(self, values: Mapping[str, object]) -> dict[str, object]:
        return {"app": self._app, **values}


_MINUTE = 60
_HERE = Path(__file__).parent
_TEMPLATES = {
    StartPage: "start.html",
    ChannelPage: "choose.html",
    CodePage: "code.html",
    EndPage: "ended.html",
}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
# Notices of success, and notices that are not the user's mistake: role "status". All others are errors.
_STATUS_NOTICES = {Notice.SENT_AGAIN, Notice.NOT_SENT_YET}
# Notices about a wrong value. The page marks the field.
_FIELD_NOTICES = {Notice.WRONG_NAME_OR_PASSWORD, Notice.NAME_MISSING, Notice.WRONG_CODE, Notice.NO_CODE}


def render(view: PageView, brand: Brand, locale: str) -> str:
    """Return the whole document for `view`. `locale` has a catalogue (see `locale_for_header`)."""
    texts = page_texts(locale)
    return _template(_TEMPLATES[type(view.page)]).render(
        view=view,
        page=view.page,
        brand=brand,
        lang=texts["lang"],
        dir=texts["dir"],
        longest_name=LONGEST_NAME,
        ignored_in_code=f"[{_ignored()}]",
        code_pattern=_code_pattern,
        text=PageTexts(texts, brand.app),
        notice=_notice(view),
        is_error=view.notice is not None and view.notice not in _STATUS_NOTICES,
        is_field_error=view.notice in _FIELD_NOTICES,
        url=lambda name: f"assets/{name}?v={version(name, brand)}",
    )


@cache
def _code_pattern(digits: int) -> str:
    """Return the pattern of the field for a code of `digits` digits: the rule of `parse_answer`.

    It is a regular expression of JavaScript, valid with the flags `u` and `v`, because browsers use either.
    """
    around = f"[{_ignored()}{_characters(IGNORED_AROUND)}]*"
    return rf"{around}\p{{Nd}}(?:[{_ignored()}]*\p{{Nd}}){{{digits - 1}}}{around}"


@cache
def _ignored() -> str:
    categories = "".join(rf"\p{{{category}}}" for category in IGNORED_CATEGORIES)
    return categories + _characters(IGNORED)


def _characters(characters: Iterable[str]) -> str:
    """Return the ranges of `characters` for a class of a regular expression, in escapes."""
    ranges: list[list[int]] = []
    for point in sorted(map(ord, characters)):
        if ranges and point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(
        rf"\u{{{first:x}}}" + (rf"-\u{{{last:x}}}" if last > first else "") for first, last in ranges
    )


def asset(name: str, brand: Brand) -> tuple[bytes, str] | None:
    """Return content and content type of page.css, page.js, brand.css or icon.svg; None for other names.

    The handler serves the logo. The pages link to `assets/<name>?v=<hash of the content>`, so browsers may
    cache each response forever.
    """
    content = _content(name, brand)
    return None if content is None else (content, _TYPES[Path(name).suffix])


def _content(name: str, brand: Brand) -> bytes | None:
    generated = {"brand.css": brand_css, "icon.svg": icon}
    return generated[name](brand.color).encode() if name in generated else _files().get(name)


def _notice(view: PageView) -> str | None:
    """Return the key of the notice's text."""
    if view.notice is Notice.NAME_MISSING and isinstance(view.page, StartPage) and view.page.asks_password:
        return "notice.name_or_password_missing"
    return view.notice and f"notice.{view.notice.value}"


@cache
def version(name: str, brand: Brand) -> str:
    """Return 12 hex digits of the content's hash. The URL has them, so that browsers may cache the file.

    Call this only for existing files: each name is cached, and a stranger could fill memory with other names.
    Raises ValueError for an unknown name.
    """
    content = _content(name, brand)
    if content is None:
        raise ValueError("there is no such file")
    return sha256(content).hexdigest()[:12]


@cache
def _files() -> Mapping[str, bytes]:
    return {file.name: file.read_bytes() for file in (_HERE / "assets").iterdir()}


@cache
def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
