"""The demo page as a newcomer uses it, in Chromium: everything that is typed is read off the page."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from demo_client.web import answers
from demo_client.web.backstage import LocalBackstage
from demo_client.web.steps import Step
from tests.conftest import missing
from tests.demo_client.web_kit import NOW, SMS, FakeBackstage, served
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

DOORS = ("define_auth_challenge", "create_auth_challenge", "deliver", "verify_auth_challenge")


@pytest.fixture
def page(local_stack: Stack, visit: Callable[..., "Page"]) -> Iterator["Page"]:
    """The page of the local stack."""
    if not answers.BUILT.exists():
        missing("demo_client/web/built/app.js (run `make page`)")
    with served(LocalBackstage()) as server:
        yield visit(server)


def make_user(page: "Page", channel: str) -> str:
    """Makes a demo user; where their messages go."""
    page.select_option("#first-channel", channel)
    page.get_by_role("button", name="Make a demo user").click()
    page.get_by_text("has an account now").wait_for()
    said = page.locator("#say").inner_text()
    found = re.search(r"\+\d+" if channel == "sms" else r"\S+@\S+", said)
    assert found
    return found[0]


def code_in_inbox(page: "Page", to: str) -> str:
    message = page.locator(f'#messages li[data-to="{to}"]').first
    message.wait_for()
    found = re.search(r"\b(\d{6})\b", message.locator(".text").inner_text())
    assert found
    return found[1]


def wait_until_lit(page: "Page", *doors: str) -> None:
    for door in doors:
        page.locator(f'#doors [data-door="{door}"].lit').wait_for()


def claims(page: "Page") -> dict[str, str]:
    """The claims of the ID token, as they are shown."""
    page.locator("#signed-in").wait_for()
    rows = page.locator("#claims table").first.locator("tr").all()
    return {row.locator("th").inner_text(): row.locator("td").inner_text() for row in rows}


@pytest.mark.node
def test_a_password_and_a_code(page: "Page", local_stack: Stack) -> None:
    email = make_user(page, "email")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("A code went out by email to").wait_for()
    wait_until_lit(page, *DOORS[:3])
    page.get_by_label("Code", exact=True).fill(code_in_inbox(page, email))
    page.get_by_role("button", name="Verify").click()
    shown = claims(page)
    assert shown["email"] == email
    assert shown["aud"] == local_stack.clients["password_and_code"]
    wait_until_lit(page, *DOORS)
    # What is shown is no token: nothing on the page has a token's three parts.
    assert not re.search(r"eyJ\w+\.\w+", page.content())


@pytest.mark.node
def test_a_code_alone_after_a_wrong_one(page: "Page", local_stack: Stack) -> None:
    phone = make_user(page, "sms")
    page.get_by_label("a code alone").check()
    assert page.get_by_label("Password", exact=True).is_hidden()
    page.get_by_role("button", name="Sign in", exact=True).click()
    code = code_in_inbox(page, phone)
    page.get_by_label("Code", exact=True).fill(f"{(int(code) + 1) % 10**6:06d}")
    page.keyboard.press("Enter")
    page.get_by_text("That code is not right. 4 tries are left.").wait_for()
    wait_until_lit(page, "verify_auth_challenge")
    page.get_by_role("button", name="Type this code for me").first.click()
    assert page.get_by_label("Code", exact=True).input_value() == code
    page.keyboard.press("Enter")
    assert claims(page)["aud"] == local_stack.clients["code_only"]
    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert kept == [0, 0, ""]


@pytest.mark.node
def test_a_wrong_password_is_a_sentence(page: "Page", wrong: list[str]) -> None:
    make_user(page, "email")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("The sign-in has ended").wait_for()
    assert page.locator("#start").is_visible()
    assert [text for text in wrong if "status of 400" not in text] == []
    wrong.clear()


@pytest.mark.node
def test_on_a_phone_nothing_is_wider_than_the_screen(
    local_stack: Stack, visit: Callable[..., "Page"]
) -> None:
    with served(LocalBackstage()) as server:
        page = visit(server, viewport={"width": 320, "height": 640})
        make_user(page, "email")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_message_from_an_attacker_does_nothing(visit: Callable[..., "Page"], wrong: list[str]) -> None:
    bad = "<img src='http://evil.example/'><script>top.document.title = document.title = 'taken'</script>"
    mail = Message("email", "ada@people.example", bad, bad, f"{bad}<h1>hello</h1>", NOW)
    with served(FakeBackstage(sent=[mail])) as server:
        page = visit(server)
        message = page.locator("#messages li")
        assert message.locator(".text").inner_text() == bad
        assert message.get_by_role("heading").inner_text() == bad
        message.get_by_role("button", name="As a mail program shows it").click()
        frame = page.frame_locator("#messages iframe")
        frame.get_by_role("heading", name="hello").wait_for()
        assert page.title() == "Cognito Passcode, live"
        assert page.frames[1].title() == ""
    # The browser says what it did not let the mail do.
    assert wrong
    assert [text for text in wrong if not re.search("sandbox|Content Security Policy|: csp$", text)] == []
    wrong.clear()


def counted(name: str, unit: str, value: float) -> dict[str, object]:
    return {"name": name, "value": value, "unit": unit, "by": {"channel": "sms"}}


def test_metrics_add_up_and_a_refusal_is_seen(visit: Callable[..., "Page"]) -> None:
    now = int(time.time() * 1000) + 60_000
    sent = ({"message": "sent", "channel": "sms"},), (counted("sent", "Count", 1),)
    refused = ({"message": "refused", "reason": "wrong"},), (counted("refused", "Count", 1),)
    took = (), (counted("seconds_to_verify", "Seconds", 7),)
    done = [
        Step(f"r-{n}", door, now, 5, *what)
        for n, (door, what) in enumerate(
            [
                ("deliver", sent),
                ("deliver", sent),
                ("verify_auth_challenge", took),
                ("verify_auth_challenge", took),
                ("verify_auth_challenge", refused),
            ]
        )
    ]
    with served(FakeBackstage(done=done)) as server:
        page = visit(server)
        page.locator('#doors [data-door="verify_auth_challenge"].lit.bad').wait_for()
        rows = page.locator("#metrics tbody tr").all_inner_texts()
        assert [row.split("\t") for row in rows] == [
            ["sent", "sms", "2"],
            ["seconds_to_verify", "sms", "7 s, the latest"],
            ["refused", "sms", "1"],
        ]
        assert page.locator('[data-door="deliver"] .outcome').inner_text() == "sent, sms · 5 ms"
        assert "refused reason=wrong" in page.locator("#log li").first.inner_text()


def test_without_node_the_rest_of_the_page_is_there(
    visit: Callable[..., "Page"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "BUILT", answers.BUILT.with_name("nothing.js"))
    with served(FakeBackstage(sent=[SMS])) as server:
        page = visit(server)
        page.get_by_text("made with Node.js and npm, which were not there").wait_for()
        assert page.locator("#sign-in").is_disabled()
        page.locator("#messages li").wait_for()


def test_whoever_is_faster_than_the_page_loses_no_click(visit: Callable[..., "Page"]) -> None:
    asked = threading.Event()

    class Slow(FakeBackstage):
        def facts(self) -> dict[str, Any]:
            asked.wait(10)
            return super().facts()

    stack = Slow()
    asked.set()
    with served(stack) as server:
        asked.clear()
        page = visit(server)
        make, sign_in = page.locator("#make-user"), page.locator("#sign-in")
        assert make.is_disabled()
        assert sign_in.is_disabled()
        asked.set()
        make.click()
        page.get_by_text("has an account now").wait_for()
    assert stack.made == ["email"]


def test_a_stack_that_is_gone_makes_nobody(visit: Callable[..., "Page"], wrong: list[str]) -> None:
    stack = FakeBackstage()
    with served(stack) as server:
        page = visit(server)
        page.locator("#make-user:enabled").wait_for()
        stack.gone = True
        page.get_by_role("button", name="Make a demo user").click()
        page.locator("#say", has_text="The local AWS does not answer.").wait_for()
        assert page.locator("#make-user").is_enabled()
        page.route("**/users", lambda route: route.abort())
        page.get_by_role("button", name="Make a demo user").click()
        page.locator("#say.bad", has_text="Start it with").wait_for()
    # The browser says of its own accord what it did not get.
    assert [text for text in wrong if "Failed to load resource" not in text] == []
    wrong.clear()


def test_a_stack_that_ends_is_said(visit: Callable[..., "Page"]) -> None:
    stack = FakeBackstage()
    with served(stack) as server:
        page = visit(server)
        page.locator("#no-messages").wait_for()
        stack.gone = True
        page.get_by_text("The local AWS has ended.").wait_for()
