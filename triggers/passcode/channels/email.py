"""The email that carries a code, in text and HTML."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field

from passcode.texts.catalogue import isolate_digits, purpose_lines
from passcode.token_service.code import Code

_CODE_IN_HTML = (
    '<p dir="ltr" style="font-size:32px;letter-spacing:6px;font-family:monospace;font-weight:bold;'
    'overflow-wrap:anywhere;unicode-bidi:isolate">{}</p>\n'
)


@dataclass(frozen=True)
class EmailMessage:
    """A mail. What it says is never in its repr."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


def render_email(
    words: Mapping[str, str],
    layout: str,
    code: Code | None,
    *,
    app: str,
    minutes: int = 0,
    purpose: str = "",
) -> EmailMessage:
    """Fill in a mail. `words` is a locale's table, `layout` the HTML around it; `minutes` the code's life.

    `purpose` is in the caller's own words, or empty. It is never in the subject: that is a header. Without a
    code it is a notice.
    """
    digits = code.reveal() if code else ""
    lines = [words["intro"], words["expiry"], words["warning"]]
    intro, expiry, warning = (line.format(app=app, minutes=minutes) for line in lines)
    what_for = purpose_lines(words, purpose)
    return EmailMessage(
        subject=words["subject"].format(app=app),
        text="\n\n".join(
            [intro, *([isolate_digits(words, digits)] if code else []), *what_for, f"{expiry}\n{warning}\n"]
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
