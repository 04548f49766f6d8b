"""The inbox of the demo page in Chromium: the rendered mail first, and a code that one click copies."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from passcode.channels import email, sms
from passcode.channels.channel import MessageContent
from passcode.texts.catalogue import cognito_message_texts, message_texts
from passcode.token_service.challenge import Code
from tests.browser.preview import PHONE, TABLE, Scheme
from tests.support.accessibility import COLORS, EVERYTHING, axe_script, faults_of
from tests.support.demo_page import NOW, FakeStackData, served
from tests.support.pictures import picture_folder
from tools.local_stack.inbox import Attachment, Message

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, ViewportSize

pytestmark = pytest.mark.e2e

# 40 by 40 pixels of one colour.
LOGO = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAACgAAAAoCAIAAAADnC86AAAAM0lEQVR4nO3NQQkAMAwAsfo33TnYv4wcGMjstkRMRG"
    "JiMTExMTExMTExMTExMTEx8Xdi4gNHzAUxvQ2gqQAAAABJRU5ErkJggg=="
)
CLIPBOARD = ["clipboard-read", "clipboard-write"]
LONG = "12345678901234567890"
HEADERS = (("Auto-Submitted", "auto-generated"), ("X-Entity-Ref-ID", "5cf2a1de-21f5-4a44"))


def content(code: str, locale: str, kind: str = "sign_in_password") -> MessageContent:
    return MessageContent(
        texts=message_texts(locale, kind),
        code=Code(code),
        app="Harbour Bank",
        host="app.example",
        minutes=5,
        purpose="" if kind == "sign_in_password" else "Pay 40 EUR to Ada <b>",
        in_groups=len(code) == 20,
    )


def mail(code: str, locale: str, minutes: int, kind: str = "sign_in_password") -> Message:
    """An email as the stack sends it, at a minute after NOW."""
    sent = email.EMAIL.render(content(code, locale, kind))
    return Message(
        "email",
        "ada@people.example",
        sent.subject,
        sent.text,
        sent.html,
        NOW + timedelta(minutes=minutes),
        "Harbour Bank <no-reply@passcode.example>",
        HEADERS,
        (Attachment("logo.png", "image/png", "logo", LOGO),),
    )


def text_message(code: str, locale: str, minutes: int) -> Message:
    text = sms.SMS.render(content(code, locale)).text
    return Message("sms", "+12065550100", "", text, "", NOW + timedelta(minutes=minutes))


def invitation() -> Message:
    texts = cognito_message_texts("en", "invitation")
    made = MessageContent(texts=texts, code=Code("Aa1<>&\"'x"), app="Harbour Bank", purpose="ada.l")
    sent = email.EMAIL.render(made)
    return replace(mail("123456", "en", 0), subject=sent.subject, text=sent.text, html=sent.html)


MESSAGES = [
    invitation(),
    text_message("271828", "en", 1),
    text_message("141421", "ar", 2),
    mail(LONG, "he", 3),
    mail("31415926", "en", 4, "step_up"),
]


@pytest.fixture
def opened(visit: Callable[..., "Page"]) -> Iterator[Callable[..., "Page"]]:
    """Opens the page of a stack that has sent MESSAGES."""
    with served(FakeStackData(list(MESSAGES))) as server:

        def open_page(**options: object) -> "Page":
            page = visit(server, **options)
            page.locator("#messages li").nth(len(MESSAGES) - 1).wait_for()
            return page

        yield open_page


def card(page: "Page", number: int) -> "Locator":
    return page.locator("#messages > li").nth(number)


def test_the_newest_message_is_first_and_its_rendered_mail_is_first_in_it(
    opened: Callable[..., "Page"],
) -> None:
    page = opened()
    titles = page.locator("#messages h3").all_inner_texts()
    assert titles == [message.subject or f"SMS to {message.to}" for message in reversed(MESSAGES)]
    newest = card(page, 0)
    frame = newest.locator("iframe")
    assert frame.is_visible()
    assert frame.get_attribute("sandbox") == ""
    frame.content_frame.get_by_text("31415926").wait_for()
    for part in newest.locator("details").all():
        assert part.locator("p").is_hidden()
        part.locator("summary").click()
        assert part.locator("p").is_visible()
    shown = newest.locator("details p").all_inner_texts()
    assert shown == [MESSAGES[-1].text.strip(), MESSAGES[-1].html]


def test_the_sender_and_the_headers_are_visible(opened: Callable[..., "Page"]) -> None:
    fields = card(opened(), 0).locator(".fields").inner_text().replace("\n", " ")
    assert "From Harbour Bank <no-reply@passcode.example>" in fields
    assert "To ada@people.example" in fields
    assert "Auto-Submitted auto-generated" in fields


@pytest.mark.parametrize(
    ("number", "copied"), [(0, "31415926"), (1, LONG), (2, "141421"), (3, "271828"), (4, "Aa1<>&\"'x")]
)
def test_one_click_copies_exactly_the_code(number: int, copied: str, opened: Callable[..., "Page"]) -> None:
    page = opened(permissions=CLIPBOARD)
    copy = card(page, number).locator(".copy")
    copy.click()
    page.locator("#arrived", has_text=f"Copied {copied}.").wait_for()
    assert copy.inner_text() == "Copied"
    assert page.evaluate("navigator.clipboard.readText()") == copied


def test_without_the_clipboard_the_code_is_selected(opened: Callable[..., "Page"]) -> None:
    page = opened()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); }")
    card(page, 1).get_by_role("button", name="Copy code").press("Enter")
    page.locator("#arrived", has_text="The code is selected.").wait_for()
    assert page.evaluate("getSelection().toString()") == LONG


def test_a_long_code_enters_the_app_without_spaces(opened: Callable[..., "Page"]) -> None:
    page = opened()
    card(page, 1).get_by_role("button", name="Enter this code").click()
    assert page.locator("#code").input_value() == LONG
    assert card(page, 4).get_by_role("button").all_inner_texts() == ["Copy password"]


def test_right_to_left_messages_start_at_the_right(opened: Callable[..., "Page"]) -> None:
    page = opened()
    page.locator("#messages iframe").nth(1).content_frame.locator("html[dir=rtl]").wait_for()
    for number, element in ((1, "h3"), (2, ".text")):
        found = card(page, number).locator(element)
        assert found.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert card(page, 3).locator(".text").evaluate("e => getComputedStyle(e).direction") == "ltr"


def test_an_attached_logo_is_shown(visit: Callable[..., "Page"]) -> None:
    html = '<body><img src="cid:logo" alt="the logo"></body>'
    with served(FakeStackData([replace(mail("123456", "en", 0), html=html)])) as server:
        page = visit(server)
        logo = page.frame_locator("#messages iframe").get_by_alt_text("the logo")
        logo.wait_for()
        page.wait_for_function("() => frames.length === 1")
        width = logo.bounding_box()
        assert width is not None
        assert width["width"] == 40


def test_the_keyboard_reaches_each_control_of_a_message(visit: Callable[..., "Page"]) -> None:
    short = replace(mail("123456", "en", 0), html="<p>Your code: 123456</p>")
    with served(FakeStackData([short])) as server:
        page = visit(server)
        # While the email loads, the focus can get lost in its frame.
        page.frame_locator("#messages iframe").get_by_text("123456").wait_for()
        card(page, 0).locator(".copy").focus()
        for name in ("Enter this code", "Text part", "HTML source"):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.textContent") == name
        page.keyboard.press("Enter")
        assert card(page, 0).locator(".source").is_visible()


@pytest.mark.parametrize(("where", "size"), [("phone", PHONE), ("table", TABLE)])
def test_axe_finds_no_fault_in_the_inbox(
    where: str, size: "ViewportSize", opened: Callable[..., "Page"]
) -> None:
    # The browser paints only the emails on the screen, and the picture has all of them.
    page, axe = opened(viewport={"width": size["width"], "height": 6000}), axe_script()
    page.locator("#inbox").evaluate("inbox => { inbox.style.maxHeight = 'none'; }")
    card(page, 0).get_by_text("Text part").click()
    for frame in page.locator("#messages iframe").all():
        frame.content_frame.locator("p").first.wait_for()
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme, rules in zip(schemes, (EVERYTHING, COLORS), strict=True):
        page.emulate_media(color_scheme=scheme)
        file = picture_folder("demo-page") / f"inbox-{where}-{scheme}.png"
        page.locator("#inbox").screenshot(path=file)
        # No script can run in the emails, so axe-core cannot look into them.
        assert faults_of(page, axe, rules, without="iframe") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
