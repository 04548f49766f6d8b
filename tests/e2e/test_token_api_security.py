"""Attacks on the token service and weaknesses that it must not have, on a running stack."""

import ast
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from passcode.token_service.challenge import derive_code
from tests.support.live_token_api import Api, ApiResponse, challenge_in, record_of, unused_address
from tests.support.template import RESOURCES, TEMPLATE
from tests.support.users import another_code
from tools.local_stack.environment import ROOT
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

Messages = Callable[..., list[Message]]
CodeFor = Callable[..., str]


@pytest.fixture
def api(local_stack: Stack) -> Api:
    return Api(local_stack)


# --- the code -----------------------------------------------------------------------------------------------


def test_a_code_has_six_digits_and_is_derived_with_the_code_key(api: Api, code_for: CodeFor) -> None:
    """Without the key, no code can be predicted from its challenge."""
    for to in (unused_address(), unused_address()):
        created = api.create(to)
        challenge, code = challenge_in(created), code_for(to)
        assert re.fullmatch(r"\d{6}", code)
        derived = {
            key: derive_code(api.mac(key)(challenge.mac_message()), "email", created.body["subject"], 6)
            for key in ("CODE_KEY_ID", "TOKEN_KEY_ID")
        }
        assert code == derived["CODE_KEY_ID"].reveal()
        assert code != derived["TOKEN_KEY_ID"].reveal()


def test_no_deployed_module_imports_the_predictable_generator_random() -> None:
    for file in (ROOT / "triggers").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert "random" not in [*names, getattr(node, "module", "")], file


# --- the delivery -------------------------------------------------------------------------------------------


def test_the_code_is_in_the_message_and_in_no_response(api: Api, code_for: CodeFor) -> None:
    to = unused_address()
    created = api.create(to)
    code = code_for(to)
    token = jwt.decode_complete(created.body["token"], options={"verify_signature": False})
    assert code not in created.body.values()
    for text in (created.text, json.dumps(token["header"]), str(created.headers)):
        assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", text)
    claims = {name: value for name, value in token["payload"].items() if name not in ("iat", "exp")}
    assert not re.search(rf"\b{code}\b", json.dumps(claims))
    refused = api.verify(created, another_code(code))
    verified = api.verify(created, code)
    for response in (refused, verified):
        assert code not in json.dumps(
            {name: value for name, value in response.body.items() if name != "proof"}
        )


def test_an_alarm_watches_the_dead_letter_queue_of_unsent_messages(api: Api) -> None:
    targets = set()
    for url in api.stack.queues.values():
        queue = api.stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        redrive = json.loads(queue["Attributes"]["RedrivePolicy"])
        assert int(redrive["maxReceiveCount"]) == 50
        targets.add(redrive["deadLetterTargetArn"].rpartition(":")[2])
    (dead,) = targets
    alarms = api.stack.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = [{d["Name"]: d["Value"] for d in alarm["Dimensions"]} for alarm in alarms]
    assert {"QueueName": dead} in watched


# --- the storage --------------------------------------------------------------------------------------------


def test_the_table_has_no_codes_or_addresses_and_its_items_expire(api: Api, code_for: CodeFor) -> None:
    requests = {unused_address(): {}, unused_address(): {"purpose": "a new device"}}
    codes, keys = [], []
    for to, more in requests.items():
        keys.append(record_of(api.create(to, **more)))
        codes.append(code_for(to))
    items = _scanned(api)
    stored = json.dumps(items, default=repr)
    for secret in [*requests, *codes, "a new device"]:
        assert not re.search(rf"(?<![0-9a-f]){secret}(?![0-9a-f])", stored)
    # Other tests of this stack write records without an expiry.
    ours = [item for item in items if item["pk"]["S"] in keys]
    assert len(ours) == len(requests)
    assert all("ttl" in item for item in ours)
    # The emulator's CloudFormation does not enable the expiry.
    ttl = RESOURCES["Table"]["Properties"]["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "ttl", "Enabled": True}


def _scanned(api: Api) -> list[dict[str, Any]]:
    pages = api.stack.client("dynamodb").get_paginator("scan").paginate(TableName=api.stack.table)
    return [item for page in pages for item in page["Items"]]


# --- the verification ---------------------------------------------------------------------------------------


def test_a_code_is_wrong_for_another_address(api: Api, code_for: CodeFor) -> None:
    ann, bob = unused_address(), unused_address()
    for_ann, for_bob = api.create(ann), api.create(bob)
    codes = [code_for(ann), code_for(bob)]
    assert codes[0] != codes[1], "equal by chance in one run of a million"
    assert api.verify(for_ann, codes[1]).problem == "wrong-code"
    assert api.verify(for_bob, codes[1]).body["subject"] == for_bob.body["subject"]
    assert for_ann.body["subject"] != for_bob.body["subject"]


def test_a_code_without_its_token_is_refused(api: Api, code_for: CodeFor) -> None:
    to = unused_address()
    api.create(to)
    response = api.post("/verifyToken", {"verification_code": code_for(to)})
    assert (response.status, response.problem) == (400, "invalid-request")
    assert "`token`" in response.body["detail"]


def test_no_function_may_search_the_table(api: Api) -> None:
    iam = api.stack.client("iam")
    for name in api.stack.functions:
        found = api.stack.client("lambda").get_function_configuration(FunctionName=api.stack.functions[name])
        role = found["Role"].rpartition("/")[2]
        assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            rules = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"])
            # BatchGetItem stays allowed: it reads items by their keys only.
            assert not re.search(
                r"dynamodb:(Scan|Query|PartiQL|BatchWrite|\*)|\"\*:\*\"|\"Action\": \"\*\"", rules
            ), name


# --- single use ---------------------------------------------------------------------------------------------


def test_many_concurrent_requests_with_a_code_get_one_proof(api: Api, code_for: CodeFor) -> None:
    to = unused_address()
    created = api.create(to)
    code = code_for(to)
    with api.limits(1000, 1000), ThreadPoolExecutor(4) as many:
        responses = list(many.map(lambda _: api.verify(created, code), range(12)))
    # One request was accepted, and the others are repeats of it. A function with too many concurrent calls
    # may fail for a moment, and then accepts no code. On a slow machine, a repeat may come too late.
    assert {response.status for response in responses} <= {200, 409, 429, 503}
    assert all(response.problem == "code-spent" for response in responses if response.status == 409)
    assert len({response.body["proof"] for response in responses if response.status == 200}) == 1
    api.end_repeats(record_of(created))
    assert api.verify(created, code).problem == "code-spent"


# --- attempts and secrets -----------------------------------------------------------------------------------


def test_after_ten_wrong_codes_only_a_longer_code_is_accepted(api: Api, code_for: CodeFor) -> None:
    to = unused_address()
    created = api.create(to)
    code = code_for(to)
    with api.limits(1000, 1000):
        guesses = [api.verify(created, another_code(code, number)) for number in range(1, 11)]
        late = api.verify(created, code)
    assert [guess.body["attempts_left"] for guess in guesses] == list(range(9, -1, -1))
    assert (late.status, late.problem) == (409, "longer-code")
    _end_cooldown(api, created)
    longer = api.create(to)
    long_code = code_for(to, 2)
    assert (longer.body["status"], len(long_code)) == ("SENT", 20)
    guess = api.verify(longer, another_code(long_code))
    assert (guess.problem, "attempts_left" in guess.body) == ("wrong-code", False)
    assert api.verify(longer, long_code).status == 200


def test_a_new_code_does_not_reset_the_count_of_wrong_answers(api: Api, code_for: CodeFor) -> None:
    to = unused_address()
    first = api.create(to)
    left = api.verify(first, another_code(code_for(to))).body["attempts_left"]
    _end_cooldown(api, first)
    second = api.create(to, purpose="another purpose")
    assert second.body["status"] == "SENT"
    assert api.verify(second, another_code(code_for(to, 2))).body["attempts_left"] == left - 1


def _end_cooldown(api: Api, created: ApiResponse) -> None:
    """Set the time of the last message back, so that the test does not wait."""
    api.stack.client("dynamodb").update_item(
        TableName=api.stack.table,
        Key={"pk": {"S": f"token#{challenge_in(created).subject}"}},
        UpdateExpression="SET sent_at = :then",
        ExpressionAttributeValues={":then": {"N": str(int(time.time()) - 100)}},
    )


def test_no_parameter_is_a_secret_and_no_function_has_one_in_its_environment(api: Api) -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        assert "NoEcho" not in parameter, name
        assert "secret" not in str(parameter.get("Default", "")).lower(), name
    for function in api.stack.functions:
        for name, value in api.settings(function).items():
            if re.search(r"SECRET|PASSWORD|KEY_ID", name):
                assert all(each.startswith("arn:aws:") for each in value.split(",")), (function, name)
