"""The messages that carry a code: email in text and HTML, and SMS whose last line a phone can fill in."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

from passcode.token_service.code import RawCode

# Isolates (Unicode bidi): the digits keep their order inside a line that runs from right to left, and words
# in another script than the line's keep theirs and leave the line's alone.
_LEFT_TO_RIGHT, _AS_IT_BEGINS, _POP = "\u2066", "\u2068", "\u2069"
_CODE_IN_HTML = (
    '<p dir="ltr" style="font-size:32px;letter-spacing:6px;font-family:monospace;font-weight:bold;'
    'overflow-wrap:anywhere;unicode-bidi:isolate">{}</p>\n'
)


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


def email(
    words: Mapping[str, str],
    layout: str,
    code: RawCode | None,
    *,
    app: str,
    minutes: int = 0,
    purpose: str = "",
) -> Email:
    """Fill in a mail. `words` is a locale's table, `layout` the HTML around it; `minutes` the code's life.

    `purpose` is in the caller's own words, or empty. It is never in the subject: that is a header. Without a
    code it is a notice.
    """
    digits = code.reveal() if code else ""
    lines = [words["intro"], words["expiry"], words["warning"]]
    intro, expiry, warning = (line.format(app=app, minutes=minutes) for line in lines)
    what_for = _what_for(words, purpose)
    return Email(
        subject=words["subject"].format(app=app),
        text="\n\n".join(
            [intro, *([_shown(words, digits)] if code else []), *what_for, f"{expiry}\n{warning}\n"]
        ),
        html=layout.format(
            lang=words["lang"],
            dir=words["dir"],
            app=html.escape(app),
            intro=html.escape(intro),
            code=_CODE_IN_HTML.format(html.escape(digits)) if code else "",
            purpose="".join(f'<p dir="auto">{html.escape(line)}</p>\n' for line in what_for),
            expiry=html.escape(expiry),
            warning=html.escape(warning),
        ),
    )


def sms(words: Mapping[str, str], code: RawCode | None, *, app: str, host: str, purpose: str = "") -> Sms:
    """Fill in an SMS. Its last line is `@host #code` (WICG origin-bound one-time codes), and nothing else.

    The digits stand in both lines: phones that know the format fill them in on that host alone. `purpose` is
    in the caller's own words, or empty. Without a host there is no last line: a password is no one-time code.
    """
    digits = code.reveal() if code else ""
    text = words["sms"].format(app=app, code=_shown(words, digits))
    return Sms("\n".join([text, *_what_for(words, purpose), *(["", f"@{host} #{digits}"] if host else [])]))


def _shown(words: Mapping[str, str], digits: str) -> str:
    return f"{_LEFT_TO_RIGHT}{digits}{_POP}" if words["dir"] == "rtl" else digits


def _what_for(words: Mapping[str, str], purpose: str) -> list[str]:
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
