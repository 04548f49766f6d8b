"""The email channel. The message has a text and an HTML part."""

import re
from contextlib import suppress
from dataclasses import dataclass, field

from passcode.channels.channel import AddressFault, Channel, MessageContent

# The two parts of a plain address in ASCII. A mail server could replace another letter by a similar one, and
# deliver to the mailbox of an attacker (GHSA-7rqj-j65f-68wh). With a comma, a bracket or a control character,
# one value could become two addresses.
_LETTERS = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_NAME = re.compile(rf"[.{_LETTERS}]{{1,64}}")
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}")
# The full stops between the labels of an international host (RFC 3490, 3.1).
_STOPS = re.compile("[.\u3002\uff0e\uff61]")
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


def _parse(value: str) -> str | AddressFault:
    """Return the plain address in ASCII that `value` stands for, with its host in lower case and IDNA form.

    SES accepts ASCII only: hosts in Punycode, and no other letters before the @ (SES API, `Destination`). The
    rules for quotes, full stops and spaces are in docs/decisions/0031.
    """
    name, _, host = value.strip(" ").rpartition("@")
    if len(value) > _LONGEST:
        return AddressFault.MALFORMED
    plain = _plain_name(name)
    ascii_host = _ascii_host(host)
    if isinstance(plain, AddressFault):
        return plain
    if isinstance(ascii_host, AddressFault):
        return ascii_host
    address = f"{plain}@{ascii_host}"
    return address if len(address) <= _LONGEST else AddressFault.MALFORMED


def _plain_name(name: str) -> str | AddressFault:
    """Return the part before the @ without quotes, or why it cannot be used."""
    if _NAME.fullmatch(name):
        return name
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', name, re.DOTALL)
    bare = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else name
    if not bare.isascii():
        others = re.sub(r"[^\x00-\x7f]", "x", bare)
        is_plain = quoted or re.fullmatch(rf"[.{_LETTERS}]+", others)
        return AddressFault.NOT_ASCII if is_plain else AddressFault.MALFORMED
    if not quoted:
        return AddressFault.MALFORMED
    # RFC 5321, 4.1.2: quotes that are not needed do not change the mailbox, and should not be sent.
    is_needless = len(bare) <= 64 and re.fullmatch(rf"[{_LETTERS}]+(\.[{_LETTERS}]+)*", bare)
    return bare if is_needless else AddressFault.QUOTED


def _ascii_host(host: str) -> str | AddressFault:
    """Return the host in lower case, in IDNA form and without a full stop at its end, or why that fails.

    The mapping is UTS 46, the rules for the result are IDNA 2008 (RFC 5891).
    """
    if host.startswith("["):
        return AddressFault.HOST
    if not host.isascii():
        # Imported only here: most addresses do not need it, and its tables make a cold start longer.
        import idna  # noqa: PLC0415

        labels = _STOPS.split(host)
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except UnicodeError:
            return AddressFault.HOST
        # A look-alike of an ASCII label is no other way to write it.
        ascii_labels = host.split(".")
        if len(labels) != len(ascii_labels) or not all(map(_is_label, labels, ascii_labels)):
            return AddressFault.HOST
    host = host.removesuffix(".").lower()
    return host if _HOST.fullmatch(host) else AddressFault.MALFORMED


def _is_label(label: str, ascii_label: str) -> bool:
    return label.isascii() or ascii_label.startswith("xn--")


def _mask(value: str) -> str:
    name, _, host = value.partition("@")
    return f"{name[0]}***@{_first_letter(host)}***"


def _first_letter(host: str) -> str:
    """Return the first letter of a host as the user writes it."""
    label = host.partition(".")[0]
    if label.startswith("xn--"):
        with suppress(UnicodeError):
            first = label[4:].encode().decode("punycode")[:1]
            return first if first.isalnum() else host[0]
    return host[0]


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
    address_format="one plain address, with ASCII letters only before the @",
    example="ann@example.com",
    max_length=_LONGEST,
    # RFC 8176 has no value for email.
    amr=("otp",),
    mailbox=_mailbox,
    custom_sender="customemailsender",
    has_daily_cap=True,
)
