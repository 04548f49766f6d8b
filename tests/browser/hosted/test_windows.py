"""The use of a browser during a sign-in: back, reload, tabs, double clicks, and long waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from passcode.hosted.state import key_of_cookie
from tests.browser.hosted.kit import CODE_PAGE, LocalApp, Person
from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

pytestmark = [
    pytest.mark.e2e,
    # The faster mode: these tests do not depend on the mode.
    pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True),
]

NewPerson = Callable[..., Person]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]


def test_a_sign_in_continues_after_back_and_forward(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person()
    someone.page.goto(app.server.url("/start"))
    someone.ask(user)
    code = code_for(user.email)
    # A form of an earlier page only shows the current page.
    someone.page.go_back()
    if someone.page.get_by_label("Username").count():
        someone.name(user)
    else:
        someone.page.go_forward()
    someone.sees(CODE_PAGE).type(another_code(code)).reads("Incorrect code")
    someone.page.reload()
    someone.reads("Incorrect code").reads("Attempts left: 4").type(code).is_back()
    assert app.claims()["sub"] == user.sub


def test_going_back_from_the_app_gives_no_second_sign_in(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    someone.type(code_for(user.email)).is_back()
    someone.page.go_back()
    # The cookie is deleted, so there is no sign-in and no second code for the app.
    someone.page.reload()
    someone.sees("You are not signed in")
    assert len(app.server.callbacks) == 1
    assert app.claims()["sub"] == user.sub


def test_reloading_the_page_submits_no_form(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    code = code_for(user.email)
    asked: list[str] = []
    someone.page.on("request", lambda request: asked.append(request.method))
    someone.page.reload()
    someone.sees(CODE_PAGE)
    assert set(asked) == {"GET"}
    someone.type(code).is_back()
    assert app.claims()["sub"] == user.sub


def test_the_newer_one_of_two_tabs_is_used(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    first = person().ask(user)
    code = code_for(user.email)
    second = Person(first.context.new_page(), LocalApp(app.stack, app.server)).begin().sees("Sign in")
    # The form of the older tab belongs to a sign-in whose cookie was replaced.
    first.type(code).reads("You started another sign-in").sees("You are not signed in")
    with first.page.expect_navigation():
        first.page.get_by_role("link", name="Continue with the latest sign-in").click()
    first.sees("Sign in").name(user).sees(CODE_PAGE).type(code)
    assert first.is_back()["state"] == second.app.request.state
    assert second.app.claims()["sub"] == user.sub


def test_a_double_click_submits_one_form(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    sent: list[str] = []
    someone.page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    someone.page.locator("#code").fill(code_for(user.email))
    someone.page.get_by_role("button", name="Sign in", exact=True).dblclick()
    someone.is_back()
    assert len(sent) == 1
    assert app.claims()["sub"] == user.sub


@contextmanager
def short_life(stack: Stack, seconds: str) -> Iterator[None]:
    """Codes that are requested in the block expire after `seconds`."""
    functions, name = stack.client("lambda"), stack.functions["create_auth_challenge"]
    kept = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {"CODE_LIFE_SECONDS": seconds, "RESEND_KEEPS_CODE_SECONDS": "1"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept | changed})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept})


def test_an_expired_code_is_refused_and_a_new_one_can_be_requested(
    local_stack: Stack, person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with short_life(local_stack, "8"):
        someone = person().ask(user)
        code = code_for(user.email)
    # The page shows the lifetime of the code until the code expires.
    while someone.page.locator("#where").count():
        someone.page.reload()
    someone.type(code).reads("This code has expired. Request a new one below.")
    assert not someone.page.locator("#where").count()
    someone.press("Send a new code").reads("We sent a new code")
    someone.type(code_for(user.email, 2)).is_back()
    assert app.claims()["sub"] == user.sub


def test_an_expired_sign_in_has_ended(
    local_stack: Stack, person: NewPerson, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    table = local_stack.client("dynamodb")
    key = {"pk": {"S": key_of_cookie(someone.cookie())}}
    table.update_item(
        TableName=local_stack.table,
        Key=key,
        UpdateExpression="SET expires_at = :now",
        ExpressionAttributeValues={":now": {"N": "1"}},
    )
    someone.type(code_for(user.email)).sees("You are not signed in").reads("This sign-in has ended")
