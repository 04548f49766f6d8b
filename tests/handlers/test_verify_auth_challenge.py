"""The handler `verify` with recorded AWS clients: one KMS call, one write, and the counters of SMS."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

import verify_auth_challenge
from passcode.adapters import message_feedback
from passcode.adapters.kms import KmsMac
from passcode.adapters.record_table import RecordTable
from passcode.adapters.telemetry import TriggerError
from passcode.channels.channel import Destination, destination_id
from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, Challenge
from passcode.token_service.policy import DAY, Policy
from tests.support.aws_stubs import RecordingClient, kms, refused_by_aws
from tests.support.events import (
    EMAIL,
    NONCE,
    NOW,
    PHONE,
    SALT,
    FixedClock,
    attributes,
    challenge,
    code_of,
    golden,
)
from tests.support.handlers import HandlerOutput


class VerifyHandler:
    """The handler `verify` with recorded clients in place of AWS."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        keys: RecordingClient | None = None,
        table: RecordingClient | None = None,
    ) -> None:
        self.keys = keys or kms()
        self.table = table or RecordingClient({"update_item": {"Attributes": {}}})
        self.budget = RecordingClient()
        patch.setattr(verify_auth_challenge, "time", FixedClock(NOW + 7))
        patch.setattr(verify_auth_challenge, "_CODE_MAC", KmsMac(self.keys, "key"))
        patch.setattr(verify_auth_challenge, "_STORE", RecordTable(self.table, "table", Policy()))
        # The store has its own client, so only the budget uses this one.
        patch.setattr(verify_auth_challenge, "_TABLE", self.budget)

    def answer(self, to: Challenge, code: str = "", **request: object) -> bool:
        """Answer `to` with its code, or with another one."""
        private = {"challenge": to.pack(), "round": "0123456789abcdef"}
        event = golden(
            "verify_plain", privateChallengeParameters=private, challengeAnswer=code or code_of(to), **request
        )
        return bool(verify_auth_challenge.handler(event, None)["response"]["answerCorrect"])


def test_a_right_answer_makes_one_kms_call_and_one_write(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    handler = VerifyHandler(monkeypatch)
    assert handler.answer(challenge()) is True
    (call,) = handler.keys.sent("generate_mac")
    assert call == {"KeyId": "key", "MacAlgorithm": "HMAC_SHA_256", "Message": challenge().mac_message()}
    assert [name for name, _ in handler.table.calls] == ["update_item"]
    assert handler.budget.calls == []
    assert output.counted("verified") == output.counted("seconds_to_verify") == [{"channel": "email"}]
    assert str(output.lines[-1]["seconds"]) == "7"
    assert code_of(challenge()) not in output.text


def number_item(**numbers: int) -> dict[str, Any]:
    """The response of the table to a write of a number's item that had `numbers`."""
    return {"Attributes": {name: {"N": str(number)} for name, number in numbers.items()}}


TODAY = f"n_{NOW // DAY}"


@pytest.mark.parametrize(("kind", "number_class"), [(SIGN_IN_CODE, "open"), (SIGN_IN_PASSWORD, "proven")])
def test_an_answered_sms_changes_the_counts_of_its_number_and_country(
    monkeypatch: pytest.MonkeyPatch, kind: str, number_class: str
) -> None:
    handler = VerifyHandler(monkeypatch)
    handler.budget = RecordingClient({"update_item": number_item(open=2, **{TODAY: 5})})
    monkeypatch.setattr(verify_auth_challenge, "_TABLE", handler.budget)
    assert handler.answer(challenge(channel="sms", purpose=kind)) is True
    number, given = handler.budget.sent("update_item")
    number_id = destination_id(Destination(CHANNELS["sms"], PHONE), SALT)
    assert number["Key"] == {"pk": {"S": f"sms_to#{number_class}#{number_id}"}}
    assert given["Key"] == {"pk": {"S": "sms_day#2026-01-01"}}
    assert given["ExpressionAttributeNames"] == {"#open": "open_US"}
    assert given["ExpressionAttributeValues"][":back"] == {"N": "-2"}
    assert PHONE not in str(handler.budget.calls)


@pytest.mark.parametrize(
    "before", [{}, {"open": 2}, {"open": 2, TODAY: 2, "first_answered": NOW - 7 * DAY}], ids=str
)
def test_an_answer_without_unanswered_sms_of_today_is_one_write(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, int]
) -> None:
    handler = VerifyHandler(monkeypatch)
    handler.budget = RecordingClient({"update_item": number_item(**before)})
    monkeypatch.setattr(verify_auth_challenge, "_TABLE", handler.budget)
    assert handler.answer(challenge(channel="sms")) is True
    assert len(handler.budget.calls) == 1


def test_an_unreadable_response_to_the_record_of_an_answer_does_not_stop_the_sign_in(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    handler = VerifyHandler(monkeypatch)
    handler.budget = RecordingClient({"update_item": {"Attributes": {"open": {"N": f"no number: {PHONE}"}}}})
    monkeypatch.setattr(verify_auth_challenge, "_TABLE", handler.budget)
    assert handler.answer(challenge(channel="sms")) is True
    assert output.counted("errors")
    assert PHONE not in output.text


def answered_with_id(monkeypatch: pytest.MonkeyPatch, messaging: RecordingClient) -> VerifyHandler:
    """A handler whose user got an SMS with an id that the gateway wants to learn of."""
    handler = VerifyHandler(monkeypatch)
    items = iter([{"Attributes": {"message_id": {"S": "id-1"}}}])
    handler.budget = RecordingClient({"update_item": lambda _: next(items, {})})
    monkeypatch.setattr(verify_auth_challenge, "_TABLE", handler.budget)
    monkeypatch.setattr(message_feedback, "_client", lambda: messaging)
    return handler


def test_an_answered_sms_is_reported_to_its_gateway_once(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    messaging = RecordingClient()
    handler = answered_with_id(monkeypatch, messaging)
    assert handler.answer(challenge(channel="sms"), "000000") is False
    assert messaging.calls == []
    for _ in range(2):
        assert handler.answer(challenge(channel="sms")) is True
    report = {"MessageId": "id-1", "MessageFeedbackStatus": "RECEIVED"}
    assert messaging.calls == [("put_message_feedback", report)]
    assert "id-1" not in output.text


@pytest.mark.parametrize(
    "error",
    [
        refused_by_aws("ThrottlingException", status=400),
        refused_by_aws("InternalServerException", status=500),
        ReadTimeoutError(endpoint_url=PHONE),
        RuntimeError(PHONE),
    ],
    ids=str,
)
def test_a_report_that_fails_does_not_stop_the_sign_in(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput, error: Exception
) -> None:
    handler = answered_with_id(monkeypatch, RecordingClient(put_message_feedback=error))
    assert handler.answer(challenge(channel="sms")) is True
    assert "an answered SMS was not re" in output.text
    assert PHONE not in output.text


@pytest.mark.parametrize("error", ["InternalServerError", "ConditionalCheckFailedException"])
def test_a_failed_record_of_an_answer_does_not_stop_the_sign_in(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput, error: str
) -> None:
    handler = VerifyHandler(monkeypatch)
    handler.budget = RecordingClient(update_item=refused_by_aws(error))
    monkeypatch.setattr(verify_auth_challenge, "_TABLE", handler.budget)
    assert handler.answer(challenge(channel="sms")) is True
    assert len(handler.budget.calls) == 1
    assert PHONE not in output.text


def test_a_number_of_no_country_changes_no_country(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = VerifyHandler(monkeypatch)
    handler.budget = RecordingClient({"update_item": number_item(open=1, **{TODAY: 1})})
    monkeypatch.setattr(verify_auth_challenge, "_TABLE", handler.budget)
    nowhere, to = "+9990000000", challenge(channel="sms")
    code = code_of(to, "sms", nowhere)
    assert handler.answer(to, code, userAttributes=attributes(phone_number=nowhere)) is True
    assert len(handler.budget.calls) == 1


@pytest.mark.parametrize(
    ("sent_to", "answered"), [("email", "sms"), ("sms", "email"), ("email", "email"), ("sms", "sms")]
)
def test_the_code_that_was_typed_names_the_channel(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput, sent_to: str, answered: str
) -> None:
    """If a gateway does not take the message, the code of the other destination is sent to it."""
    handler = VerifyHandler(monkeypatch)
    to = challenge(channel=sent_to)
    assert handler.answer(to, code_of(to, answered)) is True
    assert output.counted("verified") == output.counted("seconds_to_verify") == [{"channel": answered}]
    assert output.lines[-1]["channel"] == answered
    assert len(handler.budget.calls) == (answered == "sms")
    assert len(handler.keys.calls) == 1


@pytest.mark.parametrize(
    "changes",
    [{"email": "new@people.example"}, {"email_verified": "false"}],
    ids=str,
)
def test_a_code_for_an_address_that_is_not_verified_now_is_wrong(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput, changes: dict[str, str]
) -> None:
    handler = VerifyHandler(monkeypatch)
    assert handler.answer(challenge(), userAttributes=attributes(**changes)) is False
    assert output.counted("refused") == [{"reason": "wrong"}]


def test_a_code_on_a_channel_that_is_not_in_use_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(verify_auth_challenge._SETTINGS, order=(CHANNELS["email"],))
    monkeypatch.setattr(verify_auth_challenge, "_SETTINGS", settings)
    to = challenge(channel="sms")
    assert VerifyHandler(monkeypatch).answer(to) is False
    assert VerifyHandler(monkeypatch).answer(to, code_of(to, "email")) is True


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": NOW + 7 + 661},
        {"digits": 11},
        {"counter": 0},
        {"nonce": "x" * 32},
        {"purpose": "step_up:"},
        {"purpose": "sign_in_code:pay"},
        {"subject": "another"},
    ],
    ids=str,
)
def test_a_challenge_that_create_cannot_have_written_costs_no_aws_call(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    handler = VerifyHandler(monkeypatch)
    assert handler.answer(challenge(**changes)) is False
    assert handler.keys.calls == handler.table.calls == []


@pytest.mark.parametrize("down", ["keys", "table"])
@pytest.mark.parametrize(
    "error",
    [
        refused_by_aws("KMSInternalException"),
        refused_by_aws("ThrottlingException"),
        ConnectTimeoutError(endpoint_url=f"https://{EMAIL}"),
        RuntimeError(f"{EMAIL} 123456"),
    ],
)
def test_an_aws_failure_authenticates_no_user_and_returns_a_plain_text(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput, down: str, error: Exception
) -> None:
    failing = RecordingClient(generate_mac=error, update_item=error)
    handler = VerifyHandler(monkeypatch, **{down: failing})
    with pytest.raises(TriggerError, match=r"\[passcode:unavailable\]$"):
        handler.answer(challenge())
    assert output.counted("errors") == [{}]
    assert output.counted("verified") == []
    for secret in (EMAIL, PHONE, "123456", code_of(challenge())):
        assert secret not in output.text


def test_a_truncated_mac_authenticates_no_user(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput
) -> None:
    handler = VerifyHandler(monkeypatch, keys=RecordingClient({"generate_mac": {"Mac": b"short"}}))
    with pytest.raises(TriggerError, match=r"\[passcode:unavailable\]$"):
        handler.answer(challenge())
    assert handler.table.calls == []


@pytest.mark.parametrize("answer", ["", "00000000"], ids=["right", "wrong"])
@pytest.mark.parametrize("counts", [{f"w{NOW // DAY}": 10}, {"failures": 100}], ids=str)
def test_after_too_many_wrong_answers_the_text_asks_for_a_longer_code(
    monkeypatch: pytest.MonkeyPatch, output: HandlerOutput, answer: str, counts: dict[str, int]
) -> None:
    error = refused_by_aws("ConditionalCheckFailedException")
    numbers = {"issued": 1, "spent": 0, "failures": 10} | counts
    item = {name: {"N": str(value)} for name, value in numbers.items()} | {"nonce": {"S": NONCE}}
    error.response["Item"] = item  # type: ignore[typeddict-unknown-key]
    handler = VerifyHandler(monkeypatch, table=RecordingClient(update_item=error))
    with pytest.raises(
        TriggerError, match=r"^After several wrong codes, .* Ask for a new code. \[passcode:longer_code\]$"
    ):
        handler.answer(challenge(), answer)
    assert output.counted("refused") == output.counted("throttled") == [{"reason": "longer_code"}]
