"""The script of the hosted sign-in's pages, and the pages without it, in Chromium."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from passcode.hosted.requests import form_of, passwords_of, user_name_of
from passcode.texts.catalogue import duration, locales, page_texts
from tests.support.browser_forms import sent
from tests.support.page_samples import VIEWS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e

GROUPS = "1234 5678 9012 3456 7890"
LONG_SMS = f"{GROUPS} is your code to sign in with your password.\n\n@id.example #12345678901234567890"


@pytest.fixture
def page(silent: Callable[..., "Page"]) -> "Page":
    """A page whose console must stay empty: it reports violations of the content security policy."""
    return silent(permissions=["clipboard-read", "clipboard-write"])


def focused(page: "Page") -> str:
    return str(page.evaluate("document.activeElement.id"))


@pytest.mark.parametrize(
    ("copied", "pasted"),
    [
        ("Your code is 123 456.\nDon't share it with anyone.\n\n@id.example #123456", "123456"),
        ("١٢٣-٤٥٦", "123456"),
        ("123 456", "123456"),
        ("call 5550123 or 123456", "123456"),
    ],
)
def test_the_code_is_extracted_from_a_pasted_text(page: "Page", base: str, copied: str, pasted: str) -> None:
    page.goto(f"{base}/code/sign-in")
    page.evaluate("text => navigator.clipboard.writeText(text)", copied)
    page.locator("#code").press("Control+v")
    assert page.input_value("#code") == pasted


@pytest.mark.parametrize(
    "copied",
    [
        LONG_SMS,
        f"Enter this code:\n\n{GROUPS}\n\nIt expires in 10 minutes and can be used once.",
        GROUPS,
        GROUPS.replace(" ", ""),
    ],
)
def test_a_long_code_is_extracted_from_a_pasted_text(page: "Page", base: str, copied: str) -> None:
    page.goto(f"{base}/code-long/sign-in")
    page.evaluate("text => navigator.clipboard.writeText(text)", copied)
    page.locator("#code").press("Control+v")
    assert page.input_value("#code") == GROUPS.replace(" ", "")
    assert page.eval_on_selector("#code", "field => field.checkValidity()")


def test_a_long_code_typed_in_groups_fits_the_field_on_the_smallest_phone(page: "Page", base: str) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(f"{base}/code-long/sign-in")
    page.locator("#code").press_sequentially(GROUPS)
    assert page.eval_on_selector("#code", "field => field.checkValidity()")
    assert page.eval_on_selector("#code", "field => field.scrollWidth <= field.clientWidth")


def test_a_code_may_be_typed_with_spaces_and_in_digits_of_another_script(page: "Page", base: str) -> None:
    page.goto(f"{base}/code/sign-in")
    for typed, valid in [("123 456", True), ("123-456 ", True), ("٠١٢٣٤٥", True), ("12345", False)]:
        page.fill("#code", "")
        page.locator("#code").press_sequentially(typed)
        assert page.eval_on_selector("#code", "field => field.checkValidity()") is valid, typed


def test_a_form_is_sent_once(page: "Page", base: str) -> None:
    page.goto(f"{base}/code/sign-in")
    forms = sent(page)
    page.fill("#code", "123 456")
    with page.expect_response("**/sign-in"):
        page.evaluate("() => { const form = code.form; form.requestSubmit(); form.requestSubmit(); }")
    page.get_by_text("Please wait").wait_for()
    assert page.get_attribute("button.main", "aria-disabled") == "true"
    assert forms == ["csrf=0123456789abcdef&do=answer&code=123+456"]


def test_the_resend_buttons_work_after_the_countdown(page: "Page", base: str) -> None:
    page.clock.install()
    page.goto(f"{base}/code/sign-in")
    forms = sent(page)
    resend = page.get_by_role("button", name="Send a new code")
    assert resend.get_attribute("aria-disabled") == "true"
    resend.click(force=True)  # without `force`, Playwright waits until the button is enabled
    page.clock.run_for(7_000)
    assert "in 20\u00a0seconds." in page.inner_text("#wait")
    assert forms == []
    page.clock.run_for(21_000)
    assert page.inner_text("#status") == "You can request a new code now."
    assert resend.get_attribute("aria-disabled") is None
    with page.expect_response("**/sign-in"):
        resend.click()
    assert forms == ["csrf=0123456789abcdef&do=resend"]


@pytest.mark.parametrize("locale", sorted(locales()))
def test_the_countdown_has_the_texts_of_the_server(page: "Page", base: str, locale: str) -> None:
    page.clock.install()
    page.goto(f"{base}/code-fallback/sign-in?locale={locale}")
    texts = page_texts(locale)
    expected = {
        left: texts["resend_wait"].format(duration=duration(texts, left)) for left in range(61, 0, -1)
    }
    shown = {}
    for left in expected:
        shown[left] = page.inner_text("#wait")
        page.clock.run_for(1_000)
    assert shown == expected
    assert page.inner_text("#status") == texts["resend_ready"]


PASTED = ("\u2068+49 (0) 170 1234-567\u2069\n", "＋４９ １７０ １２３４５６７", "0049 170/1234567")


@pytest.mark.parametrize(
    ("copied", "name"),
    [
        *((number, "+491701234567") for number in PASTED),
        ("\u200f ann @example.com\r\n", "ann@example.com"),
        ("\ufeffann\u00adlee\u200b\t", "annlee"),
    ],
)
def test_a_pasted_name_and_password_are_read_by_the_server(
    page: "Page", base: str, copied: str, name: str
) -> None:
    page.goto(f"{base}/start-phone/sign-in")
    forms = sent(page)
    for field, text in (("#user_name", copied), ("#password", " correct horse \r\n")):
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        page.locator(field).press("Control+v")
    with page.expect_response("**/sign-in"):
        page.get_by_role("button", name="Continue").click()
    form = form_of({"body": forms[0]})
    assert user_name_of(form["user_name"], lambda: True) == name
    assert passwords_of(form["password"]) == ("correct horse",)


def test_a_password_can_be_shown(page: "Page", base: str) -> None:
    page.goto(f"{base}/start-password/sign-in")
    show = page.get_by_role("button", name="Show password")
    show.click()
    assert (page.get_attribute("#password", "type"), show.get_attribute("aria-pressed")) == ("text", "true")
    show.click()
    assert page.get_attribute("#password", "type") == "password"


@pytest.mark.parametrize(
    ("name", "first"), [("start", "user_name"), ("code", "code"), ("code-wrong", "notice")]
)
def test_the_focus_starts_at_the_next_field_of_the_user(
    page: "Page", base: str, name: str, first: str
) -> None:
    page.goto(f"{base}/{name}/sign-in")
    page.wait_for_function("id => document.activeElement.id === id", arg=first)
    page.keyboard.press("Tab")
    assert focused(page) != first


@pytest.mark.parametrize("size", [16, 32])
@pytest.mark.parametrize("locale", ["de", "ar"])
def test_large_text_on_the_smallest_phone_is_not_cut(page: "Page", base: str, size: int, locale: str) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    for name in VIEWS:
        page.goto(f"{base}/{name}/sign-in?locale={locale}")
        page.evaluate("size => { document.documentElement.style.fontSize = `${size}px`; }", size)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        cut = "[...document.querySelectorAll('button, h1, p')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        assert page.evaluate(f"{cut}.map(e => e.textContent)") == [], name


def test_every_button_and_field_is_large_enough_to_touch(page: "Page", base: str) -> None:
    for name in VIEWS:
        page.goto(f"{base}/{name}/sign-in")
        for target in page.locator("button, a, input:not([type=hidden])").all():
            box = target.bounding_box()
            assert box, name
            assert min(box["width"], box["height"]) >= 44, (name, target.inner_text())


def test_the_page_works_without_its_script(chromium: "Browser", base: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/code-sms/sign-in")
    forms = sent(page)
    assert "expires in 9" in page.inner_text("#where")
    with page.expect_response("**/sign-in"):
        page.get_by_role("button", name="Send a new code").click()
    context.close()
    assert forms == ["csrf=0123456789abcdef&do=resend"]
