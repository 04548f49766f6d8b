"""What people do to a browser while they sign in: back, reload, tabs, clicks, and waiting too long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from passcode.hosted.state import key_of_cookie
from tests.browser.hosted.kit import CODE_PAGE, LocalApp, Person
from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

pytestmark = [
    pytest.mark.e2e,
    # The quicker of the two: nothing here depends on the mode.
    pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True),
]

NewPerson = Callable[..., Person]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]


def test_back_and_forward_lose_nothing(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person()
    someone.page.goto(app.server.url("/start"))
    someone.ask(user)
    code = code_for(user.email)
    # The form of a page that was left does no more than to show where things are.
    someone.page.go_back()
    if someone.page.get_by_label("Username").count():
        someone.name(user)
    else:
        someone.page.go_forward()
    someone.sees(CODE_PAGE).type(another_code(code)).reads("Incorrect code")
    someone.page.reload()
    someone.reads("Incorrect code").reads("Attempts left: 4").type(code).is_back()
    assert app.claims()["sub"] == user.sub


def test_back_from_the_app_signs_nobody_in_again(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    someone.type(code_for(user.email)).is_back()
    someone.page.go_back()
    # With the cookie gone there is nothing to go on with, and no second code for the app.
    someone.page.reload()
    someone.sees("You are not signed in")
    assert len(app.server.came) == 1
    assert app.claims()["sub"] == user.sub


def test_reloading_sends_nothing_again(
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


def test_of_two_tabs_the_newer_one_counts(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    first = person().ask(user)
    code = code_for(user.email)
    second = Person(first.context.new_page(), LocalApp(app.stack, app.server)).begin().sees("Sign in")
    # The older tab's form is of a sign-in that this browser no longer has.
    first.type(code).reads("You started another sign-in").sees("You are not signed in")
    with first.page.expect_navigation():
        first.page.get_by_role("link", name="Continue with the latest sign-in").click()
    first.sees("Sign in").name(user).sees(CODE_PAGE).type(code)
    assert first.is_back()["state"] == second.app.asked.state
    assert second.app.claims()["sub"] == user.sub


def test_two_clicks_are_one_form(
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
    """Codes that are asked for meanwhile are good for `seconds` alone."""
    functions, name = stack.client("lambda"), stack.functions["create_auth_challenge"]
    kept = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {"CODE_LIFE_SECONDS": seconds, "RESEND_KEEPS_CODE_SECONDS": "1"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept | changed})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": kept})


def test_a_code_whose_time_is_over(
    local_stack: Stack, person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with short_life(local_stack, "8"):
        someone = person().ask(user)
        code = code_for(user.email)
    # The page says how long a code is good for, for as long as it is.
    while someone.page.locator("#where").count():
        someone.page.reload()
    someone.type(code).reads("This code has expired. Request a new one below.")
    assert not someone.page.locator("#where").count()
    someone.press("Send a new code").reads("We sent a new code")
    someone.type(code_for(user.email, 2)).is_back()
    assert app.claims()["sub"] == user.sub


def test_a_sign_in_whose_time_is_over(
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
