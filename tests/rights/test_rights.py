"""Least privilege: each Lambda function tries every call, and only the calls in ALLOWED succeed.

The stack is the real template.yaml with the probe in place of each handler. The local AWS enforces the
policies of a function's role, with their conditions.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rights.calls import Calls, all_calls
from tools.local_stack import process, stack
from tools.local_stack.stack import Stack

ROOT = Path(__file__).parents[2]
FUNCTIONS = (
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge",
    "deliver",
    "pre_token_generation",
    "custom_sender",
    "token_api",
    "hosted_sign_in",
)
# SNS has another error code.
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
# The functions that may make each call. No function may make a call that is not listed.
ALLOWED = {
    "write a challenge": {"create_auth_challenge", "verify_auth_challenge"},
    "write the SMS budget": {"verify_auth_challenge", "deliver", "token_api"},
    "read a challenge": {"pre_token_generation"},
    "queue a delivery": {"create_auth_challenge", "custom_sender", "token_api"},
    "read the attributes of the queue": {"deliver", "token_api"},
    "derive a code": {"verify_auth_challenge", "deliver", "token_api"},
    "send a mail": {"deliver"},
    "send an SMS": {"deliver"},
    "write a token's challenge": {"token_api"},
    "write a step-up's challenge": {"token_api"},
    "read a token's challenge": {"token_api"},
    "read a step-up's challenge": {"token_api"},
    "claim a request": {"token_api"},
    "release a request": {"token_api"},
    "mark a proof as used": {"token_api"},
    "read for the health check": {"token_api"},
    "make a challenge token": {"token_api"},
    "sign a proof": {"token_api"},
    "check a proof": {"token_api"},
    "read the public key": {"token_api"},
    "read a user": {"custom_sender", "token_api", "hosted_sign_in"},
    "decrypt a code of Cognito": {"deliver"},
    "write a hosted sign-in": {"hosted_sign_in"},
    "read a hosted sign-in": {"hosted_sign_in"},
    "redeem a grant": {"hosted_sign_in"},
    "encrypt a session": {"hosted_sign_in"},
    "decrypt a session": {"hosted_sign_in"},
    "decrypt a grant": {"hosted_sign_in"},
    "sign an ID token": {"hosted_sign_in"},
    "check an access token": {"hosted_sign_in"},
    "read the ID tokens' key": {"hosted_sign_in"},
    "read Cognito's secret": {"hosted_sign_in"},
    "read the inner client": {"hosted_sign_in"},
    "link a user": {"hosted_sign_in"},
}


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    root = tmp_path_factory.mktemp("project")
    (root / "triggers").mkdir()
    shutil.copy(ROOT / "template.yaml", root)
    for function in FUNCTIONS:
        shutil.copy(Path(__file__).with_name("probe.py"), root / "triggers" / f"{function}.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path_factory.mktemp("local")))
        try:
            parameters = {"AssuranceClaims": "ID_TOKEN", "CustomSenders": "BOTH"}
            yield stack.up(port=process.free_port(), parameters=parameters, root=root)
        finally:
            stack.down()


@pytest.fixture(scope="module")
def calls(probed: Stack) -> Calls:
    return all_calls(probed)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_make_its_calls_and_no_others(probed: Stack, calls: Calls, function: str) -> None:
    answer = probed.client("lambda").invoke(
        FunctionName=probed.functions[function], Payload=json.dumps({"calls": calls})
    )
    outcomes = json.load(answer["Payload"])
    allowed = {name for name, outcome in outcomes.items() if outcome not in DENIED}
    assert allowed == {name for name, functions in ALLOWED.items() if function in functions}
    assert all(outcomes[name] == "ok" for name in allowed), outcomes
