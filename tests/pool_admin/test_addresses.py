"""The doctor's note on sessions that can say where a step-up's codes go."""

from dataclasses import replace
from typing import Any

import pytest

from tests.pool_admin.test_doctor import CLEAN, CLIENT, HEALTHY, NOTE, STACK, one
from tools.pool_admin.doctor.facts import Facts
from tools.pool_admin.doctor.run import findings

STEPS_UP = replace(
    HEALTHY, stack=replace(STACK, outputs=STACK.outputs | {"StepUpAPIURL": "https://api.example/v1/step-up"})
)


def facts(*clients: dict[str, Any]) -> Facts:
    return replace(CLEAN, clients=clients, stack=STEPS_UP)


@pytest.mark.parametrize("written", [None, [], ["locale", "email"], ["phone_number"]])
def test_a_client_that_writes_addresses_is_named(written: list[str] | None) -> None:
    attributes = {} if written is None else {"WriteAttributes": written}
    one(facts(CLIENT | attributes), NOTE, str(CLIENT["ClientName"]))


def test_there_is_nothing_to_say_of_one_that_does_not() -> None:
    assert findings(facts(CLIENT | {"WriteAttributes": ["locale", "custom:otp_channel"]})) == []


HOSTED = CLIENT | {"ClientName": "HOSTED", "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]}
ADMIN = {"AllowedOAuthScopes": ["openid", "aws.cognito.signin.user.admin"]}


def test_tokens_of_hosted_sign_ins_write_by_their_scope() -> None:
    one(facts(HOSTED | ADMIN), NOTE, "HOSTED")
    assert findings(facts(HOSTED | {"AllowedOAuthScopes": ["openid"]})) == []


def test_nobody_has_tokens_of_the_inner_client() -> None:
    inner = replace(STEPS_UP, stack=replace(STEPS_UP.stack, inner_client=str(CLIENT["ClientId"])))
    assert findings(replace(facts(CLIENT | {"WriteAttributes": ["email"]}), stack=inner)) == []


def test_there_is_nothing_to_say_without_step_ups() -> None:
    assert findings(replace(CLEAN, clients=(CLIENT | {"WriteAttributes": ["email"]},))) == []
