"""The code that the browser reads from an SMS (WebOTP), in Chromium with a fake telephone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.browser_forms import sent

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

# `otpRequests` records the requests of the page to the telephone. `arrive` delivers a message.
TELEPHONE = """
window.OTPCredential = class {};
window.otpRequests = [];
navigator.credentials.get = ({ otp, signal }) => new Promise((resolve, reject) => {
  window.otpRequests.push({ otp, signal });
  window.arrive = resolve;
  window.fail = reject;
});
"""
OTP_REQUESTS = "window.otpRequests.map(({ otp, signal }) => [otp.transport, signal.aborted])"


@pytest.fixture
def page(silent: Callable[..., "Page"]) -> "Page":
    """A page of a browser with this telephone. Its console must stay empty."""
    found = silent()
    found.context.add_init_script(TELEPHONE)
    return found


def test_the_code_of_an_sms_is_filled_in_and_submitted(page: "Page", base: str) -> None:
    page.goto(f"{base}/code-sms/sign-in")
    forms = sent(page)
    assert page.evaluate(OTP_REQUESTS) == [[["sms"], False]]
    with page.expect_response("**/sign-in"):
        page.evaluate("window.arrive({ code: '123456' })")
    assert page.input_value("#code") == "123456"
    assert forms == ["csrf=0123456789abcdef&do=answer&code=123456"]


def test_the_page_does_not_wait_for_an_sms_when_the_code_went_by_email(page: "Page", base: str) -> None:
    """Otherwise the browser would ask the user for permission to read an SMS that was never sent."""
    page.goto(f"{base}/code/sign-in")
    assert page.evaluate(OTP_REQUESTS) == []


def test_the_page_works_in_a_browser_without_webotp(page: "Page", base: str) -> None:
    page.add_init_script("delete window.OTPCredential;")
    page.goto(f"{base}/code-sms/sign-in")
    assert page.evaluate(OTP_REQUESTS) == []


def test_an_sms_does_not_replace_a_code_that_the_user_types(page: "Page", base: str) -> None:
    page.goto(f"{base}/code-sms/sign-in")
    forms = sent(page)
    page.fill("#code", "654321")
    with page.expect_response("**/sign-in"):
        page.get_by_role("button", name="Sign in").click()
    assert page.evaluate(OTP_REQUESTS) == [[["sms"], True]]
    assert forms == ["csrf=0123456789abcdef&do=answer&code=654321"]


def test_the_user_can_type_the_code_after_declining_webotp(page: "Page", base: str) -> None:
    page.goto(f"{base}/code-sms/sign-in")
    forms = sent(page)
    page.evaluate("window.fail(new DOMException('declined', 'NotAllowedError'))")
    page.fill("#code", "123456")
    with page.expect_response("**/sign-in"):
        page.get_by_role("button", name="Sign in").click()
    assert forms == ["csrf=0123456789abcdef&do=answer&code=123456"]
