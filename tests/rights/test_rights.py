"""Least privilege, tried out: each door's role makes every call, and only the design's are let through.

The stack is the real template.yaml with a probe in the place of each handler. The local AWS holds a function
to its role's policies and their conditions.
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
DOORS = (
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge",
    "deliver",
    "pre_token_generation",
    "custom_sender",
    "token_api",
    "hosted_sign_in",
)
# SNS has its own word.
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
# Who may make which call. What is not named here may nobody.
MAY = {
    "write a challenge": {"create_auth_challenge", "verify_auth_challenge"},
    "write the SMS budget": {"verify_auth_challenge", "deliver", "token_api"},
    "read a challenge": {"pre_token_generation"},
    "queue a delivery": {"create_auth_challenge", "custom_sender", "token_api"},
    "look at the queue": {"deliver", "token_api"},
    "derive a code": {"verify_auth_challenge", "deliver", "token_api"},
    "send a mail": {"deliver"},
    "send an SMS": {"deliver"},
    "write a token's challenge": {"token_api"},
    "write a step-up's challenge": {"token_api"},
    "read a token's challenge": {"token_api"},
    "read a step-up's challenge": {"token_api"},
    "claim a request": {"token_api"},
    "free a request": {"token_api"},
    "use a proof up": {"token_api"},
    "read for its health": {"token_api"},
    "make a challenge token": {"token_api"},
    "sign a proof": {"token_api"},
    "check a proof": {"token_api"},
    "read the public key": {"token_api"},
    "look at a user": {"custom_sender", "token_api", "hosted_sign_in"},
    "open a code of Cognito's": {"deliver"},
    "keep a sign-in on the page": {"hosted_sign_in"},
    "look at a sign-in on the page": {"hosted_sign_in"},
    "redeem a grant": {"hosted_sign_in"},
    "seal a session": {"hosted_sign_in"},
    "open a session": {"hosted_sign_in"},
    "open a grant": {"hosted_sign_in"},
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
    for door in DOORS:
        shutil.copy(Path(__file__).with_name("probe.py"), root / "triggers" / f"{door}.py")
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


@pytest.mark.parametrize("door", DOORS)
def test_a_door_may_do_what_the_design_says_and_nothing_else(probed: Stack, calls: Calls, door: str) -> None:
    answer = probed.client("lambda").invoke(
        FunctionName=probed.functions[door], Payload=json.dumps({"calls": calls})
    )
    outcomes = json.load(answer["Payload"])
    allowed = {name for name, outcome in outcomes.items() if outcome not in DENIED}
    assert allowed == {name for name, doors in MAY.items() if door in doors}
    assert all(outcomes[name] == "ok" for name in allowed), outcomes
