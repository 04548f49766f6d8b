"""The code that the browser reads out of an SMS by itself (WebOTP), in Chromium with a made-up telephone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.browser_forms import sent

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

# `asked` is what the page wants of the telephone, `arrive` brings it a message.
TELEPHONE = """
window.OTPCredential = class {};
window.asked = [];
navigator.credentials.get = ({ otp, signal }) => new Promise((resolve, reject) => {
  window.asked.push({ otp, signal });
  window.arrive = resolve;
  window.fail = reject;
});
"""
ASKED = "window.asked.map(({ otp, signal }) => [otp.transport, signal.aborted])"


@pytest.fixture
def page(silent: Callable[..., "Page"]) -> "Page":
    """A page of a browser with such a telephone. Nothing is said on its console."""
    found = silent()
    found.context.add_init_script(TELEPHONE)
    return found


def test_the_code_of_an_sms_is_filled_in_and_sent(page: "Page", base: str) -> None:
    page.goto(f"{base}/code-sms/sign-in")
    forms = sent(page)
    assert page.evaluate(ASKED) == [[["sms"], False]]
    with page.expect_response("**/sign-in"):
        page.evaluate("window.arrive({ code: '123456' })")
    assert page.input_value("#code") == "123456"
    assert forms == ["csrf=0123456789abcdef&do=answer&code=123456"]


def test_a_code_that_went_by_email_is_not_waited_for(page: "Page", base: str) -> None:
    """The browser would ask the person to let the page read an SMS that nobody sent."""
    page.goto(f"{base}/code/sign-in")
    assert page.evaluate(ASKED) == []


def test_a_browser_that_reads_no_sms_is_not_asked(page: "Page", base: str) -> None:
    page.add_init_script("delete window.OTPCredential;")
    page.goto(f"{base}/code-sms/sign-in")
    assert page.evaluate(ASKED) == []


def test_whoever_types_is_not_overtaken_by_the_message(page: "Page", base: str) -> None:
    page.goto(f"{base}/code-sms/sign-in")
    forms = sent(page)
    page.fill("#code", "654321")
    with page.expect_response("**/sign-in"):
        page.get_by_role("button", name="Sign in").click()
    assert page.evaluate(ASKED) == [[["sms"], True]]
    assert forms == ["csrf=0123456789abcdef&do=answer&code=654321"]


def test_whoever_declines_types(page: "Page", base: str) -> None:
    page.goto(f"{base}/code-sms/sign-in")
    forms = sent(page)
    page.evaluate("window.fail(new DOMException('declined', 'NotAllowedError'))")
    page.fill("#code", "123456")
    with page.expect_response("**/sign-in"):
        page.get_by_role("button", name="Sign in").click()
    assert forms == ["csrf=0123456789abcdef&do=answer&code=123456"]
