"""The demo page in Chromium with a fake stack: rare states, hostile messages and failures."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from demo_client.web import responses
from demo_client.web.invocations import Invocation
from tests.support.demo_page import NOW, SMS, FakeStackData, served
from tools.local_stack.inbox import Message

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e


def test_a_hostile_message_is_shown_as_text_and_runs_no_script(
    visit: Callable[..., "Page"], faults: list[str], expect_faults: Callable[..., None]
) -> None:
    bad = "<img src='http://evil.example/'><script>top.document.title = document.title = 'taken'</script>"
    mail = Message("email", bad, bad, bad, f"{bad}<h1>hello</h1>", NOW, bad, (("X-Entity-Ref-ID", bad),))
    with served(FakeStackData(sent=[mail])) as server:
        page = visit(server)
        message = page.locator("#messages li")
        assert message.get_by_role("heading").inner_text() == bad
        for field in ("From", "To", "X-Entity-Ref-ID"):
            assert message.locator(f'dt:text-is("{field}") + dd').inner_text() == bad
        for part, shown in (("Text part", bad), ("HTML source", mail.html)):
            message.get_by_text(part).click()
            assert message.locator("details", has_text=part).locator("p").inner_text() == shown
        frame = page.frame_locator("#messages iframe")
        frame.get_by_role("heading", name="hello").wait_for()
        assert page.title() == "Cognito Passcode, live"
        assert page.frames[1].title() == ""
        # The browser blocked the script and the image of the email.
        assert faults
        expect_faults(page, "sandbox|Content Security Policy|: csp$")


def counted(name: str, unit: str, value: float) -> dict[str, object]:
    return {"name": name, "value": value, "unit": unit, "by": {"channel": "sms"}}


def test_metrics_are_summed_and_a_refusal_is_shown(visit: Callable[..., "Page"]) -> None:
    now = int(time.time() * 1000) + 60_000
    sent = ({"message": "sent", "channel": "sms"},), (counted("sent", "Count", 1),)
    refused = ({"message": "refused", "reason": "wrong"},), (counted("refused", "Count", 1),)
    took = (), (counted("seconds_to_verify", "Seconds", 7),)
    done = [
        Invocation(f"r-{n}", name, now, 5, *what)
        for n, (name, what) in enumerate(
            [
                ("deliver", sent),
                ("deliver", sent),
                ("verify_auth_challenge", took),
                ("verify_auth_challenge", took),
                ("verify_auth_challenge", refused),
            ]
        )
    ]
    with served(FakeStackData(done=done)) as server:
        page = visit(server)
        page.locator('#functions [data-function="verify_auth_challenge"].lit.bad').wait_for()
        rows = page.locator("#metrics tbody tr").all_inner_texts()
        assert [row.split("\t") for row in rows] == [
            ["sent", "sms", "2"],
            ["seconds_to_verify", "sms", "7 s, the latest"],
            ["refused", "sms", "1"],
        ]
        assert page.locator('[data-function="deliver"] .outcome').inner_text() == "sent, sms · 5 ms"
        assert "refused reason=wrong" in page.locator("#log li").first.inner_text()


def test_the_page_works_without_node_except_for_the_sign_in(
    visit: Callable[..., "Page"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "BUILT", responses.BUILT.with_name("nothing.js"))
    with served(FakeStackData(sent=[SMS])) as server:
        page = visit(server)
        page.get_by_text("because Node.js and npm are missing").wait_for()
        assert page.locator("#sign-in").is_disabled()
        page.locator("#messages li").wait_for()


def test_the_buttons_are_disabled_until_the_page_is_ready(visit: Callable[..., "Page"]) -> None:
    requested = threading.Event()

    class SlowStackData(FakeStackData):
        def facts(self) -> dict[str, Any]:
            requested.wait(60)
            return super().facts()

    stack = SlowStackData()
    requested.set()
    with served(stack) as server:
        requested.clear()
        page = visit(server)
        make, sign_in = page.locator("#make-user"), page.locator("#sign-in")
        assert make.is_disabled()
        assert sign_in.is_disabled()
        requested.set()
        make.click()
        page.get_by_text("Created the account").wait_for()
    assert stack.made == ["email"]


def test_a_demo_user_can_have_each_channel_of_the_stack_first(visit: Callable[..., "Page"]) -> None:
    stack = FakeStackData(channel_order=("email", "sms", "voice"))
    with served(stack) as server:
        page = visit(server)
        page.locator("#make-user:enabled").wait_for()
        assert page.locator("#first-channel option").all_inner_texts() == ["Email", "SMS", "Phone call"]
        page.select_option("#first-channel", "voice")
        page.get_by_role("button", name="Create a demo user").click()
        page.get_by_text("Created the account").wait_for()
    assert stack.made == ["voice"]


def test_creating_a_user_shows_an_error_when_the_stack_is_unavailable(
    visit: Callable[..., "Page"], expect_faults: Callable[..., None]
) -> None:
    stack = FakeStackData()
    with served(stack) as server:
        page = visit(server)
        page.locator("#make-user:enabled").wait_for()
        stack.gone = True
        page.get_by_role("button", name="Create a demo user").click()
        page.locator("#app-status", has_text="The local AWS does not respond.").wait_for()
        assert page.locator("#make-user").is_enabled()
        page.route("**/users", lambda route: route.abort())
        page.get_by_role("button", name="Create a demo user").click()
        page.locator("#app-status.bad", has_text="Start it with").wait_for()
        expect_faults(page, "Failed to load resource")


def test_the_page_shows_that_the_stack_has_stopped(
    visit: Callable[..., "Page"], expect_faults: Callable[..., None]
) -> None:
    stack = FakeStackData()
    with served(stack) as server:
        page = visit(server)
        page.locator("#no-messages").wait_for()
        stack.gone = True
        page.get_by_text("The local AWS has stopped.").wait_for()
        expect_faults(page, "status of 503")
