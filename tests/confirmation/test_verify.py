"""/verifyToken: a right code is accepted once, and only a wrong code counts as an attempt."""

import json

import pytest

from passcode.channels.channel import Destination, destination_id
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.token_service.challenge import TOKEN
from passcode.token_service.policy import Policy
from tests.support.events import NOW, SALT
from tests.support.memory_stores import MemoryStore
from tests.support.openapi_checks import ISSUER
from tests.support.token_api_in_memory import LIFE, Api, ApiOutput, FakeClock, claims_of


def test_a_right_code_gets_a_proof(api: Api, clock: FakeClock) -> None:
    token = api.create("Ann+1@example.com", purpose="pay 20 EUR", audience="payments").body["token"]
    clock.now += 17
    response = api.verify(token)
    assert response.status == 200
    proof = response.body.pop("proof")
    subject = response.body["subject"]
    assert response.body == {"verified": True, "expires_in": LIFE, "channel": "email", "subject": subject}
    assert claims_of(proof, "payments") == {
        "v": 1,
        "iss": ISSUER,
        "sub": subject,
        "aud": "payments",
        "iat": NOW + 17,
        "exp": NOW + 17 + LIFE,
        "jti": api.queued[0].challenge.nonce,
        "amr": ["otp"],
        "otp_channel": "email",
        "purpose": "pay 20 EUR",
    }


def test_a_proof_is_for_the_issuer_without_an_audience(api: Api) -> None:
    assert claims_of(api.proof())["aud"] == ISSUER


def test_a_code_by_sms_names_its_channel_and_records_the_answer(api: Api) -> None:
    token = api.post("/createToken", {"phone_number": "+12065550100"}).body["token"]
    response = api.verify(token)
    claims = claims_of(response.body["proof"])
    assert (claims["amr"], claims["otp_channel"], response.body["channel"]) == (["otp", "sms"], "sms", "sms")
    number_id = destination_id(Destination(SMS, "+12065550100"), SALT)
    assert api.sms_answers == [(TOKEN, number_id, "US")]


def test_an_email_code_or_a_wrong_code_records_no_answer_to_an_sms(api: Api) -> None:
    api.proof()
    api.verify(api.post("/createToken", {"phone_number": "+12065550100"}).body["token"], "000000")
    assert api.sms_answers == []


def test_each_proof_has_a_unique_id(api: Api, clock: FakeClock) -> None:
    first = claims_of(api.proof())
    clock.now += 5
    assert claims_of(api.proof())["jti"] != first["jti"]


def test_a_repeated_request_gets_the_same_proof_for_15_seconds(
    api: Api, clock: FakeClock, output: ApiOutput
) -> None:
    """A caller repeats a request after a lost response. The code is spent by then."""
    token = api.post("/createToken", {"phone_number": "+12065550100"}).body["token"]
    first = api.verify(token)
    clock.now += 15
    again = api.verify(token, f" {api.code()[:3]} {api.code()[3:]}")
    assert again.status == 200
    assert claims_of(again.body["proof"]) == claims_of(first.body["proof"])
    assert again.body["expires_in"] == LIFE - 15
    clock.now += 1
    assert api.verify(token).problem == "code-spent"
    assert len(api.sms_answers) == 1, "a repeat does not record another answer"
    assert [name for name, _ in output.metrics()].count("verified") == 1


def test_a_repeat_from_another_session_gets_no_proof(api: Api) -> None:
    """An attacker who reads a code in transit must not get a second proof for it."""
    token = api.create().body["token"]
    assert api.verify(token).status == 200
    answer = api.verify(token, caller="AROAEXAMPLE:another-session")
    assert (answer.status, answer.problem) == (409, "code-spent")


@pytest.mark.parametrize("typed", [" {} {} ", "{}-{}", "\t{}\n{}"])
def test_spaces_and_dashes_in_an_answer_are_ignored(api: Api, typed: str) -> None:
    token, code = api.create().body["token"], api.code()
    assert api.verify(token, typed.format(code[:3], code[3:])).status == 200


@pytest.mark.parametrize("typed", ["12345", "1234567", "12345a", "１２３４５", "٣٤٥٦٧", "12 34 5", "-" * 6])
def test_a_malformed_answer_is_refused_and_not_counted(api: Api, typed: str) -> None:
    token = api.create().body["token"]
    response = api.verify(token, typed)
    assert (response.status, response.problem, response.body["reason"]) == (
        400,
        "malformed-code",
        "malformed",
    )
    assert api.verify(token, api.wrong_code()).body["attempts_left"] == 9


def test_a_code_without_a_token_is_refused_with_a_reason(api: Api) -> None:
    api.create()
    response = api.post("/verifyToken", {"verification_code": api.code()})
    assert (response.status, response.problem) == (400, "invalid-request")
    assert "does not identify a user" in response.body["detail"]
    assert "`token`" in response.body["detail"]


def test_after_ten_wrong_codes_a_longer_code_is_required(api: Api, clock: FakeClock) -> None:
    token, right = api.create().body["token"], api.code()
    wrong = [api.wrong_code(n) for n in range(1, 41)]
    for left, code in zip(range(9, -1, -1), wrong, strict=False):
        response = api.verify(token, code)
        assert (response.status, response.problem, response.body["attempts_left"]) == (
            422,
            "wrong-code",
            left,
        )
        assert "retry-after" not in response.headers
    for code in (right, wrong[10]):
        refused = api.verify(token, code)
        assert (refused.status, refused.problem) == (409, "longer-code")
        assert refused.body["reason"] == "longer_code"
        assert "attempts_left" not in refused.body
    clock.now += 30
    created = api.create()
    assert (created.body["status"], created.body["expires_in"]) == ("SENT", 600)
    assert len(api.code()) == 20
    for n in range(1, 31):
        response = api.verify(created.body["token"], api.wrong_code(n))
        assert (response.problem, response.body.get("attempts_left")) == ("wrong-code", None)
    assert api.verify(created.body["token"]).status == 200, "a long code has no limit of attempts"


def test_a_repeated_wrong_code_is_counted_once(api: Api) -> None:
    token = api.create().body["token"]
    for _ in range(3):
        assert api.verify(token, api.wrong_code()).body["attempts_left"] == 9
    assert api.verify(token, api.wrong_code(2)).body["attempts_left"] == 8
    assert api.verify(token, api.wrong_code(1)).body["attempts_left"] == 7


def test_a_right_code_does_not_restore_the_attempts_of_a_day(api: Api, clock: FakeClock) -> None:
    """Otherwise an attacker could guess without a limit while the user signs in every hour."""
    token = api.create().body["token"]
    api.verify(token, api.wrong_code())
    assert api.verify(token).status == 200
    clock.now += 5
    assert api.verify(api.create().body["token"], api.wrong_code()).body["attempts_left"] == 8
    clock.now += 86_400
    assert api.verify(api.create().body["token"], api.wrong_code()).body["attempts_left"] == 9


def test_after_the_hard_limit_codes_are_long_until_one_is_accepted(clock: FakeClock) -> None:
    policy = Policy(hard_limit=3)
    api = Api(policy, MemoryStore(policy))
    token = api.create().body["token"]
    for n in range(1, 4):
        assert api.verify(token, api.wrong_code(n)).body["attempts_left"] == 3 - n
    assert api.verify(token).problem == "longer-code"
    clock.now += 86_400
    token = api.create().body["token"]
    assert len(api.code()) == 20
    assert api.verify(token).status == 200
    clock.now += 5
    api.create()
    assert len(api.code()) == 6


def test_a_spent_code_is_refused(api: Api, clock: FakeClock) -> None:
    token = api.create().body["token"]
    assert api.verify(token).status == 200
    assert api.verify(token, api.wrong_code()).problem == "code-spent"
    clock.now += 16
    for code in (api.code(), api.wrong_code()):
        response = api.verify(token, code)
        assert (response.status, response.problem) == (409, "code-spent")


def test_an_older_code_is_spent_by_a_newer_one(api: Api, clock: FakeClock) -> None:
    older = api.create(purpose="older").body["token"]
    clock.now += 30
    newer = api.create(purpose="newer").body["token"]
    assert api.verify(newer, api.code(1)).status == 200
    assert api.verify(older, api.code(0)).problem == "code-spent"


def test_the_code_of_a_redirected_message_is_wrong(api: Api) -> None:
    """A principal that can write to the queue can have the code of this challenge sent to its address."""
    token = api.create().body["token"]
    (delivery,) = api.queued
    to = (Destination(EMAIL, "eve@example.com"),)
    # Another id, so that the queue does not drop it as a repeat.
    redirected = delivery._replace(destinations=to, sent_at=delivery.sent_at + 1)
    api.queue.send_message(QueueUrl="email", MessageBody=redirected.pack())
    response = api.verify(token, api.code())
    assert (response.status, response.problem) == (422, "wrong-code")
    assert api.verify(token, api.code(0)).status == 200


def test_the_code_of_one_purpose_is_wrong_for_another(api: Api, clock: FakeClock) -> None:
    one = api.create(purpose="one").body["token"]
    clock.now += 30
    other = api.create(purpose="other").body["token"]
    assert api.verify(one, api.code(1)).problem == "wrong-code"
    assert api.verify(other, api.code(0)).problem == "wrong-code"


@pytest.mark.parametrize(("late", "problem"), [(299, ""), (300, "code-expired"), (10**9, "code-expired")])
def test_an_expired_code_is_refused(api: Api, clock: FakeClock, late: int, problem: str) -> None:
    token = api.create().body["token"]
    clock.now += late
    response = api.verify(token)
    assert (response.status, response.problem) == (410 if problem else 200, problem)


def test_a_challenge_without_a_record_is_refused(api: Api) -> None:
    token = api.create().body["token"]
    assert isinstance(api.store, MemoryStore)
    api.store.records.clear()
    response = api.verify(token)
    assert (response.status, response.problem) == (404, "no-challenge")


def test_accepted_and_refused_answers_are_counted_and_logged(
    api: Api, output: ApiOutput, clock: FakeClock
) -> None:
    token = api.create().body["token"]
    api.verify(token, api.wrong_code())
    clock.now += 12
    api.verify(token)
    api.verify("no token")
    assert output.metrics()[1:] == [
        ("refused", "wrong"),
        ("verified", "email"),
        ("seconds_to_verify", "email"),
        ("refused", "invalid_token"),
    ]
    challenge = api.queued[0].challenge
    lines = [json.loads(line) for line in api.log.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["issued", "refused", "verified"]
    assert {line["subject"] for line in lines} == {challenge.subject}
    assert {line["correlation_id"] for line in lines} == {challenge.nonce}
    assert lines[2]["seconds"] == 12
    assert '"reason":"wrong"' in api.log.getvalue()
