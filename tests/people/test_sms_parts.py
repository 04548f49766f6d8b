"""The number of parts of each SMS, because each part costs money and a second one may come late."""

import re
from collections.abc import Iterator
from pathlib import Path
from unicodedata import bidirectional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passcode.channels.channel import MessageContent
from passcode.channels.sms import SMS, sms_parts
from passcode.texts.catalogue import cognito_message_texts, locales, message_texts, notice_texts
from passcode.token_service.challenge import KINDS, Code
from tests.support.messages import parts

ROOT = Path(__file__).parents[2]
LOCALES = sorted(locales())
# These languages have letters that GSM-7 lacks, so one part has 70 characters.
OTHER_SCRIPTS = {"ar", "he", "hi", "ja", "ko", "zh-Hans"}
LONGEST_APP, LONGEST_HOST = "A" * 16, f"{'h' * 14}.example"
SHORT, LONG = ("123456", "12345678"), "12345678901234567890"
COGNITO = ("sign_in", "sign_up", "address", "recovery", "unknown")
NOTICES = ("email", "phone_number", "custom:chat")
PASSWORD = "aB3$xY7!kLm2"
NAMES = st.text(st.sampled_from("Harbour Bank-&'.0+AZaz"), min_size=1, max_size=16)
HOSTS = st.from_regex(r"[a-z0-9-]{1,9}\.[a-z0-9-]{1,7}\.[a-z]{2,4}", fullmatch=True)
# The texts of each kind with a code, by the name of the kind.
CODES = {kind: (message_texts, kind) for kind in KINDS} | {
    f"cognito.{kind}": (cognito_message_texts, kind) for kind in COGNITO
}


def sms(content: MessageContent) -> str:
    """The text of the SMS. The number of its parts is counted twice, with two tables of GSM-7."""
    text: str = SMS.render(content).text
    assert sms_parts(text) == parts(text)
    return text


def with_code(locale: str, kind: str, code: str, app: str, host: str, purpose: str = "") -> str:
    """The SMS with a code."""
    read, name = CODES[kind]
    in_groups = len(code) == len(LONG)
    return sms(MessageContent(read(locale, name), Code(code), app, host, 5, purpose, in_groups=in_groups))


def without_code(locale: str, app: str) -> Iterator[tuple[str, str]]:
    """The SMS of each notice, and the one with a temporary password, by the name of their kind."""
    for attribute in NOTICES:
        yield f"changed.{attribute}", sms(MessageContent(notice_texts(locale, attribute), None, app))
    texts = cognito_message_texts(locale, "notice")
    yield "cognito.notice", sms(MessageContent(texts, None, app))
    texts = cognito_message_texts(locale, "invitation")
    yield "cognito.invitation", sms(MessageContent(texts, Code(PASSWORD), app))


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("locale", LOCALES)
def test_an_sms_with_a_code_is_one_part(locale: str, kind: str) -> None:
    for code in SHORT:
        for length in range(1, len(LONGEST_APP) + 1):
            text = with_code(locale, kind, code, "A" * length, LONGEST_HOST)
            assert parts(text) == 1, f"{len(text)} characters: {text}"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_notice_and_a_temporary_password_are_one_part(locale: str) -> None:
    for kind, text in without_code(locale, LONGEST_APP):
        assert parts(text) == 1, f"{kind}, {len(text)} characters: {text}"


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("locale", LOCALES)
def test_an_sms_with_a_long_code_is_two_parts_at_most(locale: str, kind: str) -> None:
    assert parts(with_code(locale, kind, LONG, LONGEST_APP, LONGEST_HOST)) <= 2


@settings(max_examples=200)
@given(st.sampled_from(LOCALES), st.sampled_from(sorted(CODES)), st.sampled_from(SHORT), NAMES, HOSTS)
def test_an_sms_for_any_name_and_host_is_one_part(
    locale: str, kind: str, code: str, app: str, host: str
) -> None:
    text = with_code(locale, kind, code, app, host)
    assert parts(text) == 1, f"{len(text)} characters: {text}"
    assert app in text


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("locale", LOCALES)
def test_the_code_stands_alone_in_the_first_line_and_the_last_line_binds_it(locale: str, kind: str) -> None:
    for code, shown in (*((code, code) for code in SHORT), (LONG, "1234 5678 9012 3456 7890")):
        for purpose in ("", "payment of 20 EUR"):
            lines = with_code(locale, kind, code, "Harbour", "id.example", purpose).split("\n")
            assert lines[0] == shown
            assert lines[-2:] == ["", f"@id.example #{code}"]
            assert lines[1]
            assert "Harbour" in lines[1]
            assert not [line for line in lines[1:-1] if code in line or shown in line]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_temporary_password_stands_alone_and_unchanged_in_its_line(locale: str) -> None:
    texts = cognito_message_texts(locale, "invitation")
    for secret in (PASSWORD, "it’s–x…ą", "12345678901234567890", "a\u00a0b"):
        assert sms(MessageContent(texts, Code(secret), "Harbour")).split("\n")[0] == secret


@pytest.mark.parametrize("locale", ["ar", "he"])
def test_a_line_of_a_right_to_left_language_begins_with_its_script(locale: str) -> None:
    """A phone takes the direction of a line from its first letter (Unicode bidi algorithm, rule P2)."""
    with_codes = [with_code(locale, kind, code, "Bo", "bo.example") for kind in CODES for code in SHORT]
    longest = [with_code(locale, kind, SHORT[1], LONGEST_APP, LONGEST_HOST) for kind in CODES]
    others = [text for _, text in without_code(locale, "Bo")]
    for text in (*with_codes, *longest, *others):
        (line,) = (line for line in text.split("\n") if re.search("[\u0590-\u06ff]", line))
        strong = [sign for sign in line if bidirectional(sign) in ("L", "R", "AL")]
        assert bidirectional(strong[0]) in ("R", "AL"), text


@pytest.mark.parametrize("locale", sorted(set(LOCALES) - OTHER_SCRIPTS))
@pytest.mark.parametrize("kind", CODES)
def test_a_language_of_latin_letters_always_has_the_purpose_and_the_warning(locale: str, kind: str) -> None:
    read, name = CODES[kind]
    texts = read(locale, name)
    shown = with_code(locale, kind, SHORT[1], LONGEST_APP, LONGEST_HOST)
    # Each letter without its mark, as in the SMS.
    sentence = re.escape(f"{texts['sms'].format(app=LONGEST_APP)} {texts['sms_warning']}")
    assert re.search(re.sub(r"[^\x00-\x7f]", ".", sentence), shown), shown


@pytest.mark.parametrize("locale", sorted(OTHER_SCRIPTS & set(LOCALES)))
@pytest.mark.parametrize("kind", KINDS)
def test_another_script_leaves_out_only_what_would_cost_a_second_part(locale: str, kind: str) -> None:
    texts = message_texts(locale, kind)
    choices = (f"{texts['sms']} {texts['sms_warning']}", texts["sms"], texts["sms_short"])
    for length in range(1, len(LONGEST_APP) + 1):
        app, host = "A" * length, f"{'h' * length}.example"
        shown = with_code(locale, kind, SHORT[1], app, host).split("\n")[1]
        fits = [text for text in choices if len(text.format(app=app)) + len(host) + 8 + 8 + 6 <= 70]
        assert shown == fits[0].format(app=app)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_message_with_a_purpose_or_with_two_parts_anyway_is_complete(locale: str) -> None:
    texts = message_texts(locale, "token")
    for code, host, purpose in (("123456", "h.example", "p" * 64), ("123456", f"{'h' * 180}.example", "")):
        text = with_code(locale, "token", code, "Ä", host, purpose)
        expected = f"{texts['sms'].format(app='Ä')} {texts['sms_warning']}"
        shown = text.split("\n")[1]
        assert len(shown) == len(expected)
        if locale in OTHER_SCRIPTS:
            assert shown == expected


@pytest.mark.parametrize(
    ("app", "purpose", "shown", "is_gsm"),
    [
        ("Ann’s “Bank” – A…", "", 'Ann\'s "Bank" - A...', True),
        ("Caffè Å/S", "", "Caffè Å/S", True),
        ("Grün€", "20 € – Süd", "Grün€", True),
        # A name keeps its letters, and then our texts keep theirs.
        ("Łódź", "", "Łódź", False),
        ("Façade’s", "", "Façade’s", False),
        ("銀行", "", "銀行", False),
        ("Bank", "za 5 zł – już", "Bank", False),
    ],
)
def test_only_typographic_signs_of_a_name_are_replaced(
    app: str, purpose: str, shown: str, is_gsm: bool
) -> None:
    text = with_code("es", "token", "123456", app, "bank.example", purpose)
    assert (f"Su codigo de verificacion de {shown}." in text) is is_gsm
    assert (f"Su código de verificación de {app}." in text) is not is_gsm


@settings(max_examples=200)
@given(st.text(max_size=400) | st.text(st.sampled_from("aé€[’ç\nż"), max_size=400))
def test_two_tables_of_gsm_7_count_the_same_parts(text: str) -> None:
    assert sms_parts(text) == parts(text)


def table() -> list[str]:
    """The rows of the table of parts in docs/cost.md."""
    rows = []
    for locale in LOCALES:
        counts = [
            max(
                parts(with_code(locale, kind, code, LONGEST_APP, LONGEST_HOST, purpose))
                for kind in CODES
                for code in codes
            )
            for codes, purpose in ((SHORT, ""), ((LONG,), ""), (SHORT, "p" * 20), (SHORT, "p" * 64))
        ]
        others = max(parts(text) for _, text in without_code(locale, LONGEST_APP))
        alphabet = "UCS-2" if locale in OTHER_SCRIPTS else "GSM-7"
        rows.append(f"| {locale} | {alphabet} | {' | '.join(map(str, [*counts, others]))} |")
    return rows


def test_the_document_has_the_counted_parts() -> None:
    page = (ROOT / "docs" / "cost.md").read_text("utf-8")
    _, _, after = page.partition("| language | alphabet |")
    shown = [line for line in after.split("\n\n")[0].splitlines()[2:] if line]
    expected = table()
    assert shown == expected, "docs/cost.md must have these rows:\n" + "\n".join(expected)
