"""The SMS channel. A phone can fill in the code from the last line of the message."""

import re
from dataclasses import dataclass, field

from passcode.channels.channel import Channel, MessageContent

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class TextMessage:
    """An SMS. Its repr leaves the content out."""

    text: str = field(repr=False)


def _parse(value: str) -> str | None:
    return value if _E164.fullmatch(value) else None


def _mask(value: str) -> str:
    return f"+***{value[-4:]}"


def _render(content: MessageContent) -> TextMessage:
    """Return the SMS for `content`. Its last line is `@host #code` (WICG origin-bound one-time codes).

    Both lines have the digits. Phones that support the format fill in the code on that host only, and the
    format has no spaces. Without a host there is no last line. A temporary password has none, because it is
    no one-time code.
    """
    # Imported only here: every Lambda function imports this module, and only `deliver` renders.
    from passcode.texts.catalogue import group_digits, isolate_digits, purpose_lines  # noqa: PLC0415

    digits = content.code.reveal() if content.code else ""
    shown = group_digits(digits) if content.in_groups else digits
    text = content.texts["sms"].format(app=content.app, code=isolate_digits(content.texts, shown))
    last = ["", f"@{content.host} #{digits}"] if content.host else []
    return TextMessage("\n".join([text, *purpose_lines(content.texts, content.purpose), *last]))


SMS = Channel(
    name="sms",
    attribute="phone_number",
    parse=_parse,
    mask=_mask,
    blank_mask="+***",
    decoy_value="+12025550123",  # +1 555 01xx is reserved for fiction
    render=_render,
    address_format="in E.164",
    example="+12065550100",
    max_length=16,
    amr=("otp", "sms"),
    # AWS writes these sources with SMS in some places and with Sms in others.
    custom_sender="customsmssender",
    accepted_per_day=20,
    billed_by_country=True,
)
