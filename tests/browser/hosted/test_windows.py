"""Browser actions during a sign-in: back, reload, tabs, double clicks, and long waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from passcode.hosted.state import key_of_cookie
from tests.browser.hosted.kit import CODE_PAGE, LocalApp, Visitor
from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

pytestmark = [
    pytest.mark.e2e,
    # The faster mode: these tests do not depend on the mode.
    pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True),
]

NewVisitor = Callable[..., Visitor]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]


def test_a_sign_in_continues_after_back_and_forward(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor()
    visitor.page.goto(app.server.url("/start"))
    visitor.open_code_page(user)
    code = code_for(user.email)
    # A form of an earlier page only shows the current page.
    visitor.page.go_back()
    if visitor.page.get_by_label("Username").count():
        visitor.enter_name(user)
    else:
        visitor.page.go_forward()
    visitor.wait_for_heading(CODE_PAGE).enter_code(another_code(code)).wait_for_notice("Incorrect code")
    visitor.page.reload()
    visitor.wait_for_notice("Incorrect code").wait_for_notice("Attempts left: 4").enter_code(
        code
    ).wait_for_app()
    assert app.claims()["sub"] == user.sub


def test_going_back_from_the_app_gives_no_second_sign_in(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    visitor.enter_code(code_for(user.email)).wait_for_app()
    visitor.page.go_back()
    # The cookie is deleted, so there is no sign-in and no second code for the app.
    visitor.page.reload()
    visitor.wait_for_heading("You are not signed in")
    assert len(app.server.callbacks) == 1
    assert app.claims()["sub"] == user.sub


def test_reloading_the_page_submits_no_form(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    code = code_for(user.email)
    requests: list[str] = []
    visitor.page.on("request", lambda request: requests.append(request.method))
    visitor.page.reload()
    visitor.wait_for_heading(CODE_PAGE)
    assert set(requests) == {"GET"}
    visitor.enter_code(code).wait_for_app()
    assert app.claims()["sub"] == user.sub


def test_the_newer_one_of_two_tabs_is_used(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    first = new_visitor().open_code_page(user)
    code = code_for(user.email)
    second = (
        Visitor(first.context.new_page(), LocalApp(app.stack, app.server)).start().wait_for_heading("Sign in")
    )
    # The form of the older tab belongs to a sign-in whose cookie was replaced.
    first.enter_code(code).wait_for_notice("You started another sign-in").wait_for_heading(
        "You are not signed in"
    )
    with first.page.expect_navigation():
        first.page.get_by_role("link", name="Continue with the latest sign-in").click()
    first.wait_for_heading("Sign in").enter_name(user).wait_for_heading(CODE_PAGE).enter_code(code)
    assert first.wait_for_app()["state"] == second.app.request.state
    assert second.app.claims()["sub"] == user.sub


def test_a_double_click_submits_one_form(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    sent: list[str] = []
    visitor.page.on(
        "request", lambda requests: sent.append(requests.url) if requests.method == "POST" else None
    )
    visitor.page.locator("#code").fill(code_for(user.email))
    visitor.page.get_by_role("button", name="Sign in", exact=True).dblclick()
    visitor.wait_for_app()
    assert len(sent) == 1
    assert app.claims()["sub"] == user.sub


@contextmanager
def short_life(stack: Stack, seconds: str) -> Iterator[None]:
    """Codes that are requested in the block expire after `seconds`."""
    functions, name = stack.client("lambda"), stack.functions["create_auth_challenge"]
    kept = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {"CODE_LIFE_SECONDS": seconds}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept | changed})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept})


def test_an_expired_code_is_refused_and_a_new_one_can_be_requested(
    local_stack: Stack, new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with short_life(local_stack, "8"):
        visitor = new_visitor().open_code_page(user)
        code = code_for(user.email)
    # The page shows the lifetime of the code until the code expires.
    while visitor.page.locator("#where").count():
        visitor.page.reload()
    visitor.enter_code(code).wait_for_notice("This code has expired. Request a new one below.")
    assert not visitor.page.locator("#where").count()
    visitor.press("Send a new code").wait_for_notice("We sent a new code")
    visitor.enter_code(code_for(user.email, 2)).wait_for_app()
    assert app.claims()["sub"] == user.sub


def test_an_expired_sign_in_has_ended(
    local_stack: Stack, new_visitor: NewVisitor, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    table = local_stack.client("dynamodb")
    key = {"pk": {"S": key_of_cookie(visitor.cookie())}}
    table.update_item(
        TableName=local_stack.table,
        Key=key,
        UpdateExpression="SET expires_at = :now",
        ExpressionAttributeValues={":now": {"N": "1"}},
    )
    visitor.enter_code(code_for(user.email)).wait_for_heading("You are not signed in").wait_for_notice(
        "This sign-in has ended"
    )
