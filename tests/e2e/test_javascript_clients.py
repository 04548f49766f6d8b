"""Sign-ins by the published JavaScript SDKs on the local stack."""

import secrets
import time
from collections.abc import Callable

import pytest

from tests.clients.driver import AMPLIFY, AWS_SDK, IDENTITY_JS, SdkSignIn, sign_in
from tests.support.users import User, another_code
from tools.local_stack.stack import Stack

NewUser = Callable[..., User]
CodeFor = Callable[..., str]

pytestmark = [pytest.mark.e2e, pytest.mark.node]

with_srp = pytest.mark.parametrize("sdk", [AMPLIFY, IDENTITY_JS])
each_sdk = pytest.mark.parametrize("sdk", [AMPLIFY, IDENTITY_JS, AWS_SDK])

REFUSED = {"name": "NotAuthorizedException", "message": "Incorrect username or password."}


def unused_address() -> str:
    """A new address that no user has. A second sign-in with one address would rejoin the first challenge."""
    return f"unknown-{secrets.token_hex(5)}@people.example"


def answer_wrongly(sdk_sign_in: SdkSignIn, code: str, times: int) -> None:
    """Send `times` wrong answers. Each answer but the fifth leads to another challenge."""
    for left in range(4, 4 - times, -1):
        sdk_sign_in.type(another_code(code))
        if left:
            challenge = sdk_sign_in.challenge()
            assert (challenge["status"], challenge["attemptsLeft"]) == ("WRONG", str(left))


@with_srp
def test_a_password_and_a_code_give_tokens(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "password_and_code", user.email, user.password) as sdk_sign_in:
        challenge = sdk_sign_in.challenge()
        assert challenge["status"] == "SENT"
        # After the password, the mask shows more of the destination.
        assert (challenge["channel"], challenge["destination"]) == ("email", "u***@p***")
        sdk_sign_in.type(code_for(user.email))
        claims = sdk_sign_in.claims()
    assert claims["sub"] == user.sub
    assert claims["email"] == user.email


@with_srp
def test_a_wrong_password_gets_no_code(sdk: str, local_stack: Stack, new_user: NewUser) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "password_and_code", user.email, "not the password") as sdk_sign_in:
        assert sdk_sign_in.error() == REFUSED


@with_srp
def test_the_password_cannot_be_left_out(sdk: str, local_stack: Stack, new_user: NewUser) -> None:
    with sign_in(local_stack, sdk, "password_and_code", new_user().email) as sdk_sign_in:
        assert sdk_sign_in.error() == REFUSED


@each_sdk
def test_a_code_alone_gives_tokens(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user(channel="sms")
    with sign_in(local_stack, sdk, "code_only", user.email) as sdk_sign_in:
        challenge = sdk_sign_in.challenge()
        assert (challenge["channel"], challenge["destination"]) == ("email", "***@***")
        sdk_sign_in.type(code_for(user.phone))
        assert sdk_sign_in.claims()["sub"] == user.sub


@each_sdk
def test_the_right_code_is_accepted_after_a_wrong_one(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as sdk_sign_in:
        assert sdk_sign_in.challenge()["attemptsLeft"] == "5"
        code = code_for(user.email)
        answer_wrongly(sdk_sign_in, code, times=1)
        sdk_sign_in.type(code)
        assert sdk_sign_in.claims()["sub"] == user.sub


@each_sdk
def test_a_resend_can_use_the_other_channel(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as sdk_sign_in:
        first = sdk_sign_in.challenge()
        assert (first["status"], first["channel"]) == ("SENT", "email")
        by_email = code_for(user.email)
        time.sleep(int(first["resendIn"]))
        sdk_sign_in.type("sms")
        again = sdk_sign_in.challenge()
        assert (again["status"], again["channel"]) == ("SENT", "sms")
        assert (again["resendsLeft"], again["attemptsLeft"]) == ("2", "5")
        by_sms = code_for(user.phone)
        assert by_sms != by_email
        sdk_sign_in.type(by_sms)
        assert sdk_sign_in.claims()["sub"] == user.sub


@each_sdk
def test_a_resend_in_the_cooldown_sends_nothing_and_costs_no_attempt(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as sdk_sign_in:
        sdk_sign_in.challenge()
        code = code_for(user.email)
        sdk_sign_in.type("sms")
        again = sdk_sign_in.challenge()
        assert (again["status"], again["attemptsLeft"]) == ("WAITING", "5")
        sdk_sign_in.type(code)
        assert sdk_sign_in.claims()["sub"] == user.sub


@each_sdk
def test_five_wrong_codes_end_the_sign_in(
    sdk: str, local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    with sign_in(local_stack, sdk, "code_only", user.email) as sdk_sign_in:
        sdk_sign_in.challenge()
        answer_wrongly(sdk_sign_in, code_for(user.email), times=5)
        assert sdk_sign_in.error() == REFUSED


@each_sdk
def test_an_unknown_user_gets_the_challenges_of_a_known_user_and_no_tokens(
    sdk: str, local_stack: Stack, new_user: NewUser
) -> None:
    with sign_in(local_stack, sdk, "code_only", new_user().email) as sdk_sign_in:
        known = sdk_sign_in.challenge()
    with sign_in(local_stack, sdk, "code_only", unused_address()) as sdk_sign_in:
        unknown = sdk_sign_in.challenge()
        assert unknown.keys() == known.keys()
        # The channel differs between known users, so it may differ between unknown ones.
        differs = {"USERNAME", "channel", "destination"}
        assert {k: v for k, v in unknown.items() if k not in differs} == {
            k: v for k, v in known.items() if k not in differs
        }
        assert unknown["destination"] in ("***@***", "+***")
        answer_wrongly(sdk_sign_in, "000000", times=5)
        assert sdk_sign_in.error() == REFUSED


@with_srp
def test_an_unknown_user_with_a_password_is_refused_like_a_wrong_password(
    sdk: str, local_stack: Stack
) -> None:
    with sign_in(local_stack, sdk, "password_and_code", unused_address(), "any password") as sdk_sign_in:
        assert sdk_sign_in.error() == REFUSED
