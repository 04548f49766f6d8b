"""The golden events have the fields that Cognito and SQS document."""

import json
import re

import pytest

from passcode.token_service.challenge import Challenge
from tests.support.events import NAMES, SENDERS, TOKENS, challenge, code_of, golden

ENVELOPE = {
    "version",
    "triggerSource",
    "region",
    "userPoolId",
    "userName",
    "callerContext",
    "request",
    "response",
}
SOURCES = {
    "define": "DefineAuthChallenge_Authentication",
    "create": "CreateAuthChallenge_Authentication",
    "verify": "VerifyAuthChallengeResponse_Authentication",
}
TRIGGERS = [name for name in NAMES if name not in (*SENDERS, *TOKENS)]


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_golden_event_has_the_fields_of_cognito(name: str) -> None:
    event = golden(name)
    assert set(event) == ENVELOPE
    assert event["triggerSource"] == SOURCES[name.partition("_")[0]]
    assert set(event["callerContext"]) == {"awsSdkVersion", "clientId"}
    for result in event["request"].get("session") or []:
        assert set(result) == {"challengeName", "challengeResult", "challengeMetadata"}


@pytest.mark.parametrize("name", [name for name in TRIGGERS if name.startswith("verify_")])
def test_a_golden_event_has_the_private_parameters_of_create(name: str) -> None:
    private = golden(name)["request"]["privateChallengeParameters"]
    assert set(private) == {"challenge", "round"}
    assert re.fullmatch("[0-9a-f]{16}", private["round"])
    assert Challenge.unpack(private["challenge"]).pack() == private["challenge"]


@pytest.mark.parametrize("name", SENDERS)
def test_a_golden_event_of_a_custom_sender_has_the_fields_of_cognito(name: str) -> None:
    event = golden(name)
    # Cognito ignores the return value of a custom sender, and its documentation shows no response.
    assert set(event) == ENVELOPE - {"response"}
    assert set(event["request"]) == {"type", "code", "clientMetadata", "userAttributes"}
    kind = "Email" if name.startswith("custom_email") else "SMS"
    assert event["request"]["type"].lower() == f"custom{kind}SenderRequestV1".lower()
    assert event["triggerSource"].lower().startswith(f"custom{kind}Sender_".lower())


@pytest.mark.parametrize("name", TOKENS)
def test_a_golden_event_of_token_generation_has_its_envelope(name: str) -> None:
    event = golden(name)
    assert set(event) == ENVELOPE
    assert set(event["callerContext"]) == {"awsSdkVersion", "clientId"}
    has_access_token = event["version"] == "2"
    assert has_access_token is ("_v2_" in name)
    # Only version 2 has the scopes of the access token, and its response has another key.
    request = {"userAttributes", "groupConfiguration"} | ({"scopes"} if has_access_token else set())
    assert set(event["request"]) == request
    groups = {"groupsToOverride", "iamRolesToOverride", "preferredRole"}
    assert set(event["request"]["groupConfiguration"]) == groups
    override = "claimsAndScopeOverrideDetails" if has_access_token else "claimsOverrideDetails"
    assert event["response"] == {override: None}
    source = "RefreshTokens" if name.endswith("refresh") else "Authentication"
    assert event["triggerSource"] == f"TokenGeneration_{source}"


@pytest.mark.parametrize("name", NAMES)
def test_golden_events_contain_only_fictitious_addresses(name: str) -> None:
    text = json.dumps(golden(name))
    assert set(re.findall(r"@[a-z.]+", text)) <= {"@people.example"}
    assert set(re.findall(r"\+\d+", text)) <= {"+12025550147"}


def test_the_code_of_the_golden_challenge_never_changes() -> None:
    # With another derivation, a deployment would invalidate every code that is already sent.
    assert code_of(challenge()) == "39062906"
    assert code_of(challenge(), "sms") == "41534105"
