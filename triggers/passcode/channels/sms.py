"""The SMS channel. A phone can fill in the code from the last line of the message."""

import re
from dataclasses import dataclass, field

from passcode.channels.channel import AddressFault, Channel, MessageContent

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# The countries whose national numbers begin with a 0 that is left out after the calling code.
_TRUNK_ZERO = (
    "20|27|3[123]|4[013469]|5[134578]|6[012346]|8[1246]|9[0123458]|21[1238]|23[1234]|243|249|25[12456]|26[0-5]|"
    "291|353|355|358|359|37[0347]|38[0-3567]|389|42[13]|508|59[013-68]|686|85[056]|88[06]|96[1-467]|97[0-267]|99[456]"
)
# Old mobile numbers by calling code, and how they are written today. A user can have such a number since
# before the change, and another user the same number in today's form. docs/decisions/0031 has the sources.
_OLD_FORMS = (
    ("+521", r"\+521(\d{10})", r"+52\1"),  # Mexico, 2019: no 1 after the calling code
    # Argentina: abroad, a mobile number has a 9 before its area code, and no 15 after it.
    ("+54", r"\+549?(?:(11)15(\d{8})|([23]\d\d)15(\d{7})|([23]\d{3})15(\d{6}))", r"+549\1\2\3\4\5\6"),
    ("+54", r"\+54(11\d{8}|[23]\d{9})", r"+549\1"),
    ("+55", r"\+55([1-9][1-9])([689]\d{7})", r"+55\g<1>9\2"),  # Brazil, 2012 to 2016: one more 9
    # Ivory Coast, 2021: two digits for the operator, whom the second digit showed.
    ("+225", r"\+225((?:[04-7][0-3]|8[1-3])\d{6})", r"+22501\1"),
    ("+225", r"\+225([04-8][4-6]\d{6})", r"+22505\1"),
    ("+225", r"\+225([04-8][7-9]\d{6})", r"+22507\1"),
    ("+229", r"\+229([4-69]\d{7})", r"+22901\1"),  # Benin, 2024
    # Vietnam, 2018: two digits for the operator instead of three.
    ("+8412", r"\+8412([068]\d{7})", r"+847\1"),
    ("+84121", r"\+84121(\d{7})", r"+8479\1"),
    ("+84122", r"\+84122(\d{7})", r"+8477\1"),
    ("+8412", r"\+8412([345]\d{7})", r"+848\1"),
    ("+84127", r"\+84127(\d{7})", r"+8481\1"),
    ("+84129", r"\+84129(\d{7})", r"+8482\1"),
    ("+8416", r"\+8416([2-9]\d{7})", r"+843\1"),
    ("+8418", r"\+8418([68]\d{7})", r"+845\1"),
    ("+84199", r"\+84199(\d{7})", r"+8459\1"),
)


@dataclass(frozen=True)
class TextMessage:
    """An SMS. Its repr leaves the content out."""

    text: str = field(repr=False)


def _parse(value: str) -> str | AddressFault:
    """Return the number in E.164, in the form that its country uses today.

    The country of a number is not known here: `phonenumbers` takes 25 ms to load.
    """
    number = value.strip(" ")
    if not _E164.fullmatch(number):
        return AddressFault.MALFORMED
    if "0" in number[3:5]:
        number = re.sub(rf"\+({_TRUNK_ZERO})0([1-9]\d{{5,}})", r"+\1\2", number)
    for prefix, old, new in _OLD_FORMS:
        if number.startswith(prefix) and (found := re.fullmatch(old, number)):
            return found.expand(new)
    return number


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
