"""Emails in Chromium: their width on a phone, direction, contrast and copying. Pictures are written."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from passcode.channels.channel import MailBrand
from passcode.texts.catalogue import locales, message_texts
from passcode.token_service.challenge import TOKEN
from tests.clients.driver import HERE
from tests.support.machine import skip_because_missing
from tests.support.pictures import picture_folder
from tools.mail_preview import SHOTS, Sender, emails, shown_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
LOCALES = sorted(locales())
RIGHT_TO_LEFT = [locale for locale in LOCALES if message_texts(locale, TOKEN)["dir"] == "rtl"]
PICTURED = ("sign-in-after-password", "sign-in-long-code", "verification-with-purpose", "cognito-invitation")
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# The digits of an element in the order of the text: the left edge of each, in pixels, by line.
_DIGITS = """element => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), lines = {};
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (let i = 0; i < node.length; i++)
      if (/[0-9]/.test(node.data[i])) {
        const range = document.createRange();
        range.setStart(node, i); range.setEnd(node, i + 1);
        const box = range.getBoundingClientRect();
        (lines[Math.round(box.top)] ??= []).push([box.left, box.right]);
      }
  return Object.values(lines);
}"""

Show = Callable[..., "Page"]


@pytest.fixture
def show(chromium: "Browser") -> Iterator[Show]:
    """Shows HTML: `show(html)`. A request for any file fails the test."""
    page = chromium.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    def show_html(html: str, width: int = 320, scheme: Any = "light") -> "Page":
        page.set_viewport_size({"width": width, "height": 480})
        page.emulate_media(color_scheme=scheme)
        page.set_content(html)
        return page

    yield show_html
    page.close()
    assert [url for url in requests if not url.startswith("data:image/png;")] == []


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        skip_because_missing("axe-core (run `npm ci` in tests/clients)")
    return AXE.read_text("utf-8")


def without_style(html: str) -> str:
    """The HTML as a program shows it that drops the style element."""
    return re.sub("<style>.*?</style>", "", html, flags=re.DOTALL)


def is_too_wide(page: "Page") -> bool:
    """Whether the page has to be scrolled sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


@pytest.mark.parametrize("locale", LOCALES)
def test_every_email_fits_a_small_phone_also_without_its_style_element(show: Show, locale: str) -> None:
    sender = Sender(app="W" * 40, support_url=f"https://app.example/{'a' * 180}")
    for name, mail in emails(locale, sender).items():
        for html in (mail.html, without_style(mail.html)):
            assert not is_too_wide(show(html)), name


@pytest.mark.parametrize("locale", ["en", "de", "ar", "ja"])
def test_every_text_is_readable_in_both_schemes(show: Show, axe: str, locale: str) -> None:
    """The rules of axe-core. An undecided rule counts as a fault. Pictures are written."""
    faults = []
    mails = emails(locale, Sender())
    for name in PICTURED:
        for shot, width, scheme in SHOTS:
            page = show(shown_html(mails[name]), width, scheme)
            file = picture_folder("emails") / f"{name}-{locale}-{shot}.png"
            page.screenshot(path=file, full_page=True)
            page.evaluate(axe)
            found = page.evaluate("rules => axe.run({ runOnly: rules, preload: false })", _RULES)
            faults += [
                f"{name} {shot} {each['id']}: {node['html']}"
                for each in found["violations"] + found["incomplete"]
                for node in each["nodes"]
            ]
    assert faults == []


@pytest.mark.parametrize("color", ["#ffff00", "#000000", "#ffffff", "#c01048"])
def test_every_text_is_readable_in_any_brand_colour(show: Show, axe: str, color: str) -> None:
    html = emails("en", Sender(mail=MailBrand(color)))["sign-in"].html
    for shown, scheme in ((html, "light"), (html, "dark"), (without_style(html), "dark")):
        page = show(shown, 720, scheme)
        page.evaluate(axe)
        found = page.evaluate("axe.run({ runOnly: ['color-contrast'], preload: false })")
        assert found["violations"] + found["incomplete"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_program_with_a_dark_scheme_shows_it(show: Show, scheme: str) -> None:
    page = show(emails("en", Sender())["sign-in"].html, 720, scheme)
    background = page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert background == ("rgb(28, 31, 38)" if scheme == "dark" else "rgb(255, 255, 255)")


@pytest.mark.parametrize("width", [320, 720])
@pytest.mark.parametrize("locale", LOCALES)
def test_the_code_is_aligned_with_the_text_and_its_digits_run_from_left_to_right(
    show: Show, locale: str, width: int
) -> None:
    start = "right" if locale in RIGHT_TO_LEFT else "left"
    for name in ("sign-in", "sign-in-long-code"):
        page = show(emails(locale, Sender())[name].html, width)
        cell = page.locator(".box")
        style = cell.evaluate("cell => [getComputedStyle(cell).direction, getComputedStyle(cell).textAlign]")
        assert style == ["ltr", start]
        heading = page.locator("h1").evaluate("each => [getComputedStyle(each).direction, each.dir]")
        assert heading[0] == ("rtl" if locale in RIGHT_TO_LEFT else "ltr")
        box = cell.bounding_box()
        assert box
        lines = cell.evaluate(_DIGITS)
        assert sum(map(len, lines)) == (20 if name == "sign-in-long-code" else 6)
        for digits in lines:
            assert digits == sorted(digits)
            left, right = digits[0][0] - box["x"], box["x"] + box["width"] - digits[-1][1]
            assert (left < 20) if start == "left" else (right < 20 + 6)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_digits_of_the_text_part_run_from_left_to_right(show: Show, locale: str) -> None:
    """A program shows the text part in the direction of the user's language."""
    lines = emails(locale, Sender())["sign-in-long-code"].text.splitlines()
    (code,) = [line for line in lines if line.startswith("4829")]
    page = show(f'<pre dir="{message_texts(locale, TOKEN)["dir"]}">{code}</pre>', 720)
    (digits,) = page.locator("pre").evaluate(_DIGITS)
    assert len(digits) == 20
    assert digits == sorted(digits)


def test_a_double_click_selects_the_code(show: Show) -> None:
    page = show(emails("en", Sender())["sign-in"].html, 720)
    page.locator(".box").dblclick(position={"x": 60, "y": 30})
    assert page.evaluate("getSelection().toString().trim()") == "482915"


def test_the_text_for_the_list_of_emails_is_not_shown_in_the_email(show: Show) -> None:
    page = show(emails("en", Sender())["sign-in"].html, 720)
    assert page.locator("body > div").is_hidden()
    assert page.get_by_text("It expires in").all()[1].is_visible()
