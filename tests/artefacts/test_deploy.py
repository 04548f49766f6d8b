"""The built artefacts at work: deployed by sam to the local AWS, then signed in with."""

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


def test_a_password_and_a_code_by_email(local_stack: Stack, new_user: NewUser, code_for: CodeFor) -> None:
    user = new_user()
    conversation = password_and_code(local_stack, user)
    conversation.answer(code_for(user.email))
    assert conversation.tokens["IdToken"]


def test_a_code_by_sms(local_stack: Stack, new_user: NewUser, code_for: CodeFor) -> None:
    # This one loads phone metadata by names that no search of the imports finds.
    user = new_user(channel="sms")
    conversation = code_only(local_stack).start(user.email)
    conversation.answer(code_for(user.phone))
    assert conversation.tokens["IdToken"]


def test_the_next_deployment_asks_nothing_again(local_stack: Stack, built: Path, saved_answers: Path) -> None:
    said = deploy(local_stack.endpoint_url, built, saved_answers)
    assert "Parameter AppName" not in said
    assert "No changes to deploy" in said


def test_deleting_leaves_the_users_alone(local_stack: Stack, new_user: NewUser, saved_answers: Path) -> None:
    # The last of this file, because nothing of the stack is there afterwards.
    user = new_user()
    delete(local_stack.endpoint_url, saved_answers)
    kept = local_stack.client("cognito-idp").list_users(UserPoolId=local_stack.user_pool_id)["Users"]
    assert user.sub in str(kept)
    functions = local_stack.client("lambda").list_functions()["Functions"]
    assert not [function for function in functions if function["FunctionName"].startswith(STACK_NAME)]
