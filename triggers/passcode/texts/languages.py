"""Rules of languages: tags in their canonical form, the look-up of a language, and plurals.

Tags come from browsers, from apps, from phones and from attributes that users fill in. Few of them are in
the canonical form of RFC 5646.
"""

import re
from collections.abc import Collection, Iterable

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}")
_EXTENDED_LANGUAGE = re.compile(r"[A-Za-z]{3}")
_SCRIPT = re.compile(r"[A-Za-z]{4}")
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}")
_VARIANT = re.compile(r"[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}")
# RFC 5646, 4.4.1, expects 35 characters at most. The limits bound the work for an attacker's tag.
_LONGEST_TAG = 100
_MOST_VARIANTS = 4
# Codes for our languages that are deprecated, or that have three letters, as in ISO 639-2. `in` and `ji` are
# deprecated codes that Java still writes. Source: the aliases of the Unicode CLDR.
_ALIASES = {
    "ara": "ar",
    "arb": "ar",
    "chi": "zh",
    "cmn": "zh",
    "deu": "de",
    "dut": "nl",
    "eng": "en",
    "fra": "fr",
    "fre": "fr",
    "ger": "de",
    "heb": "he",
    "hin": "hi",
    "in": "id",
    "ita": "it",
    "iw": "he",
    "ji": "yi",
    "jpn": "ja",
    "kor": "ko",
    "nld": "nl",
    "pol": "pl",
    "por": "pt",
    "spa": "es",
    "swe": "sv",
    "tur": "tr",
    "zho": "zh",
}
# The regions whose Chinese is written in traditional characters: the likely subtags of the Unicode CLDR.
_TRADITIONAL = re.compile("AU|BN|GB|GF|HK|ID|MO|PA|PF|PH|SR|TH|TW|US|VN")


def canonical_tag(tag: str) -> str:
    """Return the canonical form of a language tag (RFC 5646, 4.5); an empty text if it has no language.

    Letter case, spaces, underscores, deprecated codes and codes of three letters are corrected. Extensions
    and private parts are left out, and so are POSIX's encoding and modifier (`de_DE.UTF-8@euro`). Chinese
    always gets a script, because readers of one script may not read the other.
    """
    first, *others = re.split("[.@]", "".join(tag[:_LONGEST_TAG].split()))[0].replace("_", "-").split("-")
    if not _LANGUAGE.fullmatch(first):
        return ""
    if others and _EXTENDED_LANGUAGE.fullmatch(others[0]):
        # RFC 5646, 4.5: `zh-yue` is `yue`.
        first, *others = others
    language = _ALIASES.get(first.lower(), first.lower())
    script, region, *variants = _subtags(others)
    if language == "zh" and not script:
        script = "Hant" if _TRADITIONAL.fullmatch(region) else "Hans"
    return "-".join(part for part in (language, script, region, *variants) if part)


def _subtags(subtags: Iterable[str]) -> list[str]:
    """Return script, region and variants: the first two are empty if there is none.

    The script may come after the region, as in Java's `zh_TW_#Hant`. The first subtag of another kind ends
    the list: an extension, a private part or no subtag at all.
    """
    script, region, variants = "", "", []
    for subtag in (subtag.removeprefix("#") for subtag in subtags):
        if not script and _SCRIPT.fullmatch(subtag):
            script = subtag.title()
        elif not region and _REGION.fullmatch(subtag):
            region = subtag.upper()
        elif _VARIANT.fullmatch(subtag):
            variants.append(subtag.lower())
        elif subtag:
            break
    return [script, region, *variants[:_MOST_VARIANTS]]


def look_up(tags: Iterable[str], available: Collection[str]) -> str | None:
    """Return the first language of `available` that a tag asks for; None if there is none.

    The best tag comes first. Each tag is shortened from its end until a language fits, before the next tag
    is tried (RFC 4647, 3.4). The tag `*` ends the search: any language is as good as the default.
    """
    names = {canonical_tag(name): name for name in available}
    for tag in tags:
        if tag.strip() == "*":
            return None
        subtags = canonical_tag(tag).split("-")
        for length in range(len(subtags), 0, -1):
            name = names.get("-".join(subtags[:length]))
            if name:
                return name
    return None


def plural_category(language: str, number: int) -> str:
    """Return the plural category of a whole number from 0 to 999,999 in `language`, such as `few`.

    Source: the plural rules of the Unicode CLDR. A language without a rule here has `one` for 1 only.
    """
    match language.partition("-")[0]:
        case "ja" | "ko" | "zh":
            return "other"
        case "ar":
            return _arabic(number)
        case "he":
            return {1: "one", 2: "two"}.get(number, "other")
        case "pl":
            return _polish(number)
        case "fr" | "hi" | "pt":
            return "one" if number <= 1 else "other"
        case _:
            return "one" if number == 1 else "other"


def _arabic(number: int) -> str:
    small = {0: "zero", 1: "one", 2: "two"}.get(number)
    if small:
        return small
    if 3 <= number % 100 <= 10:
        return "few"
    return "many" if number % 100 > 10 else "other"


def _polish(number: int) -> str:
    if number == 1:
        return "one"
    return "few" if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else "many"
