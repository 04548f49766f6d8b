"""The JavaScript SDKs, as they are published, sign in against the local stack."""

import secrets
import time
from collections.abc import Callable

import pytest

from tests.clients.driver import AMPLIFY, AWS_SDK, IDENTITY_JS, Conversation, sign_in
from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

NewUser = Callable[..., User]
CodeFor = Callable[..., str]

pytestmark = [pytest.mark.e2e, pytest.mark.node]

with_srp = pytest.mark.parametrize("sdk", [AMPLIFY, IDENTITY_JS])
each_sdk = pytest.mark.parametrize("sdk", [AMPLIFY, IDENTITY_JS, AWS_SDK])

REFUSED = {"name": "NotAuthorizedException", "message": "Incorrect username or password."}


def nobody() -> str:
    """An address that no user has, and that nobody tried before: a second try would rejoin the first."""
    return f"nobody-{secrets.token_hex(5)}@people.example"


def answer_wrongly(talk: Conversation, code: str, times: int) -> None:
    """Answers a first challenge wrongly, `times` times. Each but the fifth brings another challenge."""
    for left in range(4, 4 - times, -1):
        talk.type(another_code(code))
        if left:
            challenge = talk.challenge()
            assert (challenge["status"], challenge["attemptsLeft"]) == ("WRONG", str(left))


@with_srp
def test_a_password_and_then_a_code(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "password_and_code", user.email, user.password) as talk:
        challenge = talk.challenge()
        assert challenge["status"] == "SENT"
        # Who has proven the password may see where the code went.
        assert (challenge["channel"], challenge["destination"]) == ("email", "u***@p***")
        talk.type(code_for(user.email))
        claims = talk.claims()
    assert claims["sub"] == user.sub
    assert claims["email"] == user.email


@with_srp
def test_a_wrong_password_gets_no_code(sdk: str, local_stack: Stack, new_user: NewUser) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "password_and_code", user.email, "not the password") as talk:
        assert talk.error() == REFUSED


@with_srp
def test_the_password_cannot_be_left_out(sdk: str, local_stack: Stack, new_user: NewUser) -> None:
    with sign_in(local_stack, sdk, "password_and_code", new_user().email) as talk:
        assert talk.error() == REFUSED


@each_sdk
def test_a_code_alone(sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor) -> None:
    user = new_user(channel="sms")
    with sign_in(local_stack, sdk, "code_only", user.email) as talk:
        challenge = talk.challenge()
        assert (challenge["channel"], challenge["destination"]) == ("sms", "+***")
        talk.type(code_for(user.phone))
        assert talk.claims()["sub"] == user.sub


@each_sdk
def test_a_wrong_code_and_then_the_right_one(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as talk:
        assert talk.challenge()["attemptsLeft"] == "5"
        code = code_for(user.email)
        answer_wrongly(talk, code, times=1)
        talk.type(code)
        assert talk.claims()["sub"] == user.sub


@each_sdk
def test_a_resend_by_the_other_channel(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as talk:
        first = talk.challenge()
        assert (first["status"], first["channel"]) == ("SENT", "email")
        by_email = code_for(user.email)
        time.sleep(int(first["resendIn"]))
        talk.type("sms")
        again = talk.challenge()
        assert (again["status"], again["channel"]) == ("SENT", "sms")
        assert (again["resendsLeft"], again["attemptsLeft"]) == ("2", "5")
        by_sms = code_for(user.phone)
        assert by_sms != by_email
        talk.type(by_sms)
        assert talk.claims()["sub"] == user.sub


@each_sdk
def test_a_resend_at_once_sends_nothing_and_costs_no_answer(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as talk:
        talk.challenge()
        code = code_for(user.email)
        talk.type("sms")
        again = talk.challenge()
        assert (again["status"], again["attemptsLeft"]) == ("WAITING", "5")
        talk.type(code)
        assert talk.claims()["sub"] == user.sub


@each_sdk
def test_five_wrong_codes_end_the_sign_in(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as talk:
        talk.challenge()
        answer_wrongly(talk, code_for(user.email), times=5)
        assert talk.error() == REFUSED


@each_sdk
def test_an_unknown_user_is_asked_like_any_other_and_never_gets_in(
    sdk: str, local_stack: Stack, new_user: NewUser
) -> None:
    with sign_in(local_stack, sdk, "code_only", new_user().email) as talk:
        known = talk.challenge()
    with sign_in(local_stack, sdk, "code_only", nobody()) as talk:
        unknown = talk.challenge()
        assert unknown.keys() == known.keys()
        # Not everybody has a phone, and nobody's choice differs like everybody's.
        differs = {"USERNAME", "channel", "destination"}
        assert {k: v for k, v in unknown.items() if k not in differs} == {
            k: v for k, v in known.items() if k not in differs
        }
        assert unknown["destination"] in ("***@***", "+***")
        answer_wrongly(talk, "000000", times=5)
        assert talk.error() == REFUSED


@with_srp
def test_an_unknown_user_with_a_password_is_refused_like_a_wrong_password(
    sdk: str, local_stack: Stack
) -> None:
    with sign_in(local_stack, sdk, "password_and_code", nobody(), "any password") as talk:
        assert talk.error() == REFUSED
