"""The voice channel: a phone call in which an Amazon Polly voice reads the code, slowly and twice.

A call reaches the number that an SMS reaches. So both channels have the same addresses, codes and limits
(docs/decisions/0036).
"""

from dataclasses import dataclass

from passcode.channels.channel import Channel, MessageContent
from passcode.channels.sms import SMS

# A voice of Amazon Polly by locale, for each language that SendVoiceMessage has one for (`VoiceId`). Hebrew
# and Hindi have none.
VOICE_IDS = {
    "ar": "ZEINA",
    "cy": "GWYNETH",
    "da": "NAJA",
    "de": "VICKI",
    "en": "JOANNA",
    "en-AU": "NICOLE",
    "en-GB": "AMY",
    "en-IN": "RAVEENA",
    "es": "LUCIA",
    "es-MX": "MIA",
    "es-US": "LUPE",
    "fr": "LEA",
    "fr-CA": "CHANTAL",
    "is": "DORA",
    "it": "BIANCA",
    "ja": "TAKUMI",
    "ko": "SEOYEON",
    "nb": "LIV",
    "nl": "LOTTE",
    "pl": "EWA",
    "pt": "INES",
    "pt-BR": "CAMILA",
    "ro": "CARMEN",
    "ru": "TATYANA",
    "sv": "ASTRID",
    "tr": "FILIZ",
    "zh-Hans": "ZHIYU",
}
# A user has to take the phone to the ear first, and writes each digit down.
_START, _SENTENCE, _DIGIT, _GROUP = (
    f'<break time="{milliseconds}ms"/>' for milliseconds in (1000, 700, 500, 1500)
)


# Not a NamedTuple: JSON and the log would show its fields as a list.
@dataclass(eq=False, repr=False)
class VoiceMessage:
    """A phone call. Its repr leaves the content out.

    `ssml` is in SSML, with at most 6000 characters. `language` is the locale of its texts, as in `VOICE_IDS`.
    """

    ssml: str
    language: str


def _render(content: MessageContent) -> VoiceMessage:
    """Return the call for `content`, whose texts are in one of `VOICE.locales`.

    It says who calls, what the code is for, and the code, twice. A notice is the text of an SMS, twice.
    """
    texts = content.texts
    if content.code is None:
        spoken = [_say(texts["sms"], app=content.app)] * 2
    else:
        purpose = " ".join(content.purpose.splitlines())
        digits = _digits(content.code.reveal(), in_groups=content.in_groups)
        spoken = [
            _say(texts["voice_caller"], app=content.app),
            # Before the code: a number in the purpose could be mistaken for a part of the code.
            *([_say(texts["purpose"], purpose=purpose)] if purpose else []),
            _say(texts["voice"]),
            digits,
            _say(texts["voice_again"]),
            digits,
            _say(texts["voice_warning"]),
        ]
    ssml = f"<speak>{_START}{_SENTENCE.join(spoken)}</speak>"
    return VoiceMessage(ssml, texts["lang"])


def _say(text: str, **values: str) -> str:
    """Return a text with its values, escaped for SSML."""
    # Imported only here: every Lambda function imports this module, and only `deliver` renders.
    from html import escape  # noqa: PLC0415

    return escape(text.format(**values), quote=False)


def _digits(secret: str, *, in_groups: bool) -> str:
    """Return the SSML for a code: its digits with breaks between them, longer ones between its groups."""
    from passcode.texts.catalogue import group_digits  # noqa: PLC0415

    groups = group_digits(secret).split() if in_groups else [secret]
    return _GROUP.join(_DIGIT.join(group) for group in groups)


VOICE = Channel(
    name="voice",
    attribute=SMS.attribute,
    parse=SMS.parse,
    mask=SMS.mask,
    blank_mask=SMS.blank_mask,
    decoy_value=SMS.decoy_value,
    render=_render,
    address_format=SMS.address_format,
    example=SMS.example,
    max_length=SMS.max_length,
    amr=("otp", "tel"),
    accepted_per_day=SMS.accepted_per_day,
    billed_by_country=True,
    locales=frozenset(VOICE_IDS),
)
