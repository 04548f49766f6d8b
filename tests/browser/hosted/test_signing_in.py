"""Hosted sign-in in Chromium, from Cognito's /oauth2/authorize to the pool's own tokens in the app."""

from collections.abc import Callable

import pytest

from tests.browser.hosted.kit import CODE_PAGE, LocalApp, Visitor
from tests.support.live_sign_in import end_cooldown, password_and_code
from tests.support.typed_codes import FORMS
from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

NewVisitor = Callable[..., Visitor]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]

password = pytest.mark.parametrize("local_stack", ["PASSWORD_AND_CODE"], indirect=True)
code_alone = pytest.mark.parametrize("local_stack", ["CODE_ONLY"], indirect=True)
asks = pytest.mark.parametrize("local_stack", ["ASK"], indirect=True)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_app_gets_the_pools_own_tokens(
    scripts: bool, new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor(java_script_enabled=scripts).open_code_page(user)
    visitor.enter_code(code_for(user.email)).wait_for_app()
    claims = app.claims()
    assert (claims["sub"], claims["email"]) == (user.sub, user.email)


@password
def test_the_hosted_sign_in_and_the_sdk_sign_in_the_same_user(
    local_stack: Stack, new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    sdk_sign_in = password_and_code(local_stack, user)
    sdk_sign_in.answer(code_for(user.email))
    end_cooldown(local_stack, user.sub)
    new_visitor().open_code_page(user).enter_code(code_for(user.email, 2)).wait_for_app()
    info = local_stack.client("cognito-idp").get_user(AccessToken=sdk_sign_in.tokens["AccessToken"])
    assert {"Name": "sub", "Value": app.claims()["sub"]} in info["UserAttributes"]


def test_the_right_code_is_accepted_after_a_wrong_one(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor, code = new_visitor().open_code_page(user), code_for(user.email)
    visitor.enter_code(another_code(code)).wait_for_notice("Incorrect code").wait_for_notice(
        "Attempts left: 4"
    )
    # The message has the code with a space in it.
    visitor.enter_code(f"{code[:3]} {code[3:]}").wait_for_app()
    assert app.claims()["sub"] == user.sub


@pytest.mark.parametrize("scripts", [True, False])
@password
def test_a_user_signs_in_with_a_code_that_is_pasted_from_a_text_from_right_to_left(
    scripts: bool, new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor(java_script_enabled=scripts, permissions=["clipboard-read", "clipboard-write"])
    visitor.open_code_page(user)
    visitor.page.evaluate(
        "text => navigator.clipboard.writeText(text)", FORMS["Arabic mail"](code_for(user.email))
    )
    visitor.page.locator("#code").press("Control+v")
    visitor.press("Sign in").wait_for_app()
    assert app.claims()["sub"] == user.sub


@code_alone
def test_a_user_signs_in_with_a_code_that_is_typed_on_a_japanese_keyboard(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    visitor.page.locator("#code").press_sequentially(FORMS["Japanese keyboard"](code_for(user.email)))
    visitor.press("Sign in").wait_for_app()
    assert app.claims()["sub"] == user.sub


@code_alone
def test_the_sign_in_ends_after_five_wrong_codes(
    new_visitor: NewVisitor, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor, code = new_visitor().open_code_page(user), code_for(user.email)
    for left in (4, 3, 2, 1):
        visitor.enter_code(another_code(code)).wait_for_notice(f"Attempts left: {left}")
    visitor.enter_code(another_code(code)).wait_for_heading("You are not signed in").wait_for_notice(
        "This sign-in has ended"
    )
    visitor.press("Start over").wait_for_heading("Sign in")


@code_alone
def test_a_used_code_is_refused(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    first, second = new_visitor().open_code_page(user), new_visitor().open_code_page(user)
    # The second sign-in rejoined the challenge of the first one, whose code can be used once.
    code = code_for(user.email)
    first.enter_code(code).wait_for_app()
    assert app.claims()["sub"] == user.sub
    callbacks = len(app.server.callbacks)
    second.enter_code(code).wait_for_heading(CODE_PAGE)
    second.page.locator("#notice.error").wait_for()
    assert len(app.server.callbacks) == callbacks


@code_alone
def test_the_resend_button_sends_a_new_code(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    code_for(user.email)
    resend = visitor.page.get_by_role("button", name="Send a new code")
    # Playwright's click waits until the page enables the button.
    assert resend.get_attribute("aria-disabled") == "true"
    visitor.press("Send a new code").wait_for_notice("We sent a new code")
    visitor.enter_code(code_for(user.email, 2)).wait_for_app()
    assert app.claims()["sub"] == user.sub


@code_alone
def test_a_resend_can_use_another_channel(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().open_code_page(user)
    code_for(user.email)
    other = visitor.page.get_by_role("button", name="Text message")
    with visitor.page.expect_navigation():
        other.click()
    visitor.page.get_by_text("Check your email and your text messages").wait_for()
    visitor.enter_code(code_for(user.phone)).wait_for_app()
    assert app.claims()["sub"] == user.sub


@asks
def test_the_user_chooses_the_channel_of_the_code(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().start().enter_name(user).wait_for_heading("Where should we send the code?")
    visitor.press(f"Text message to +***{user.phone[-4:]}").wait_for_heading(CODE_PAGE)
    visitor.enter_code(code_for(user.phone)).wait_for_app()
    assert app.claims()["sub"] == user.sub


@code_alone
def test_cancelling_returns_to_the_app_with_access_denied(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser
) -> None:
    for where in (new_visitor().start(), new_visitor().open_code_page(new_user())):
        response = where.press("Back to Cognito Passcode").wait_for_app()
        assert response == {"error": "access_denied", "state": app.request.state}


@password
def test_a_pasted_name_and_a_pasted_password_sign_in(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor(permissions=["clipboard-read", "clipboard-write"]).start()
    page = visitor.page
    for field, text in (
        ("#user_name", f"\u2068{user.email}\u2069 "),
        ("#password", f"\u200b{user.password}\u00a0\r\n"),
    ):
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        page.locator(field).press("Control+v")
    visitor.press("Continue").wait_for_heading(CODE_PAGE)
    visitor.enter_code(code_for(user.email)).wait_for_app()
    assert app.claims()["sub"] == user.sub


@password
def test_the_page_is_the_same_for_a_wrong_password_and_an_unknown_user(
    new_visitor: NewVisitor, new_user: NewUser
) -> None:
    user = new_user()
    stranger = User(f"no-{user.email}", "", user.password, "")
    shown = []
    for who, typed in ((user, "not the password"), (stranger, user.password)):
        visitor = (
            new_visitor().start().enter_name(who, typed).wait_for_notice("Incorrect username or password")
        )
        assert visitor.page.locator("#password").input_value() == ""
        shown.append(skeleton(visitor, who))
    assert shown[0] == shown[1]


@code_alone
def test_the_page_is_the_same_for_known_and_unknown_users(
    new_visitor: NewVisitor, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user(phone=False)
    known = new_visitor().open_code_page(user)
    stranger = User(f"no-{user.email}", "", "", "")
    unknown = new_visitor().open_code_page(stranger)
    assert skeleton(known, user) == skeleton(unknown, stranger)
    code = another_code(code_for(user.email))
    for visitor in (known, unknown):
        visitor.enter_code(code).wait_for_notice("Incorrect code")
    assert skeleton(known, user) == skeleton(unknown, stranger)


def skeleton(visitor: Visitor, user: User) -> str:
    """The HTML of the page without the parts of one sign-in: user name, CSRF token and countdown."""
    html = str(
        visitor.page.evaluate(
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
