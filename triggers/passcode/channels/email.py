"""The email channel. The message has a text and an HTML part."""

import re
from dataclasses import dataclass, field

from passcode.channels.channel import Channel, MessageContent

# One plain address in ASCII. A mail server could replace another letter by a similar one, and deliver to the
# mailbox of an attacker (GHSA-7rqj-j65f-68wh). With a comma, a bracket or a control character, one value
# could become two addresses.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")
_LONGEST = 254
_CODE_IN_HTML = (
    '<p dir="ltr" style="font-size:32px;letter-spacing:6px;font-family:monospace;font-weight:bold;'
    'overflow-wrap:anywhere;unicode-bidi:isolate">{}</p>\n'
)


@dataclass(frozen=True)
class EmailMessage:
    """An email. Its repr leaves the content out."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


def _parse(value: str) -> str | None:
    """Return the address with its host in lower case; None if it is no plain address."""
    if len(value) > _LONGEST or not _ADDRESS.fullmatch(value):
        return None
    name, _, host = value.partition("@")
    return f"{name}@{host.lower()}"


def _mask(value: str) -> str:
    name, _, host = value.partition("@")
    return f"{name[0]}***@{host[0]}***"


def _mailbox(value: str) -> str:
    """Return the address in lower case and without the tag after a plus.

    Most hosts ignore both: `Ann+1@example.com` and `ann+2@example.com` are one mailbox.
    """
    name, _, host = value.lower().partition("@")
    return f"{name.partition('+')[0] or name}@{host}"


def _render(content: MessageContent) -> EmailMessage:
    """Return the email for `content`. The purpose is not in the subject, because the subject is a header."""
    # Imported only here: every Lambda function imports this module, and only `deliver` renders.
    import html  # noqa: PLC0415

    from passcode.texts.catalogue import (  # noqa: PLC0415
        duration,
        email_layout,
        group_digits,
        isolate_digits,
        purpose_lines,
    )

    texts, app = content.texts, content.app
    digits = content.code.reveal() if content.code else ""
    shown = group_digits(digits) if content.in_groups else digits
    lines = [texts["intro"], texts["expiry"], texts["warning"]]
    life = duration(texts, content.minutes * 60)
    intro, expiry, warning = (line.format(app=app, duration=life) for line in lines)
    purpose = purpose_lines(texts, content.purpose)
    code = [isolate_digits(texts, shown)] if content.code else []
    return EmailMessage(
        subject=texts["subject"].format(app=app),
        text="\n\n".join([intro, *code, *purpose, f"{expiry}\n{warning}\n"]),
        html=email_layout().format(
            lang=texts["lang"],
            dir=texts["dir"],
            app=html.escape(app),
            intro=html.escape(intro),
            code=_CODE_IN_HTML.format(html.escape(shown)) if content.code else "",
            purpose="".join(f'<p dir="auto">{html.escape(line)}</p>\n' for line in purpose),
            expiry=html.escape(expiry),
            warning=html.escape(warning),
        ),
    )


EMAIL = Channel(
    name="email",
    attribute="email",
    parse=_parse,
    mask=_mask,
    blank_mask="***@***",
    decoy_value="unknown-user@passcode.invalid",  # RFC 2606
    render=_render,
    address_format="one plain address in ASCII letters",
    example="ann@example.com",
    max_length=_LONGEST,
    # RFC 8176 has no value for email.
    amr=("otp",),
    mailbox=_mailbox,
    custom_sender="customemailsender",
    has_daily_cap=True,
)
