"""Hosted sign-in in Chromium, from Cognito's /oauth2/authorize to the pool's own tokens in the app."""

from collections.abc import Callable

import pytest

from tests.browser.hosted.kit import CODE_PAGE, LocalApp, Person
from tests.support.live_sign_in import password_and_code
from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

NewPerson = Callable[..., Person]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]

password = pytest.mark.parametrize("local_stack", ["PASSWORD_AND_CODE"], indirect=True)
code_alone = pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True)
asks = pytest.mark.parametrize("local_stack", ["ASK"], indirect=True)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_app_gets_the_pools_own_tokens(
    scripts: bool, person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person(java_script_enabled=scripts).ask(user)
    someone.type(code_for(user.email)).is_back()
    claims = app.claims()
    assert (claims["sub"], claims["email"]) == (user.sub, user.email)


@password
def test_the_hosted_sign_in_and_the_sdk_sign_in_the_same_user(
    local_stack: Stack, person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    talk = password_and_code(local_stack, user)
    talk.answer(code_for(user.email))
    person().ask(user).type(code_for(user.email, 2)).is_back()
    info = local_stack.client("cognito-idp").get_user(AccessToken=talk.tokens["AccessToken"])
    assert {"Name": "sub", "Value": app.claims()["sub"]} in info["UserAttributes"]


def test_the_right_code_is_accepted_after_a_wrong_one(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone, code = person().ask(user), code_for(user.email)
    someone.type(another_code(code)).reads("Incorrect code").reads("Attempts left: 4")
    # The message has the code with a space in it.
    someone.type(f"{code[:3]} {code[3:]}").is_back()
    assert app.claims()["sub"] == user.sub


@code_alone
def test_the_sign_in_ends_after_five_wrong_codes(
    person: NewPerson, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone, code = person().ask(user), code_for(user.email)
    for left in (4, 3, 2, 1):
        someone.type(another_code(code)).reads(f"Attempts left: {left}")
    someone.type(another_code(code)).sees("You are not signed in").reads("This sign-in has ended")
    someone.press("Start over").sees("Sign in")


@code_alone
def test_a_used_code_is_refused(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    first, second = person().ask(user), person().ask(user)
    # The second sign-in rejoined the challenge of the first one, whose code can be used once.
    code = code_for(user.email)
    first.type(code).is_back()
    assert app.claims()["sub"] == user.sub
    callbacks = len(app.server.callbacks)
    second.type(code).sees(CODE_PAGE)
    second.page.locator("#notice.error").wait_for()
    assert len(app.server.callbacks) == callbacks


@code_alone
def test_the_resend_button_sends_a_new_code(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    code_for(user.email)
    resend = someone.page.get_by_role("button", name="Send a new code")
    # Playwright's click waits until the page enables the button.
    assert resend.get_attribute("aria-disabled") == "true"
    someone.press("Send a new code").reads("We sent a new code")
    someone.type(code_for(user.email, 2)).is_back()
    assert app.claims()["sub"] == user.sub


@code_alone
def test_a_resend_can_use_another_channel(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().ask(user)
    code_for(user.email)
    other = someone.page.get_by_role("button", name="Text message")
    with someone.page.expect_navigation():
        other.click()
    someone.page.get_by_text("sent the code to the phone number of your account").wait_for()
    someone.type(code_for(user.phone)).is_back()
    assert app.claims()["sub"] == user.sub


@asks
def test_the_user_chooses_the_channel_of_the_code(
    person: NewPerson, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    someone = person().begin().name(user).sees("Where should we send the code?")
    someone.press(f"Text message to +***{user.phone[-4:]}").sees(CODE_PAGE)
    someone.type(code_for(user.phone)).is_back()
    assert app.claims()["sub"] == user.sub


@code_alone
def test_cancelling_returns_to_the_app_with_access_denied(
    person: NewPerson, app: LocalApp, new_user: NewUser
) -> None:
    for where in (person().begin(), person().ask(new_user())):
        response = where.press("Back to Cognito Passcode").is_back()
        assert response == {"error": "access_denied", "state": app.request.state}


@password
def test_the_page_is_the_same_for_a_wrong_password_and_an_unknown_user(
    person: NewPerson, new_user: NewUser
) -> None:
    user = new_user()
    stranger = User(f"no-{user.email}", "", user.password, "")
    shown = []
    for who, typed in ((user, "not the password"), (stranger, user.password)):
        someone = person().begin().name(who, typed).reads("Incorrect username or password")
        assert someone.page.locator("#password").input_value() == ""
        shown.append(skeleton(someone, who))
    assert shown[0] == shown[1]


@code_alone
def test_the_page_is_the_same_for_known_and_unknown_users(
    person: NewPerson, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user(phone=False)
    known = person().ask(user)
    # Some unknown users seem to have a phone number only, as some users do. Take one with an email address.
    for number in range(20):
        stranger = User(f"no-{number}-{user.email}", "", "", "")
        unknown = person().ask(stranger)
        if unknown.page.get_by_text("to the email address of your account").count():
            break
    assert skeleton(known, user) == skeleton(unknown, stranger)
    code = another_code(code_for(user.email))
    for someone in (known, unknown):
        someone.type(code).reads("Incorrect code")
    assert skeleton(known, user) == skeleton(unknown, stranger)


def skeleton(someone: Person, user: User) -> str:
    """The HTML of the page without the parts of one sign-in: user name, CSRF token and countdown."""
    html = str(
        someone.page.evaluate(
            """() => {
            const copy = document.documentElement.cloneNode(true);
            copy.querySelectorAll("[name=csrf]").forEach((e) => e.removeAttribute("value"));
            copy.querySelectorAll(".send").forEach((e) => e.removeAttribute("aria-disabled"));
            copy.querySelectorAll("#wait, #status").forEach((e) => e.replaceWith(e.id));
            return copy.outerHTML;
        }"""
        )
    )
    return html.replace(user.email, "NAME")
