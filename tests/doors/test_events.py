"""The golden events themselves: shaped as Cognito and SQS document them."""

import json
import re

import pytest

from tests.doors.kit import EVENTS, challenge, code_of, golden

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
TRIGGERS = sorted(p.stem for p in EVENTS.glob("*.json") if not p.stem.startswith("deliver"))


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_golden_event_has_cognitos_envelope(name: str) -> None:
    event = golden(name)
    assert set(event) == ENVELOPE
    assert event["triggerSource"] == SOURCES[name.partition("_")[0]]
    assert set(event["callerContext"]) == {"awsSdkVersion", "clientId"}
    for result in event["request"].get("session") or []:
        assert set(result) == {"challengeName", "challengeResult", "challengeMetadata"}


@pytest.mark.parametrize("name", TRIGGERS)
def test_only_addresses_that_nobody_has_stand_in_golden_events(name: str) -> None:
    text = json.dumps(golden(name))
    assert set(re.findall(r"@[a-z.]+", text)) <= {"@people.example"}
    assert set(re.findall(r"\+\d+", text)) <= {"+12025550147"}


def test_the_code_of_the_golden_challenge_never_changes() -> None:
    # A change here makes every code on its way at the moment of a deployment a wrong one.
    assert code_of(challenge()) == "584907"
