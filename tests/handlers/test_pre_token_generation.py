"""The handler `pre_token_generation`, from the golden events to the call of DynamoDB and the response."""

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

import pre_token_generation
from passcode.adapters.record_table import EvidenceTable
from passcode.sign_in.events import Event
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, record_key
from passcode.token_service.store import Evidence
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import (
    CODE_ONLY_CLIENT,
    EMAIL,
    NOW,
    PHONE,
    SUB,
    TOKENS,
    FixedClock,
    golden,
)
from tests.support.handlers import HandlerOutput

FIRST, LAST = f"first_{CODE_ONLY_CLIENT}", f"last_{CODE_ONLY_CLIENT}"
MONTH = 30 * 86_400
# The first code was a month ago by email, and the code of this sign-in was two seconds ago by SMS.
ITEM = {FIRST: {"S": f"{NOW - MONTH} email"}, LAST: {"S": f"{NOW - 2} sms"}}
CLAIMS = {
    "sign_in": {"otp_amr": "otp sms", "otp_channel": "sms", "otp_verified_at": str(NOW - 2)},
    "refresh": {"otp_amr": "otp", "otp_channel": "email", "otp_verified_at": str(NOW - MONTH)},
}


@dataclass(frozen=True)
class Function:
    """The function, with `table` in place of DynamoDB."""

    table: RecordingClient
    patch: pytest.MonkeyPatch

    def respond(self, event: Event) -> Any:
        """Handle `event`, and return the response to Cognito."""
        self.patch.setattr(pre_token_generation, "time", FixedClock(NOW))
        self.patch.setattr(pre_token_generation, "_READ", EvidenceTable(self.table, "table").read)
        request = {name: value for name, value in event.items() if name != "response"}
        result = pre_token_generation.handler(event, None)
        assert {name: value for name, value in result.items() if name != "response"} == request
        return result["response"]


def response(name: str, claims: dict[str, str]) -> dict[str, object]:
    """The documented response with `claims`, in the version of the golden event `name`."""
    override = {"claimsToAddOrOverride": claims}
    if "_v1_" in name:
        return {"claimsOverrideDetails": override}
    both = {"idTokenGeneration": override, "accessTokenGeneration": override}
    return {"claimsAndScopeOverrideDetails": both}


@pytest.mark.parametrize("name", TOKENS)
def test_tokens_get_the_claims_of_their_sign_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = RecordingClient({"get_item": {"Item": ITEM}})
    found = Function(table, monkeypatch).respond(golden(name))
    kind = "refresh" if name.endswith("refresh") else "sign_in"
    # The groups and the scopes are absent. Cognito keeps what the response leaves out.
    assert found == response(name, CLAIMS[kind])
    ((_, call),) = table.calls
    assert call["TableName"] == "table"
    assert call["Key"] == {"pk": {"S": record_key(SIGN_IN_CODE, SUB)}}
    assert call["ConsistentRead"] is True
    assert sorted(call["ExpressionAttributeNames"].values()) == [FIRST, LAST]


@pytest.mark.parametrize(
    ("code_only_clients", "kind"),
    [
        (frozenset(), SIGN_IN_PASSWORD),
        (frozenset({"x"}), SIGN_IN_PASSWORD),
        (frozenset({CODE_ONLY_CLIENT}), SIGN_IN_CODE),
    ],
    ids=str,
)
def test_the_claims_are_those_of_the_kind_of_sign_in_of_the_client(
    code_only_clients: frozenset[str], kind: str, output: HandlerOutput
) -> None:
    """An accepted code of the weaker kind must not look like one after a password."""
    asked: list[tuple[str, str, str]] = []

    def read(*of: str) -> tuple[Evidence, Evidence]:
        asked.append(of)  # type: ignore[arg-type]
        return Evidence(NOW - 2, "email"), Evidence(NOW - 2, "email")

    event = golden("pre_token_v1_sign_in")
    pre_token_generation.respond(event, read, code_only_clients, output.telemetry, NOW)
    assert asked == [(kind, SUB, CODE_ONLY_CLIENT)]
    assert event["response"]["claimsOverrideDetails"]["claimsToAddOrOverride"]["otp_channel"] == "email"


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize(
    "result",
    [
        {"ConsumedCapacity": {}},
        {"Item": {}},
        {"Item": {"first_another": ITEM[FIRST], "last_another": ITEM[LAST]}},
    ],
)
def test_a_user_without_a_code_through_this_client_gets_no_claims(
    name: str, result: dict[str, object], monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    function = Function(RecordingClient({"get_item": result}), monkeypatch)
    assert function.respond(golden(name)) == response(name, {})
    assert output.counted("errors") == []


@pytest.mark.parametrize("name", TOKENS)
def test_an_empty_response_is_no_missing_item(
    name: str, monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    function = Function(RecordingClient({"get_item": {}}), monkeypatch)
    assert function.respond(golden(name)) == response(name, {})
    assert output.counted("errors") == [{}]
    assert "the table gave an empty answer" in output.text


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize(
    "error",
    [
        refused_by_aws("ProvisionedThroughputExceededException"),
        refused_by_aws("AccessDeniedException"),
        ReadTimeoutError(endpoint_url=f"https://{EMAIL}"),
        RuntimeError(f"{EMAIL} 123456"),
    ],
)
def test_tokens_without_claims_are_issued_while_the_table_fails(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    function = Function(RecordingClient(get_item=error), monkeypatch)
    assert function.respond(golden(name)) == response(name, {})
    assert output.counted("errors") == [{}]
    for secret in (EMAIL, PHONE, "123456"):
        assert secret not in output.text


@pytest.mark.parametrize("value", ["", "yesterday email", "12"])
def test_damaged_evidence_gives_no_claims(
    value: str, monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    item = {FIRST: {"S": value}, LAST: {"S": value}}
    function = Function(RecordingClient({"get_item": {"Item": item}}), monkeypatch)
    for name in TOKENS:
        assert function.respond(golden(name)) == response(name, {}), name
