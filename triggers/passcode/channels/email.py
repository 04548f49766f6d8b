"""The email channel. The message has a text and an HTML part."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from passcode.channels.channel import AddressFault, Channel, MessageContent

# The two parts of a plain address in ASCII. A mail server could replace another letter by a similar one, and
# deliver to the mailbox of an attacker (GHSA-7rqj-j65f-68wh). With a comma, a bracket or a control character,
# one value could become two addresses.
# The characters of `atext` (RFC 5322, 3.2.3).
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_NAME = re.compile(rf"[.{_ATEXT}]{{1,64}}")
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}")
# The full stops between the labels of an international host (RFC 3490, 3.1).
_STOPS = re.compile("[.\u3002\uff0e\uff61]")
_LONGEST = 254
# The height of the logo in an email, and its greatest width, in pixels.
_LOGO_HEIGHT, _LOGO_WIDTH = 40, 240


# Not a NamedTuple: JSON and the log would show its fields as a list.
@dataclass(eq=False, repr=False)
class EmailMessage:
    """An email. Its repr leaves the content out.

    `logo` is the content of a PNG file, or empty. The HTML shows it by its Content-ID, `logo`.
    """

    subject: str
    text: str
    html: str
    logo: bytes = b""


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
        is_plain = quoted or re.fullmatch(rf"[.{_ATEXT}]+", others)
        return AddressFault.NOT_ASCII if is_plain else AddressFault.MALFORMED
    if not quoted:
        return AddressFault.MALFORMED
    # RFC 5321, 4.1.2: quotes that are not needed do not change the mailbox, and should not be sent.
    is_needless = len(bare) <= 64 and re.fullmatch(rf"[{_ATEXT}]+(\.[{_ATEXT}]+)*", bare)
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
        # A look-alike of an ASCII label is not another way to write it.
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
    # Imported only here, as in the functions below: every Lambda function imports this module, and only
    # `deliver` renders.
    from passcode.texts.catalogue import duration, isolate, purpose_lines  # noqa: PLC0415

    texts = content.texts
    values = {"app": isolate(texts, content.app), "duration": duration(texts, content.minutes * 60)}
    lines = {key: texts[key].format(**values) for key in ("subject", "intro", "expiry", "warning")}
    lines["code"] = _shown(content)
    lines["purpose"] = "".join(purpose_lines(texts, content.purpose))
    lines["requested"] = _requested(content)
    support = texts["support"].format(url=content.support_url) if content.support_url else ""
    blocks = [lines["intro"], lines["code"], lines["purpose"], f"{lines['expiry']}\n{lines['warning']}"]
    last = "\n".join(line for line in (lines["requested"], support) if line)
    return EmailMessage(
        # A header keeps no invisible character, because spam filters count them against the sender.
        subject=texts["subject"].format(app=content.app),
        text="\n\n".join(block for block in (*blocks, last) if block) + "\n",
        html=_html(content, lines),
        logo=content.mail.logo,
    )


def _shown(content: MessageContent) -> str:
    """Return the secret as a separate line; empty without a secret.

    The line has no invisible character, because a user copies it. In a line that runs from right to left, a
    no-break space keeps the order of the groups, and a space does not (Unicode Standard Annex 9, rule W4).
    """
    from passcode.texts.catalogue import group_digits  # noqa: PLC0415

    secret = content.code.reveal() if content.code else ""
    if not content.in_groups:
        return secret
    groups = group_digits(secret)
    return groups.replace(" ", "\u00a0") if content.texts["dir"] == "rtl" else groups


def _requested(content: MessageContent) -> str:
    """Return the line with the time of the request in UTC; empty if the time is unknown."""
    if not content.requested_at:
        return ""
    import time  # noqa: PLC0415

    from passcode.texts.catalogue import isolate_digits  # noqa: PLC0415

    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(content.requested_at))
    return content.texts["requested"].format(time=isolate_digits(content.texts, at))


def _html(content: MessageContent, lines: Mapping[str, str]) -> str:
    """Return the HTML part: the layout, filled with the escaped `lines` and the look of the app."""
    from html import escape  # noqa: PLC0415

    from passcode.texts.catalogue import email_layout, isolate  # noqa: PLC0415

    texts, url = content.texts, content.support_url
    app = isolate(texts, content.app)
    # The mark stands for the URL, because the layout has the link.
    before, _, after = texts["support"].format(url="\0").partition("\0")
    values = {
        **lines,
        "code": lines["code"].replace("\u00a0", " "),
        "lang": texts["lang"],
        "dir": texts["dir"],
        "app": app,
        "name": "" if content.mail.logo else app,
        "support": url,
        "support_before": before,
        "support_href": url,
        "support_url": url.removeprefix("mailto:"),
        "support_after": after,
        **_looks(content, len(lines["code"])),
    }
    return _fill(email_layout(), {key: escape(value) for key, value in values.items()})


def _looks(content: MessageContent, length: int) -> Mapping[str, str]:
    """Return the layout's values for alignment, sizes and colours. `length` is that of the shown code."""
    is_rtl = content.texts["dir"] == "rtl"
    size, spacing = ("32px", "5px") if length <= 8 else ("22px", "1px")
    width, height = _logo_size(content.mail.logo)
    return {
        # Mail programs know left and right only, not `start` and `end`.
        "start": "right" if is_rtl else "left",
        "end": "left" if is_rtl else "right",
        "code_size": size,
        "code_spacing": spacing,
        "logo": "yes" if content.mail.logo else "",
        "logo_width": str(width),
        "logo_height": str(height),
        **_palette(content.mail.color),
    }


def _logo_size(logo: bytes) -> tuple[int, int]:
    """Return the width and height of the logo in the email, in pixels, from the header of the PNG file."""
    width, height = int.from_bytes(logo[16:20], "big"), int.from_bytes(logo[20:24], "big")
    if not width or not height:
        return _LOGO_HEIGHT, _LOGO_HEIGHT
    scale = min(_LOGO_HEIGHT / height, _LOGO_WIDTH / width)
    return max(1, round(width * scale)), max(1, round(height * scale))


@cache
def _palette(color: str) -> Mapping[str, str]:
    """Return the layout's colours for a brand colour. Texts stay readable (WCAG 2.2, 1.4.3)."""
    from passcode.texts.colors import DARK, LIGHT, mix, readable_on  # noqa: PLC0415

    return {
        "brand": color,
        "accent": readable_on(color, LIGHT),
        "accent_dark": readable_on(color, DARK),
        "tint": mix(color, LIGHT, 0.9),
        "tint_dark": mix(color, DARK, 0.7),
    }


def _fill(layout: str, values: Mapping[str, str]) -> str:
    """Return the layout with its values, without the sections whose value is empty.

    The sections are decided before the values are filled in, so that no value can contain one.
    """
    from string import Template  # noqa: PLC0415

    kept = re.sub(
        r"<!-- if (\w+) -->\n?(.*?)<!-- end -->\n?",
        lambda section: section[2] if values[section[1]] else "",
        layout,
        flags=re.DOTALL,
    )
    return Template(kept).substitute(values)


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
    cognito_amr=("email_otp",),
    mailbox=_mailbox,
    custom_sender="customemailsender",
    has_daily_cap=True,
)
