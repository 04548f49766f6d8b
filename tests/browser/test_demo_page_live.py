"""The demo page as a new user sees it, in Chromium. The tests read each input from the page."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo_client.web import responses
from demo_client.web.stack_data import LocalStackData
from tests.support.demo_page import served
from tests.support.machine import skip_because_missing
from tests.support.typed_codes import FORMS
from tests.support.users import another_code
from tools.lambda_functions import SIGN_IN_FUNCTIONS
from tools.local_stack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(local_stack: Stack, visit: Callable[..., "Page"]) -> Iterator["Page"]:
    """The page of the local stack."""
    if not responses.BUILT.exists():
        skip_because_missing("demo_client/web/built/app.js (run `make page`)")
    with served(LocalStackData()) as server:
        yield visit(server)


def make_user(page: "Page", channel: str) -> str:
    """Create a demo user. Returns the destination of the messages."""
    page.select_option("#first-channel", channel)
    page.get_by_role("button", name="Create a demo user").click()
    page.get_by_text("Created the account").wait_for()
    notice = page.locator("#app-status").inner_text()
    found = re.search(r"\+\d+" if channel == "sms" else r"\S+@\S+", notice)
    assert found
    return found[0]


def code_in_inbox(page: "Page", to: str) -> str:
    code = page.locator(f'#messages li[data-to="{to}"] .secret').first.text_content()
    assert code
    return code


def wait_until_lit(page: "Page", *functions: str) -> None:
    for name in functions:
        page.locator(f'#functions [data-function="{name}"].lit').wait_for()


def claims(page: "Page") -> dict[str, str]:
    """The claims of the ID token that the page shows."""
    page.locator("#signed-in").wait_for()
    rows = page.locator("#claims table").first.locator("tr").all()
    return {row.locator("th").inner_text(): row.locator("td").inner_text() for row in rows}


@pytest.mark.node
def test_a_password_and_a_code_sign_the_user_in(page: "Page", local_stack: Stack) -> None:
    email = make_user(page, "email")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("A code was sent by email to").wait_for()
    wait_until_lit(page, *SIGN_IN_FUNCTIONS[:3])
    page.get_by_label("Code", exact=True).fill(FORMS["Arabic mail"](code_in_inbox(page, email)))
    page.get_by_role("button", name="Verify").click()
    shown = claims(page)
    assert shown["email"] == email
    assert shown["aud"] == local_stack.clients["password_and_code"]
    wait_until_lit(page, *SIGN_IN_FUNCTIONS)
    # The page shows claims, never a token: no text has the three parts of a token.
    assert not re.search(r"eyJ\w+\.\w+", page.content())


@pytest.mark.node
def test_a_code_alone_signs_the_user_in_after_a_wrong_one(page: "Page", local_stack: Stack) -> None:
    phone = make_user(page, "sms")
    page.get_by_label("a code only").check()
    assert page.get_by_label("Password", exact=True).is_hidden()
    page.get_by_role("button", name="Sign in", exact=True).click()
    code = code_in_inbox(page, phone)
    page.get_by_label("Code", exact=True).fill(another_code(code))
    page.keyboard.press("Enter")
    page.get_by_text("That code is wrong. 4 attempts left.").wait_for()
    wait_until_lit(page, "verify_auth_challenge")
    page.get_by_role("button", name="Enter this code").first.click()
    assert page.get_by_label("Code", exact=True).input_value() == code
    page.keyboard.press("Enter")
    assert claims(page)["aud"] == local_stack.clients["code_only"]
    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert kept == [0, 0, ""]


@pytest.mark.node
def test_a_wrong_password_shows_a_message(page: "Page", expect_faults: Callable[..., None]) -> None:
    make_user(page, "email")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("The sign-in has ended").wait_for()
    assert page.locator("#start").is_visible()
    expect_faults(page, "status of 400")


@pytest.mark.node
def test_the_page_fits_the_width_of_a_phone(local_stack: Stack, visit: Callable[..., "Page"]) -> None:
    with served(LocalStackData()) as server:
        page = visit(server, viewport={"width": 320, "height": 640})
        make_user(page, "email")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
