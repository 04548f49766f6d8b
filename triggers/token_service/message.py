"""The messages that carry a code: email in text and HTML, and SMS whose last line a phone can fill in."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

from token_service.code import RawCode

# Isolates (Unicode bidi): the digits keep their order inside a line that runs from right to left.
_LEFT_TO_RIGHT, _POP = "\u2066", "\u2069"


@dataclass(frozen=True)
class Email:
    """A mail. What it says is never in its repr."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True)
class Sms:
    """A text message. What it says is never in its repr."""

    text: str = field(repr=False)


def email(words: Mapping[str, str], layout: str, code: RawCode, *, app: str, minutes: int) -> Email:
    """Fill in a mail. `words` is a locale's table, `layout` the HTML around it; `minutes` the code's life."""
    digits = code.reveal()
    lines = [words["intro"], words["expiry"], words["warning"]]
    intro, expiry, warning = (line.format(app=app, minutes=minutes) for line in lines)
    shown = f"{_LEFT_TO_RIGHT}{digits}{_POP}" if words["dir"] == "rtl" else digits
    return Email(
        subject=words["subject"].format(app=app),
        text=f"{intro}\n\n{shown}\n\n{expiry}\n{warning}\n",
        html=layout.format(
            lang=words["lang"],
            dir=words["dir"],
            app=html.escape(app),
            intro=html.escape(intro),
            code=html.escape(digits),
            expiry=html.escape(expiry),
            warning=html.escape(warning),
        ),
    )


def sms(words: Mapping[str, str], code: RawCode, *, app: str, host: str) -> Sms:
    """Fill in an SMS. Its last line is `@host #code` (WICG origin-bound one-time codes), and nothing else.

    The digits stand in both lines: phones that know the format fill them in on that host alone.
    """
    digits = code.reveal()
    shown = f"{_LEFT_TO_RIGHT}{digits}{_POP}" if words["dir"] == "rtl" else digits
    return Sms(f"{words['sms'].format(app=app, code=shown)}\n\n@{host} #{digits}")


def best_locale(wanted: str, have: frozenset[str]) -> str:
    """The locale to write in: the very one, else its language, else English. `pt_BR` is read as pt-BR."""
    language, _, region = wanted.replace("_", "-").partition("-")
    exact = f"{language.lower()}-{region.upper()}"
    return next((locale for locale in (exact, language.lower()) if locale in have), "en")
