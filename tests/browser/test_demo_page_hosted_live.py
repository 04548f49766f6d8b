"""From the demo page to the hosted page and back, through the local stack."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from demo_client.web import process
from demo_client.web.stack_data import LocalStackData
from tests.support.demo_page import served
from tests.support.users import COOLDOWN
from tools.lambda_functions import SIGN_IN_FUNCTIONS
from tools.local_stack import stack
from tools.local_stack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e


def test_the_demo_page_shows_a_hosted_sign_in(local_stack: Stack, visit: Callable[..., "Page"]) -> None:
    with served(LocalStackData()) as server:
        stack.up(parameters={"CooldownSeconds": str(COOLDOWN)} | process.parameters(server.port))
        page = visit(server)
        page.get_by_role("button", name="Create a demo user").click()
        page.get_by_text("Created the account").wait_for()
        email, password = page.locator("#email").input_value(), page.locator("#password").input_value()
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Sign in with a one-time code").click()
        tab = opened.value
        tab.locator("[name=user_name]").fill(email)
        tab.locator("[name=password]").fill(password)
        tab.keyboard.press("Enter")
        # The first page shows the inbox.
        code = page.locator(f'#messages li[data-to="{email}"] .secret').inner_text()
        tab.locator("[name=code]").fill(code)
        tab.keyboard.press("Enter")
        tab.get_by_text(f"Signed in as {email}.").wait_for()
        found = local_stack.client("cognito-idp").admin_get_user(
            UserPoolId=local_stack.user_pool_id, Username=email
        )
        sub = next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")
        # The first row is the `sub` of the ID token. It is the same user in both kinds of sign-in.
        assert sub in tab.locator("#claims tr", has_text="sub").first.inner_text()
        for name in SIGN_IN_FUNCTIONS:
            tab.locator(f'#functions [data-function="{name}"].lit').wait_for()
            page.locator(f'#functions [data-function="{name}"].lit').wait_for()
