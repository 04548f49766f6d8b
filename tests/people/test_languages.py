"""The language of a message or a page: any way to write a language tag, and plurals in each language."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from babel import Locale
from babel.core import get_global
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.imports import SETTINGS
from passcode.texts.catalogue import (
    FOLDER,
    best_locale,
    duration,
    locale_for_header,
    locales,
    message_texts,
    minutes_left,
    page_texts,
)
from passcode.texts.languages import canonical_tag, look_up, plural_category
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import EMAIL
from tests.support.handlers import HandlerOutput
from tests.support.live_handlers import load, own_session
from tests.support.live_sign_in import code_only
from tests.support.template import TEMPLATE
from tests.support.users import User
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

LANGUAGES: list[str] = TEMPLATE["Parameters"]["DefaultLocale"]["AllowedValues"]
# A tag as people and programs write it, its canonical form, and the language for it.
TAGS = [
    ("de", "de", "de"),
    ("DE", "de", "de"),
    ("de-AT", "de-AT", "de"),
    ("pt_BR", "pt-BR", "pt"),
    ("PT_br", "pt-BR", "pt"),
    ("es-419", "es-419", "es"),
    # Deprecated codes, as Java writes them.
    ("iw", "he", "he"),
    ("iw_IL", "he-IL", "he"),
    ("in", "id", None),
    ("in_ID", "id-ID", None),
    ("ji", "yi", None),
    # Three letters.
    ("deu", "de", "de"),
    ("ger", "de", "de"),
    ("ger-CH", "de-CH", "de"),
    ("fre", "fr", "fr"),
    ("zho", "zh-Hans", "zh-Hans"),
    ("chi-TW", "zh-Hant-TW", None),
    ("cmn-Hans", "zh-Hans", "zh-Hans"),
    ("fil", "fil", None),
    ("fil-PH", "fil-PH", None),
    # Scripts. Chinese always has one, because readers of one may not read the other.
    ("zh", "zh-Hans", "zh-Hans"),
    ("zh-CN", "zh-Hans-CN", "zh-Hans"),
    ("zh-SG", "zh-Hans-SG", "zh-Hans"),
    ("zh-Hans-CN", "zh-Hans-CN", "zh-Hans"),
    ("zh-hans-hk", "zh-Hans-HK", "zh-Hans"),
    ("zh_CN_#Hans", "zh-Hans-CN", "zh-Hans"),
    ("zh-cmn-Hans-CN", "zh-Hans-CN", "zh-Hans"),
    ("zh-TW", "zh-Hant-TW", None),
    ("zh-HK", "zh-Hant-HK", None),
    ("zh-MO", "zh-Hant-MO", None),
    ("zh-Hant", "zh-Hant", None),
    ("zh_TW_#Hant", "zh-Hant-TW", None),
    ("zh-yue", "yue", None),
    ("de-Latn-DE", "de-Latn-DE", "de"),
    ("sr-Latn-RS", "sr-Latn-RS", None),
    # Variants, extensions and private parts.
    ("de-CH-1996", "de-CH-1996", "de"),
    ("en_US_POSIX", "en-US-posix", "en"),
    ("de-DE-u-co-phonebk", "de-DE", "de"),
    ("ar-u-nu-latn", "ar", "ar"),
    ("de-x-formal", "de", "de"),
    ("x-formal", "", None),
    ("i-klingon", "", None),
    # POSIX.
    ("de_DE.UTF-8@euro", "de-DE", "de"),
    ("fr_FR.UTF-8", "fr-FR", "fr"),
    ("he_IL@calendar=hebrew", "he-IL", "he"),
    ("C", "", None),
    ("POSIX", "", None),
    # Spaces, and texts that are no tag.
    ("  ja ", "ja", "ja"),
    ("\tfr-CA\n", "fr-CA", "fr"),
    ("pt - BR", "pt-BR", "pt"),
    ("", "", None),
    (" ", "", None),
    ("-", "", None),
    ("de-", "de", "de"),
    ("de--DE", "de-DE", "de"),
    ("Deutsch", "", None),
    ("日本語", "", None),
    ("\u0131t", "", None),
    ("../../etc/passwd", "", None),
    ("e" * 2048, "", None),
    ("und", "und", None),
]
# An app or an attribute asks for several languages, the best one first.
LISTS = [
    ("pt_BR,de", "pt"),
    ("xx, de-AT", "de"),
    ("zh-TW,zh-HK,ja", "ja"),
    ("zh-TW", "en"),
    (",, ,iw", "he"),
    ("de,*", "de"),
    ("xx,*,de", "en"),
    ("*", "en"),
    ("", "en"),
    ("xx," * 1000 + "de", "en"),
]
HEADERS = [
    ("de-AT,de;q=0.9,en;q=0.8", "de"),
    ("zh-TW,zh;q=0.5,ja;q=0.9", "ja"),
    ("iw-IL, en;q=0.5", "he"),
    ("fr;q=0.2, de ; Q = 0.9 ", "de"),
    ("de;q=0,fr;q=0.001", "fr"),
    ("de;q=0.000", "it"),
    ("*;q=0.5,fr;q=0.4", "it"),
    ("xx,*;q=0.1", "it"),
    ("*", "it"),
    ("de;q=nan,fr;q=inf,es;q=0.5", "es"),
    ("de;q=-1,fr;q=0.5", "fr"),
    ("en,de", "en"),
]
# The sentences with a time need it in different cases: for 1, 2, 5, 11 and 22 seconds.
WAITS = {
    "ar": "ثانية واحدة|ثانيتين|5 ثوانٍ|11 ثانية|22 ثانية",
    "de": "1 Sekunde|2 Sekunden|5 Sekunden|11 Sekunden|22 Sekunden",
    "en": "1 second|2 seconds|5 seconds|11 seconds|22 seconds",
    "es": "1 segundo|2 segundos|5 segundos|11 segundos|22 segundos",
    "fr": "1 seconde|2 secondes|5 secondes|11 secondes|22 secondes",
    "he": "שנייה אחת|שתי שניות|5 שניות|11 שניות|22 שניות",
    "it": "1 secondo|2 secondi|5 secondi|11 secondi|22 secondi",
    "ja": "1 秒|2 秒|5 秒|11 秒|22 秒",
    "nl": "1 seconde|2 seconden|5 seconden|11 seconden|22 seconden",
    "pl": "1 sekundę|2 sekundy|5 sekund|11 sekund|22 sekundy",
    "pt": "1 segundo|2 segundos|5 segundos|11 segundos|22 segundos",
}
SUBTAGS = st.sampled_from(sorted({part for tag, _, _ in TAGS for part in re.split("[-_]", tag)}))
WRITTEN = (
    st.lists(SUBTAGS, max_size=9).map("-".join)
    | st.lists(SUBTAGS, max_size=9).map("_".join)
    | st.text(alphabet=st.sampled_from("zhantwZH-_ .@#*,1u\u0131\u200b\n"), max_size=130)
    | st.text(max_size=50)
)


def file_of(language: str) -> dict[str, Any]:
    """The file of a language."""
    catalogue: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return catalogue


def test_the_languages_of_the_parameter_are_those_of_the_catalogue() -> None:
    assert sorted(locales()) == LANGUAGES


@pytest.mark.parametrize(("written", "canonical", "language"), TAGS)
def test_a_tag_has_one_canonical_form_and_the_nearest_language(
    written: str, canonical: str, language: str | None
) -> None:
    assert canonical_tag(written) == canonical
    assert look_up([written], LANGUAGES) == language


@pytest.mark.parametrize(("requested", "language"), LISTS)
def test_the_first_tag_with_a_language_is_used_else_the_default(requested: str, language: str) -> None:
    assert best_locale(requested) == language
    assert best_locale(requested, "it") == ("it" if language == "en" else language)


@pytest.mark.parametrize(("header", "language"), HEADERS)
def test_a_browser_gets_the_language_with_the_highest_weight(header: str, language: str) -> None:
    assert locale_for_header(header, "it") == language


def test_a_file_with_a_region_or_another_name_is_found() -> None:
    assert look_up(["pt_br", "de"], {"pt", "pt-BR"}) == "pt-BR"
    assert look_up(["pt-PT"], {"pt", "pt-BR"}) == "pt"
    assert look_up(["zh-CN"], {"zh"}) == "zh"
    assert look_up(["zh-TW"], {"zh-Hans", "zh-Hant"}) == "zh-Hant"


def test_our_languages_have_the_aliases_of_cldr() -> None:
    aliases: Mapping[str, str] = get_global("language_aliases")
    ours = {code: name for code, name in aliases.items() if canonical_tag(name) in LANGUAGES}
    assert len(ours) > 20
    assert {code: look_up([code], LANGUAGES) for code in ours} == {
        code: look_up([name], LANGUAGES) for code, name in ours.items()
    }
    assert canonical_tag("in") == "id"
    assert canonical_tag("ji") == "yi"


def test_chinese_has_the_likely_script_of_cldr_in_each_region() -> None:
    likely: Mapping[str, str] = get_global("likely_subtags")
    regions = [code for code in map(str, Locale("en").territories) if len(code) == 2]
    assert len(regions) > 200
    for region in regions:
        expected = likely.get(f"zh_{region}", f"zh_Hans_{region}").replace("_", "-")
        assert canonical_tag(f"zh-{region}") == expected


@settings(max_examples=200)
@given(WRITTEN)
def test_a_canonical_tag_stays_the_same(written: str) -> None:
    canonical = canonical_tag(written)
    assert canonical_tag(canonical) == canonical
    assert canonical_tag(canonical.upper().replace("-", "_")) == canonical


@settings(max_examples=200)
@given(WRITTEN, WRITTEN, st.sampled_from(LANGUAGES))
def test_any_text_has_a_language(first: str, second: str, default: str) -> None:
    assert best_locale(f"{first},{second}", default) in {*locales(), default}
    assert locale_for_header(f"{first};{second},{second}", default) in {*locales(), default}
    if look_up(first.split(","), locales()) and "*" not in first:
        assert best_locale(f"{first},{second}") == best_locale(first)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_category_is_that_of_cldr(language: str) -> None:
    cldr = Locale.parse(language, sep="-").plural_form
    numbers = range(1001)
    assert [plural_category(language, number) for number in numbers] == [cldr(number) for number in numbers]


@pytest.mark.parametrize("language", sorted(locales()))
def test_a_language_has_a_text_for_each_of_its_plural_categories(language: str) -> None:
    used = {plural_category(language, number) for number in range(1001)} | {"other"}
    expected = {
        f"duration.{unit}.{category}" for unit in ("seconds", "minutes", "hours") for category in used
    }
    assert set(file_of(language)["durations"]) == expected


@pytest.mark.parametrize("language", sorted(locales() & WAITS.keys()))
def test_a_wait_has_the_right_form_in_its_sentence(language: str) -> None:
    texts = page_texts(language)
    for seconds, expected in zip((1, 2, 5, 11, 22), WAITS[language].split("|"), strict=True):
        wait = duration(texts, seconds).replace("\u00a0", " ")
        assert wait == expected
        assert wait in texts["resend_wait"].format(duration=wait)


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(600, 10), (300, 5), (290, 5), (289, 4), (110, 2), (109, 1), (30, 1), (0, 1)]
)
def test_the_minutes_of_a_code_are_rounded_in_one_way(seconds: int, minutes: int) -> None:
    assert minutes_left(seconds) == minutes


@settings(max_examples=200)
@given(st.integers(60, 600))
def test_a_code_lives_as_long_as_the_message_says(seconds: int) -> None:
    assert seconds - 60 < minutes_left(seconds) * 60 - 10 <= seconds


@pytest.mark.parametrize(
    ("locale", "language"),
    [("iw", "he"), ("pt_BR,de", "pt"), ("zh-TW,xx", "de"), ("", "de"), ("en-GB", "en"), ("*,fr", "de")],
)
def test_a_message_without_a_language_of_the_catalogue_has_the_default(
    output: HandlerOutput, locale: str, language: str
) -> None:
    handler = DeliverHandler(output.telemetry, default_locale="de")
    assert handler.deliver(body(("email", EMAIL), locale=locale)) == []
    simple = handler.ses.sent("send_email")[0]["Content"]["Simple"]
    assert f'<html lang="{language}"' in simple["Body"]["Html"]["Data"]
    assert simple["Subject"]["Data"] == message_texts(language, "sign_in_code")["subject"].format(
        app="Example"
    )


def test_the_parameter_reaches_the_messages_and_the_pages() -> None:
    request = {
        "httpMethod": "GET",
        "resource": "/sign-in",
        "multiValueHeaders": {"Accept-Language": ["zh-TW"]},
    }
    with own_session(SETTINGS | {"DEFAULT_LOCALE": "ar"}):
        assert load("deliver")._DISPATCHER.default_locale == "ar"
        page = load("hosted_sign_in").handler(request, None)
    assert '<html lang="ar" dir="rtl">' in page["body"]


def test_a_sign_in_through_cognito_is_in_the_language_of_a_deprecated_code(
    local_stack: Stack, new_user: Callable[..., User], messages_to: Callable[..., list[Message]]
) -> None:
    user = new_user(locale=" IW_il ")
    code_only(local_stack).start(user.email)
    (message,) = messages_to(user.email)
    assert '<html lang="he" dir="rtl">' in message.html
