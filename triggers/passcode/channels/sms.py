"""The SMS channel. A phone can fill in the code from the last line of the message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from passcode.channels.channel import AddressFault, Channel, MessageContent

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# The characters of GSM-7 (3GPP TS 23.038, 6.2.1). Those of the extension table take two septets.
_GSM_7_EXTENSION = frozenset("^{}\\[~]|€")
_GSM_7 = _GSM_7_EXTENSION | frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Typographic characters that GSM-7 lacks, including those in the name of the app and in a purpose.
_TYPOGRAPHIC = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u00a0\u2007\u2009\u202f", " ")
    | {"\u2026": "..."}
)
# Latin letters that Unicode does not decompose.
_LETTERS = {"ł": "l", "Ł": "L", "ı": "i", "đ": "d", "Đ": "D"}
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


# Not a NamedTuple: JSON and the log would show its fields as a list.
@dataclass(eq=False, repr=False)
class TextMessage:
    """An SMS. Its repr leaves the content out."""

    text: str


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

    The first line is the secret alone, so that a notification shows it and a double tap copies it. Phones
    that support the format of the last line fill in the code on that host only. The format has no spaces.
    Without a host there is no last line. A temporary password has none, because it is no one-time code.

    Without a purpose, texts are left out if that saves a part, since each part costs money. The warning goes
    first. Then the SMS does not say what the code is for, only that it is a code of the app.
    """
    options = (_in_gsm_7(content, option) for option in _options(content))
    return TextMessage(min(options, key=sms_parts))


def _options(content: MessageContent) -> list[list[str]]:
    """Return the keys of the texts that the SMS may have, the best choice first."""
    if content.code is None:
        return [["sms"]]
    # With a purpose, the code approves something, such as a payment. Such a message is always complete.
    options = [["sms", "sms_warning"]] if content.purpose else [["sms", "sms_warning"], ["sms"]]
    # The short text calls the secret a code, so it does not fit a temporary password.
    return [*options, ["sms_short"]] if content.host and not content.purpose else options


def _in_gsm_7(content: MessageContent, keys: list[str]) -> str:
    """Return the text of an SMS with the texts of `keys`. It is in GSM-7 if the app and the purpose allow it.

    Letters that GSM-7 lacks lose their marks, as is usual in SMS, but only in our texts. A name with such a
    letter stays as it is, and so does the whole SMS. The secret is never changed.
    """
    text = _text(content, _lines(content, content.texts, keys))
    if _septets(text) is None:
        unmarked = {key: _without_marks(value) for key, value in content.texts.items()}
        lines = [line.translate(_TYPOGRAPHIC) for line in _lines(content, unmarked, keys)]
        folded = _text(content, lines)
        if _septets(folded) is not None:
            return folded
    return text


def _lines(content: MessageContent, texts: Mapping[str, str], keys: list[str]) -> list[str]:
    # Imported only here: every Lambda function imports this module, and only `deliver` renders.
    from passcode.texts.catalogue import purpose_lines  # noqa: PLC0415

    sentences = " ".join(texts[key].format(app=content.app) for key in keys)
    return [sentences, *purpose_lines(texts, content.purpose)]


def _text(content: MessageContent, lines: list[str]) -> str:
    from passcode.texts.catalogue import group_digits  # noqa: PLC0415

    secret = content.code.reveal() if content.code else ""
    shown = group_digits(secret) if content.in_groups else secret
    first = [shown] if secret else []
    last = ["", f"@{content.host} #{secret}"] if content.host else []
    return "\n".join([*first, *lines, *last])


def _without_marks(text: str) -> str:
    """Return `text` with the letters of GSM-7 for the other Latin ones, such as `o` for `ó`."""
    # Imported only here: every Lambda function imports this module, and only `deliver` renders.
    from unicodedata import normalize  # noqa: PLC0415

    return "".join(
        character if character in _GSM_7 else normalize("NFD", _LETTERS.get(character, character))[0]
        for character in text
    )


def sms_parts(text: str) -> int:
    """Return the number of messages that a phone network sends, and bills, for an SMS with this text.

    One message has 160 septets of GSM-7, or 70 units of UCS-2 for a text with any other character. Each part
    of a longer text has 153 or 67 (3GPP TS 23.038 and 23.040).
    """
    septets = _septets(text)
    if septets is None:
        units = len(text.encode("utf-16-le")) // 2
        return 1 if units <= 70 else -(-units // 67)
    return 1 if septets <= 160 else -(-septets // 153)


def _septets(text: str) -> int | None:
    """Return the length of `text` in GSM-7; None if GSM-7 lacks a character of it."""
    if all(character in _GSM_7 for character in text):
        return len(text) + sum(character in _GSM_7_EXTENSION for character in text)
    return None


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
    cognito_amr=("sms",),
    # AWS writes these sources with SMS in some places and with Sms in others.
    custom_sender="customsmssender",
    accepted_per_day=20,
    billed_by_country=True,
)
