"""The field for the code in Chromium: it accepts the same texts as the server."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passcode.hosted.pages import PageView, render
from passcode.token_service.challenge import parse_answer
from tests.support.browser_forms import sent
from tests.support.html_document import Document
from tests.support.page_samples import BRAND, CSRF
from tests.support.page_samples import CODE as SAMPLE
from tests.support.typed_codes import FORMS, MALFORMED, TYPED, codes_as_typed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

CODE = "012345"
# The characters that the pattern accepts at each place of a code. Browsers compile it with the flag u or v.
ACCEPTED = """flags => {
    const pattern = new RegExp(`^(?:${code.pattern})$`, flags);
    const accepted = { before: [], between: [], digit: [] };
    for (let point = 0; point < 0x110000; point += 1) {
        const character = String.fromCodePoint(point);
        if (pattern.test(`${character}123456`)) accepted.before.push(point);
        if (pattern.test(`123${character}456`)) accepted.between.push(point);
        if (pattern.test(`12345${character}`)) accepted.digit.push(point);
    }
    return accepted;
}"""


@pytest.fixture
def page(silent: Callable[..., "Page"], base: str) -> "Page":
    page = silent(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{base}/code/sign-in")
    return page


def pattern_for(digits: int) -> str:
    """Return the pattern of the field for a code of `digits` digits."""
    document = Document(render(PageView(replace(SAMPLE, digits=digits), CSRF), BRAND, "en"))
    return document.with_id("code")["pattern"]


def pasted(page: "Page", text: str) -> str:
    """Return the content of the empty field after `text` was pasted."""
    page.fill("#code", "")
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.locator("#code").press("Control+v")
    return page.input_value("#code")


def accepts(page: "Page", text: str) -> bool:
    """Return True if the browser would send the form with `text` in the field."""
    return bool(
        page.eval_on_selector("#code", "(field, text) => (field.value = text, field.checkValidity())", text)
    )


@pytest.mark.parametrize("flags", ["u", "v"])
def test_the_pattern_accepts_the_same_characters_as_the_server(page: "Page", flags: str) -> None:
    accepted = {place: set(points) for place, points in page.evaluate(ACCEPTED, flags).items()}
    for place, text in (("before", "{}123456"), ("between", "123{}456"), ("digit", "12345{}")):
        # A newer release of Unicode, which the browser may have, assigns more characters.
        assigned = [point for point in range(0x110000) if unicodedata.category(chr(point)) != "Cn"]
        server = {point for point in assigned if parse_answer(text.format(chr(point)), 6) is not None}
        assert accepted[place] & set(assigned) == server, place


def test_the_server_ignores_every_dash_quotation_mark_and_invisible_character_of_unicode(
    page: "Page",
) -> None:
    """The browser knows these properties of Unicode, which Python does not have."""
    kinds = r"/^(?:\p{Dash}|\p{Quotation_Mark}|\p{Default_Ignorable_Code_Point}|\p{White_Space})$/u"
    points = page.evaluate(
        f"[...Array(0x110000).keys()].filter(point => {kinds}.test(String.fromCodePoint(point)))"
    )
    assert len(points) > 300
    refused = [
        f"U+{point:04X}"
        for point in points
        if unicodedata.category(chr(point)) != "Cn" and parse_answer(f"{chr(point)}123456", 6) is None
    ]
    assert refused == []


def test_the_script_reads_each_digit_by_its_value(page: "Page") -> None:
    digits = [chr(point) for point in range(0x110000) if chr(point).isdecimal()]
    assert len(digits) > 600
    assert page.evaluate("digits => digits.map(valueOf)", digits) == list(map(unicodedata.decimal, digits))


def test_every_form_can_be_typed(page: "Page") -> None:
    for name, form in TYPED.items():
        page.fill("#code", "")
        page.locator("#code").press_sequentially(form(CODE))
        assert page.eval_on_selector("#code", "field => field.checkValidity()"), name
        assert parse_answer(page.input_value("#code"), 6) == CODE, name


def test_every_form_can_be_pasted(page: "Page") -> None:
    for name, form in FORMS.items():
        assert pasted(page, form(CODE)) == CODE, name


def test_every_form_can_be_pasted_with_its_message(page: "Page") -> None:
    """In a message, a code is in one line."""
    for name, form in TYPED.items():
        text = f"Your code:\r\n\r\n{form(CODE)}\r\n\r\n2026-11-29 07:30 UTC. It has 6 digits."
        assert pasted(page, text) == CODE, name


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes_as_typed(), st.booleans())
def test_the_field_accepts_generated_forms_of_the_right_length(
    page: "Page", typed: tuple[str, str], is_longer: bool
) -> None:
    code, text = typed
    page.eval_on_selector(
        "#code", "(field, pattern) => { field.pattern = pattern; }", pattern_for(len(code) + is_longer)
    )
    assert accepts(page, text) is not is_longer


def test_the_field_refuses_a_text_that_is_no_code(page: "Page") -> None:
    for name, text in MALFORMED.items():
        assert not accepts(page, text), name


def test_the_form_is_sent_with_the_text_as_it_was_typed(page: "Page") -> None:
    forms = sent(page)
    page.locator("#code").press_sequentially("\u0660\u0661\u0662\u30fc\u0663\u0664\u0665")
    with page.expect_response("**/sign-in"):
        page.locator("#code").press("Enter")
    assert forms == ["csrf=0123456789abcdef&do=answer&code=%D9%A0%D9%A1%D9%A2%E3%83%BC%D9%A3%D9%A4%D9%A5"]
