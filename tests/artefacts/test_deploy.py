"""Sign-ins with the built artefacts, which sam deploys to the local AWS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.live_sign_in import code_only, password_and_code
from tests.support.sam import STACK_NAME, delete, deploy
from tests.support.users import User
from tools.local_stack.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

NewUser = Callable[..., User]
CodeFor = Callable[..., str]


def test_a_password_and_a_code_by_email_give_tokens(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    conversation = password_and_code(local_stack, user)
    conversation.answer(code_for(user.email))
    assert conversation.tokens["IdToken"]


def test_a_code_by_sms_gives_tokens(local_stack: Stack, new_user: NewUser, code_for: CodeFor) -> None:
    # SMS loads phone metadata by computed module names, which the import search cannot find.
    user = new_user(channel="sms")
    conversation = code_only(local_stack).start(user.email)
    conversation.answer(code_for(user.phone))
    assert conversation.tokens["IdToken"]


def test_the_next_deployment_needs_no_answers(local_stack: Stack, built: Path, saved_answers: Path) -> None:
    output = deploy(local_stack.endpoint_url, built, saved_answers, "YES=1")
    assert "There is nothing to change." in output
    assert f"CLIENT_ID={local_stack.clients['password_and_code']}\n" in output


def test_a_declined_setting_is_neither_deployed_nor_kept(
    local_stack: Stack, built: Path, saved_answers: Path
) -> None:
    before = saved_answers.read_text()
    arguments = (local_stack.endpoint_url, built, saved_answers, "SET=CooldownSeconds=31")
    output = deploy(*arguments, answers="n\n", exit_code=2)
    assert "change  CreateAuthChallenge" in output
    assert "Nothing was changed." in output
    assert saved_answers.read_text() == before
    assert cooldown(local_stack) == "30"


def test_a_setting_is_deployed_and_kept(local_stack: Stack, built: Path, saved_answers: Path) -> None:
    deploy(local_stack.endpoint_url, built, saved_answers, "YES=1", "SET=CooldownSeconds=31")
    assert cooldown(local_stack) == "31"
    output = deploy(local_stack.endpoint_url, built, saved_answers, "YES=1")
    assert "There is nothing to change." in output


def cooldown(stack: Stack) -> str:
    name = f"{STACK_NAME}-create-auth-challenge"
    configuration = stack.client("lambda").get_function_configuration(FunctionName=name)
    return str(configuration["Environment"]["Variables"]["COOLDOWN_SECONDS"])


def test_deleting_the_stack_keeps_the_users(
    local_stack: Stack, new_user: NewUser, saved_answers: Path
) -> None:
    # This must be the last test of this file, because it deletes the stack.
    user = new_user()
    delete(local_stack.endpoint_url, saved_answers)
    kept = local_stack.client("cognito-idp").list_users(UserPoolId=local_stack.user_pool_id)["Users"]
    assert user.sub in str(kept)
    functions = local_stack.client("lambda").list_functions()["Functions"]
    assert not [function for function in functions if function["FunctionName"].startswith(STACK_NAME)]
