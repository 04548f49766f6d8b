"""A code in every form in which people type and paste it, through the engine, Cognito, HTTP and the page."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from passcode.confirmation import routes
from passcode.hosted.state import Notice
from passcode.token_service.challenge import LONGEST_ANSWER, parse_answer
from tests.support import live_token_api
from tests.support.events import code_of, wrong_code_of
from tests.support.hosted_in_memory import RIGHT, HostedPageInMemory
from tests.support.live_sign_in import code_only, password_and_code
from tests.support.sign_in_handlers import SignInHandlers, answered, failures
from tests.support.token_api_in_memory import Api, FakeClock
from tests.support.typed_codes import FORMS, MALFORMED, Form, codes_as_typed
from tests.support.users import User
from tools.local_stack.stack import Stack

every_form = pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
malformed = pytest.mark.parametrize("typed", MALFORMED.values(), ids=list(MALFORMED))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(routes, "time", FakeClock())
    return Api()


@every_form
@pytest.mark.parametrize("code", ["012345", "90817263", "00000000001234567890"])
def test_every_form_of_a_code_is_read_as_its_digits(form: Form, code: str) -> None:
    assert parse_answer(form(code), len(code)) == code


@settings(max_examples=200)
@given(codes_as_typed())
def test_a_code_among_ignored_characters_is_read_as_its_digits(typed: tuple[str, str]) -> None:
    code, text = typed
    assert parse_answer(text, len(code)) == code
    assert parse_answer(text, len(code) + 1) is None
    assert parse_answer(text, len(code) - 1) is None


@malformed
def test_a_text_that_is_no_code_is_malformed(typed: str) -> None:
    assert parse_answer(typed, 6) is None


def test_a_long_text_is_malformed() -> None:
    assert parse_answer("123456".ljust(LONGEST_ANSWER), 6) == "123456"
    assert parse_answer("123456".ljust(LONGEST_ANSWER + 1), 6) is None
    # Twenty digits in groups, with two marks around each character, as some programs copy them.
    groups = " ".join(["12345"] * 4)
    assert parse_answer("".join(f"\u2068{each}\u2069" for each in groups), 20) == "12345" * 4


@every_form
def test_a_sign_in_accepts_every_form(form: Form) -> None:
    handlers = SignInHandlers()
    to = handlers.issued()
    assert answered(handlers, to, form(wrong_code_of(to))) is False
    assert failures(handlers) == 1
    assert answered(handlers, to, form(code_of(to))) is True


def test_the_same_code_in_another_form_is_the_same_answer_of_its_round() -> None:
    handlers = SignInHandlers()
    to = handlers.issued()
    for form in FORMS.values():
        assert answered(handlers, to, form(wrong_code_of(to)), "a" * 16) is False
    assert failures(handlers) == 1


@every_form
def test_the_api_accepts_every_form(api: Api, form: Form) -> None:
    token, code = api.create().body["token"], api.code()
    assert api.verify(token, form(code)).status == 200


@malformed
def test_the_api_counts_no_malformed_answer(api: Api, typed: str) -> None:
    token = api.create().body["token"]
    response = api.post("/verifyToken", {"token": token, "verification_code": typed})
    assert (response.status, response.problem) == (400, "malformed-code")
    assert api.verify(token, api.wrong_code()).body["attempts_left"] == 9


@pytest.mark.parametrize("path", ["/verifyToken", "/step-up/verify"])
@pytest.mark.parametrize("number", [123456, 12345, 1.5])
def test_a_code_that_is_a_number_is_refused_with_the_reason(api: Api, path: str, number: float) -> None:
    """JSON has no number 012345, so an app that sends numbers would fail for one code in ten."""
    response = api.post(path, json.dumps({"token": "t", "verification_code": number}))
    assert (response.status, response.problem) == (400, "invalid-request")
    assert response.body["detail"] == (
        "`verification_code`: must be a string, because a number loses its leading zeros."
    )


@every_form
def test_the_hosted_page_accepts_every_form_and_sends_plain_digits(form: Form) -> None:
    hosted_page = HostedPageInMemory()
    hosted_page.submit(hosted_page.at_code(), "answer", code=form(RIGHT))
    assert hosted_page.pool.calls[-1][::2] == ("answer", RIGHT)


def test_the_hosted_page_sends_no_malformed_answer() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    for typed in MALFORMED.values():
        hosted_page.submit(cookie, "answer", code=typed)
        assert hosted_page.view(cookie).notice is Notice.NO_CODE, typed
    assert [call[0] for call in hosted_page.pool.calls] == ["start"]


@pytest.mark.e2e
@pytest.mark.parametrize(
    "name", ["Arabic mail", "Hebrew mail", "Japanese keyboard", "digits of several scripts", "NUL"]
)
def test_a_user_signs_in_through_cognito_with_the_code_in_each_form(
    name: str, local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]
) -> None:
    user = new_user()
    sign_in = password_and_code(local_stack, user)
    assert sign_in.answer(FORMS[name](code_for(user.email))).tokens


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["Persian digits", "zero-width space", "end of a sentence in quotes"])
def test_a_user_signs_in_without_a_password_with_the_code_in_each_form(
    name: str, local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]
) -> None:
    user = new_user()
    sign_in = code_only(local_stack).start(user.email)
    assert sign_in.answer(FORMS[name](code_for(user.email))).tokens


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["Arabic mail", "NUL"])
def test_the_deployed_api_accepts_a_form_and_refuses_a_number_with_the_reason(
    name: str, local_stack: Stack, code_for: Callable[..., str]
) -> None:
    api, to = live_token_api.Api(local_stack), live_token_api.unused_address()
    created = api.create(to)
    code = code_for(to)
    refused = api.post("/verifyToken", {"token": created.body["token"], "verification_code": int(code)})
    assert (refused.status, refused.problem) == (400, "invalid-request")
    assert "a number loses its leading zeros" in refused.body["detail"]
    assert api.verify(created, FORMS[name](code)).status == 200
