"""The hosted page takes user names, phone numbers and passwords as people type and paste them."""

import importlib.util
import unicodedata
from functools import cache, partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.imports import SETTINGS, TRIGGERS
from passcode.adapters import pool_sign_in
from passcode.hosted.pages import CodePage, StartPage
from passcode.hosted.requests import passwords_of, user_name_of
from passcode.hosted.state import Notice
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.hosted_in_memory import PASSWORD, FakePool, HostedPageInMemory

PHONE = "+491701234567"
ISOLATED, MARKED = "\u2068{}\u2069", "\u200f{}\u200e"

NAMES = {
    "as it is": ("ann", "ann"),
    "upper case": ("Ann", "Ann"),
    "spaces around": ("  ann \t", "ann"),
    "no-break spaces around": ("\u00a0ann\u202f", "ann"),
    "ideographic space": ("ann\u3000", "ann"),
    "line break": ("ann\r\n", "ann"),
    "bidi isolates": (ISOLATED.format("ann"), "ann"),
    "bidi marks": (MARKED.format("ann"), "ann"),
    "bidi embedding": ("\u202aann\u202c", "ann"),
    "zero width": ("a\u200bn\u200cn\u2060", "ann"),
    "byte order mark": ("\ufeffann", "ann"),
    "soft hyphen": ("ann\u00adlee", "annlee"),
    "a mark outside a space": ("\u200e ann \u200e", "ann"),
    "email address with spaces": (" ann @example.com ", "ann@example.com"),
    "email address with marks": (ISOLATED.format("ann@exa\u00admple.com"), "ann@example.com"),
    "email address with a tag": ("ann+1-2@example.com", "ann+1-2@example.com"),
    "letters of another script": ("علي\u200f", "علي"),
    "combining marks": ("Zoe\u0308", "Zoe\u0308"),
    "an emoji with its variation selector": ("ann❤\ufe0f", "ann❤\ufe0f"),
    # A preferred_username may have spaces.
    "inner space": (" Ann  Lee ", "Ann  Lee"),
    "only invisible": ("\u200b \ufeff", ""),
}
NUMBERS = {
    "E.164": PHONE,
    "spaces": "+49 170 123 45 67",
    "no-break spaces": "+49\u00a0170\u202f1234567",
    "trunk zero in brackets": "+49 (0) 170 1234-567",
    "trunk zero without spaces": "+49(0)1701234567",
    "square brackets": "+49 [0] 170 1234567",
    "dashes": "+49-170-1234567",
    "dashes of typography": "+49\u2010170\u20131234\u2212567",
    "dots": "+49.170.1234567",
    "slash": "+49 170/1234567",
    "country code in brackets": "(+49) 170 1234567",
    "country code in brackets after the plus": "+(49) 170 1234567",
    "bidi marks": "\u202a+49 170 1234567\u202c",
    "zero width": "+49\u200b170\u200b1234567",
    "full width": "＋４９（０）１７０－１２３４．５６７",
    "Arabic digits": "+٤٩ ١٧٠ ١٢٣٤٥٦٧",
    "Persian digits": "+۴۹ ۱۷۰ ۱۲۳۴۵۶۷",
    "Devanagari digits": "+४९ १७० १२३४५६७",
    "spaces around": "  +49 170 1234567\n",
}
AFTER_00 = {
    "compact": "00491701234567",
    "spaces": "0049 170 1234567",
    "spaces in the prefix": "00 49 170 1234567",
    "trunk zero": "0049 (0) 170 1234567",
    "brackets": "(0049) 170 1234567",
    "full width": "００４９　１７０　１２３４５６７",
}
NOT_NUMBERS = {
    "national": "0170 1234567",
    "national with brackets": "(0170) 1234567",
    "staff number": "0012345678",
    "only zeros": "000000000000",
    "too long": "+49170123456789012345",
    "too short": "+49170",
    "no country code starts with zero": "+0170 1234567",
    "letters": "+49 170 CALLME",
    "extension": "+49 170 1234567 x12",
    "a name with a plus": "+ann",
    "two plus signs": "+49+1701234567",
    "fraction": "+49 170 123456½",
}


def read(typed: str, *, takes_phone_numbers: bool = True) -> str:
    return user_name_of(typed, lambda: takes_phone_numbers)


@pytest.mark.parametrize(("typed", "name"), NAMES.values(), ids=list(NAMES))
def test_a_user_name_has_no_invisible_characters_and_no_spaces_around(typed: str, name: str) -> None:
    assert read(typed) == name


@pytest.mark.parametrize("takes_phone_numbers", [True, False])
@pytest.mark.parametrize("typed", NUMBERS.values(), ids=list(NUMBERS))
def test_a_phone_number_is_brought_to_e164(typed: str, takes_phone_numbers: bool) -> None:
    assert read(typed, takes_phone_numbers=takes_phone_numbers) == PHONE


@pytest.mark.parametrize("typed", AFTER_00.values(), ids=list(AFTER_00))
def test_00_means_plus_only_if_users_sign_in_with_phone_numbers(typed: str) -> None:
    assert read(typed) == PHONE
    assert read(typed, takes_phone_numbers=False) == typed


@pytest.mark.parametrize("typed", NOT_NUMBERS.values(), ids=list(NOT_NUMBERS))
def test_a_text_that_is_no_international_number_stays_as_typed(typed: str) -> None:
    assert read(typed) == typed


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+39 (0)6 6982 1234", "+390669821234"),
        ("0039 (0) 6 6982 1234", "+390669821234"),
        ("+378 (0)549 882914", "+3780549882914"),
        ("+225 07 01 23 45 67", "+2250701234567"),  # Ivory Coast: mobile numbers start with 0
        ("+52 1 55 1234 5678", "+5215512345678"),  # an old form of Mexico, as the pool may have it
    ],
)
def test_a_zero_that_is_part_of_the_number_and_old_forms_stay(typed: str, number: str) -> None:
    assert read(typed) == number


@st.composite
def decorated_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number in E.164, and the same number as people write it."""
    digits = draw(st.from_regex(r"[1-9][0-9]{9,14}", fullmatch=True))
    zero = draw(st.sampled_from([0x30, 0x660, 0x6F0, 0x966, 0xFF10]))
    between = st.sampled_from(["", "", "", " ", "\u00a0", "-", "\u2011", ".", "/", "\u200b", "\u200e", " ("])
    shown = "".join(
        chr(zero + int(digit)) + draw(between if place else st.just("")) for place, digit in enumerate(digits)
    )
    trunk = draw(st.sampled_from(["", "(0)", " (0) ", "[0]"])) if not digits.startswith(("39", "378")) else ""
    # A country code has one to three digits.
    cut = shown.find(chr(zero + int(digits[1])), 1)
    start = draw(st.sampled_from(["+", "＋", "00", "00 ", " +", "\ufeff+", "\u202a+ "]))
    return f"+{digits}", f"{start}{shown[:cut]}{trunk}{shown[cut:]}{draw(st.sampled_from(['', ' ', ' ']))}"


@settings(max_examples=200)
@given(decorated_numbers())
def test_a_decorated_number_is_read_as_its_e164_form(number: tuple[str, str]) -> None:
    e164, typed = number
    assert read(typed) == e164


SIGNS = st.characters() | st.sampled_from("+0()-.٠٩ \u200b\u00ad\u202e\ufeff@a1")


@settings(max_examples=200)
@given(st.text(SIGNS, max_size=30), st.booleans())
def test_a_name_that_was_read_is_read_as_itself(typed: str, takes_phone_numbers: bool) -> None:
    name = read(typed, takes_phone_numbers=takes_phone_numbers)
    assert read(name, takes_phone_numbers=takes_phone_numbers) == name
    assert not any(unicodedata.category(sign) in ("Cc", "Cf") for sign in name)
    assert name == name.strip()


@settings(max_examples=200)
@given(st.from_regex(r"[\w.%_-]{1,20}", fullmatch=True).filter(lambda name: not name.startswith("00")))
def test_an_ordinary_user_name_is_not_changed(name: str) -> None:
    visible = "".join(sign for sign in name if unicodedata.category(sign) not in ("Cc", "Cf"))
    assert read(name) == visible.strip()


@pytest.mark.parametrize(
    ("typed", "passwords"),
    [
        (PASSWORD, (PASSWORD,)),
        (f"{PASSWORD} ", (PASSWORD,)),
        (f" {PASSWORD}", (PASSWORD,)),
        (f"{PASSWORD}\r\n", (PASSWORD,)),
        (f"\t{PASSWORD}\n", (PASSWORD,)),
        # These characters may be part of a password.
        (f"{PASSWORD}\u200b", (f"{PASSWORD}\u200b", PASSWORD)),
        (f"\u2068{PASSWORD}\u2069 ", (f"\u2068{PASSWORD}\u2069", PASSWORD)),
        (f"{PASSWORD}\u00a0", (f"{PASSWORD}\u00a0", PASSWORD)),
        (f"\ufeff {PASSWORD}", (f"\ufeff {PASSWORD}", PASSWORD)),
        ("pass\u200bword", ("pass\u200bword",)),
        ("\u200b", ("\u200b",)),
        ("  ", ()),
        ("", ()),
    ],
)
def test_the_ends_of_a_password_are_dropped_only_if_they_cannot_be_part_of_it(
    typed: str, passwords: tuple[str, ...]
) -> None:
    assert passwords_of(typed) == passwords


@settings(max_examples=200)
@given(st.text(max_size=20))
def test_the_first_password_differs_from_the_typed_one_only_in_spaces_at_its_ends(typed: str) -> None:
    passwords = passwords_of(typed)
    before, _, after = typed.partition(passwords[0]) if passwords else (typed, "", "")
    assert "".join((before, *passwords[:1], after)) == typed
    assert set(before + after) <= set(" \t\n\v\f\r")


@pytest.mark.parametrize(
    ("typed", "starts"),
    [(PASSWORD, 1), (f"{PASSWORD} ", 1), (f"{PASSWORD}\r\n", 1), (f"\u200b{PASSWORD}\u2069", 2)],
)
def test_a_pasted_password_signs_in(typed: str, starts: int) -> None:
    hosted_page = HostedPageInMemory(asks_password=True)
    cookie = hosted_page.begin()
    hosted_page.submit(cookie, "start", user_name="\u2068ann\u2069 ", password=typed)
    assert isinstance(hosted_page.view(cookie).page, CodePage)
    assert hosted_page.pool.calls == [("start", "ann")] * starts


def test_a_password_of_spaces_is_a_missing_one() -> None:
    hosted_page = HostedPageInMemory(asks_password=True)
    cookie = hosted_page.begin()
    hosted_page.submit(cookie, "start", user_name=" ann", password=" \t")
    assert hosted_page.view(cookie).notice is Notice.NAME_MISSING
    assert hosted_page.pool.calls == []


@pytest.mark.parametrize(("typed", "starts"), [("wrong", 1), ("wrong ", 1), ("wrong\u200b", 2)])
def test_a_wrong_password_is_refused_once_for_each_reading(typed: str, starts: int) -> None:
    hosted_page = HostedPageInMemory(asks_password=True)
    cookie = hosted_page.begin()
    hosted_page.submit(cookie, "start", user_name="ann", password=typed)
    assert hosted_page.view(cookie).notice is Notice.WRONG_NAME_OR_PASSWORD
    assert hosted_page.pool.calls == [("start", "ann")] * starts


def test_a_required_change_of_the_password_ends_the_sign_in_at_the_first_reading() -> None:
    hosted_page = HostedPageInMemory(asks_password=True, pool=FakePool(must_change=True))
    cookie = hosted_page.begin()
    hosted_page.submit(cookie, "start", user_name="ann", password=f"{PASSWORD}\u200b")
    assert hosted_page.view(cookie).notice is Notice.NEW_PASSWORD
    assert hosted_page.pool.calls == [("start", "ann")]


def test_the_page_shows_the_name_that_it_tried() -> None:
    hosted_page = HostedPageInMemory(asks_password=True, takes_phone_numbers=True)
    cookie = hosted_page.begin()
    hosted_page.submit(cookie, "start", user_name="0049 (0) 170 1234-567", password="wrong")
    assert hosted_page.table.states[cookie].user_name == PHONE
    assert hosted_page.pool.calls == [("start", PHONE)]


@pytest.mark.parametrize("takes_phone_numbers", [True, False])
def test_the_first_page_depends_on_phone_numbers_as_sign_in_option(takes_phone_numbers: bool) -> None:
    hosted_page = HostedPageInMemory(takes_phone_numbers=takes_phone_numbers)
    page = hosted_page.view(hosted_page.begin()).page
    assert page == StartPage(asks_password=False, takes_phone_numbers=takes_phone_numbers)


def test_the_pool_is_asked_once_and_its_failure_does_not_stop_the_page(
    monkeypatch: pytest.MonkeyPatch, socket_disabled: None
) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("hosted_with_a_pool", TRIGGERS / "hosted_sign_in.py")
    assert spec
    assert spec.loader
    handler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(handler)
    pool = RecordingClient(describe_user_pool=refused_by_aws("TooManyRequestsException"))
    takes_phone_numbers = cache(partial(pool_sign_in.takes_phone_numbers, lambda: pool, "pool"))
    monkeypatch.setattr(handler, "_POOL_TAKES_PHONE_NUMBERS", takes_phone_numbers)
    assert handler._takes_phone_numbers() is False
    pool = RecordingClient({"describe_user_pool": {"UserPool": {"AliasAttributes": ["phone_number"]}}})
    assert handler._takes_phone_numbers() is True
    assert handler._takes_phone_numbers() is True
    assert len(pool.calls) == 1
