"""The features of the token service, on a running stack."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from passcode.adapters.jwt_tokens import MacJwts
from passcode.token_service.challenge import derive_code
from tests.support.live_token_api import Api, challenge_in, number, unused_address
from tests.support.template import RESOURCES, TEMPLATE, statements
from tests.support.users import another_code
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

Messages = Callable[..., list[Message]]
CodeFor = Callable[..., str]


@pytest.fixture
def api(local_stack: Stack) -> Api:
    return Api(local_stack)


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_caller_chooses_email_or_sms(api: Api, channel: str, messages_to: Messages) -> None:
    addresses = {"email": unused_address(), "sms": number()}
    request = {"email": addresses["email"], "phone_number": addresses["sms"], "channel": channel}
    created = api.post("/createToken", request)
    assert created.body["channel"] == channel
    (message,) = messages_to(addresses.pop(channel))
    assert message.channel == channel
    assert api.messages(addresses.popitem()[1]) == []


def test_a_code_expires_after_five_minutes_by_default(api: Api, code_for: CodeFor) -> None:
    """A token with a challenge that is six minutes older replaces six minutes of waiting."""
    to = unused_address()
    created = api.create(to)
    assert created.body["expires_in"] == 300
    life = TEMPLATE["Parameters"]["CodeLifeSeconds"]
    assert (life["Default"], life["MinValue"], life["MaxValue"]) == (300, 60, 600)
    tokens = MacJwts(api.mac("TOKEN_KEY_ID"))
    young = challenge_in(created)
    old = young._replace(issued_at=young.issued_at - 360, expires_at=young.expires_at - 360)
    claims = dict(tokens.read(created.body["token"]) or {}) | {"challenge": old.pack(), "exp": old.expires_at}
    mac = api.mac("CODE_KEY_ID")(old.mac_message())
    code = derive_code(mac, old.channel, created.body["subject"], old.digits).reveal()
    late = {"token": tokens.write(claims), "verification_code": code}
    response = api.post("/verifyToken", late)
    assert (response.status, response.problem) == (410, "code-expired")
    assert api.verify(created, code_for(to)).status == 200


def test_data_is_encrypted_at_rest_and_in_transit(api: Api) -> None:
    for url in (*api.stack.queues.values(), api.stack.outputs["DeadLettersUrl"]):
        queue = api.stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        assert queue["Attributes"]["SqsManagedSseEnabled"] == "true"
    assert "TLS13" in RESOURCES["TokenServiceApi"]["Properties"]["SecurityPolicy"]
    assert api.stack.outputs["TokenIssuer"].startswith("https://")
    policy = RESOURCES["QueuesOnlyOverTls"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert (policy["Effect"], policy["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ann@people.example,eve@people.example"},
        {"email": "ann@people.example\r\nBcc: eve@people.example"},
        {"email": "Ann <ann@people.example>"},
        {"email": "аnn@people.example"},
        {"email": ["ann@people.example"]},
        {"email": {"$ne": ""}},
        {"phone_number": "0206555010"},
        {"phone_number": "+1206555010\u0660"},
        {"email": "ann@people.example", "purpose": "pay\r\n@evil.example #000000"},
        {"email": "ann@people.example", "purpose": "pay \u202e"},
        {"email": "ann@people.example", "channel": "an unknown channel"},
        {"email": "ann@people.example", "secret_key": "secret_key"},
    ],
)
def test_an_invalid_field_is_refused_without_a_message(api: Api, body: dict[str, Any]) -> None:
    before = len(api.messages("ann@people.example") + api.messages("eve@people.example"))
    response = api.post("/createToken", body)
    assert (response.status, response.problem) == (400, "invalid-request")
    assert len(api.messages("ann@people.example") + api.messages("eve@people.example")) == before


def test_each_path_has_a_rate_limit_and_the_api_can_have_a_firewall(api: Api) -> None:
    deployed = api.stack.client("apigateway").get_stage(restApiId=api.id, stageName="v1")
    for path in api.get("/openapi.json").body["paths"]:
        (found,) = [of for name, of in deployed["methodSettings"].items() if name.rpartition("/")[0] == path]
        assert 0 < found["throttlingRateLimit"] <= 50
        assert 0 < found["throttlingBurstLimit"] <= 100
    rules = RESOURCES["StackWebAcl"]["Properties"]["Rules"]
    assert "RateBasedStatement" in rules[0]["Statement"]
    assert RESOURCES["TokenServiceWebAclAssociation"]["Condition"] == "HasWebAclAndTokenService"


def test_no_role_has_a_wildcard_action_or_an_unneeded_wildcard_resource() -> None:
    for name, resource in RESOURCES.items():
        if resource["Type"] != "AWS::IAM::Role" or name.removesuffix("Role") not in RESOURCES:
            continue
        for statement in statements(name):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if "*" in action], name
            # Neither a phone number nor a message to it has an ARN.
            to_phones = {action.partition(":")[0] for action in actions} <= {"sns", "sms-voice"}
            assert statement["Resource"] != "*" or to_phones, name


def test_a_wrong_and_a_right_code_are_in_the_metrics(api: Api, code_for: CodeFor) -> None:
    to = unused_address()
    created = api.create(to)
    code = code_for(to)
    for response in (another_code(code), code):
        api.verify(created, response)
    logged = [json.loads(line) for line in api.stack.logs()["token_api"] if line.startswith('{"_aws"')]
    names = {
        metric["Name"]
        for line in logged
        for of in line["_aws"]["CloudWatchMetrics"]
        for metric in of["Metrics"]
    }
    assert names >= {"issued", "verified", "refused", "seconds_to_verify"}


def test_the_health_checks_name_each_dependency(api: Api) -> None:
    health = api.get("/health")
    assert (health.status, health.body) == (200, {"status": "ok"})
    ready = api.request("GET", "/health/ready").signed().send()
    assert (ready.status, ready.body["status"]) == (200, "ready")
    assert set(ready.body["checks"]) == {"table", "queue", "code_key", "token_key", "proof_key"}
    assert set(ready.body["checks"].values()) == {"ok"}
    assert api.get("/health/ready").problem == "not-authorised"


def test_the_urls_of_the_outputs_create_and_verify_a_code(api: Api, code_for: CodeFor) -> None:
    outputs = api.stack.outputs
    assert outputs["TokenCreationAPIURL"] == f"{api.url}/createToken"
    assert outputs["TokenVerificationAPIURL"] == f"{api.url}/verifyToken"
    to = unused_address()
    created = api.post("/createToken", {"email": to})
    response = {"verification_code": code_for(to), "token": created.body["token"]}
    assert api.post("/verifyToken", response).body["verified"] is True
