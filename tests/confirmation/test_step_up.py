"""/step-up: the user comes from the ID token, and the destination from the pool."""

import json
from dataclasses import replace

import pytest

from passcode.channels import email
from passcode.channels.channel import Destination, destination_id
from passcode.channels.sms import SMS
from passcode.token_service.challenge import STEP_UP
from tests.support.api_gateway_events import CLIENT, USER
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import EMAIL, NOW, PHONE, SALT, SUB
from tests.support.kms_stubs import pool
from tests.support.openapi_checks import ISSUER
from tests.support.token_api_in_memory import MAX_AUTH_AGE, OTHER, Api, ApiOutput, FakeClock, claims_of

SMS_ANSWER = (STEP_UP, destination_id(Destination(SMS, PHONE), SALT), "US")


def test_the_code_goes_to_the_address_that_the_pool_has_verified(api: Api) -> None:
    response = api.step_up(purpose="delete my account")
    assert response.status == 200
    assert (response.body["subject"], response.body["channel"], response.body["status"]) == (
        SUB,
        "email",
        "SENT",
    )
    (delivery,) = api.queued
    assert [each.value for each in delivery.destinations] == [EMAIL, PHONE]
    assert delivery.challenge.purpose == "step_up:delete my account"
    assert api.users.sent("admin_get_user") == [{"UserPoolId": "pool", "Username": SUB}]


@pytest.mark.parametrize("named", ["email", "phone_number", "sub", "username", "destination"])
def test_a_request_cannot_name_an_address_or_a_user(api: Api, named: str) -> None:
    response = api.step_up(**{named: "eve@example.com"})
    assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])


def test_a_proof_is_for_the_app_client(api: Api) -> None:
    response = api.verify_step_up(api.step_up().body["token"])
    claims = claims_of(response.body["proof"], CLIENT)
    assert (claims["sub"], claims["purpose"], response.body["subject"]) == (SUB, "", SUB)


def test_a_proof_is_for_the_named_audience(api: Api) -> None:
    response = api.verify_step_up(api.step_up(audience="vault", purpose="open it").body["token"])
    assert claims_of(response.body["proof"], "vault")["purpose"] == "open it"


def test_a_user_cannot_get_a_proof_for_the_issuer(api: Api) -> None:
    """The issuer is the default audience of a back end's proofs, and a user's proof could replace one."""
    response = api.step_up(audience=ISSUER, purpose="open it")
    assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])
    assert "audience" in response.body["detail"]


@pytest.mark.parametrize(
    ("body", "preferred", "goes"),
    [
        ({}, "", "email"),
        ({}, "sms", "sms"),
        ({"channel": "sms"}, "", "sms"),
        ({"channel": "email"}, "sms", "email"),
    ],
)
def test_the_requested_channel_comes_before_the_preference_and_the_order(
    body: dict[str, str], preferred: str, goes: str
) -> None:
    api = Api(users=pool(otp_channel=preferred))
    assert api.step_up(**body).body["channel"] == goes
    (delivery,) = api.queued
    fallback = {"email": "sms", "sms": "email"}[goes]
    assert [each.channel.name for each in delivery.destinations] == [goes, fallback]


@pytest.mark.parametrize(
    ("asked", "place", "used", "amr"),
    [
        ("email", 0, "email", ["otp"]),
        ("email", 1, "sms", ["otp", "sms"]),
        ("sms", 0, "sms", ["otp", "sms"]),
        ("sms", 1, "email", ["otp"]),
    ],
)
def test_the_proof_names_the_channel_whose_code_was_typed(
    api: Api, output: ApiOutput, asked: str, place: int, used: str, amr: list[str]
) -> None:
    """If a gateway does not take the message, the code of the other destination is sent to it."""
    token = api.step_up(channel=asked).body["token"]
    answer = api.verify_step_up(token, api.code(place=place))
    claims = claims_of(answer.body["proof"], CLIENT)
    assert (claims["amr"], claims["otp_channel"], answer.body["channel"]) == (amr, used, used)
    assert output.metrics()[-2:] == [("verified", used), ("seconds_to_verify", used)]
    (line,) = [
        line for line in map(json.loads, api.log.getvalue().splitlines()) if line["message"] == "verified"
    ]
    assert line["channel"] == used


def test_each_destination_has_another_code(api: Api) -> None:
    api.step_up()
    assert api.code(place=0) != api.code(place=1)


def test_only_an_answered_sms_is_recorded(api: Api) -> None:
    token = api.step_up(channel="sms").body["token"]
    assert api.verify_step_up(token, api.code(place=1)).status == 200, "the code of the email"
    assert api.sms_answers == []


def test_an_answered_sms_that_replaced_an_email_is_recorded(api: Api) -> None:
    """While SES fails, all codes go by SMS. Without this, the budget of unanswered SMS would stop them."""
    token = api.step_up(channel="email").body["token"]
    assert api.verify_step_up(token, api.code(place=1)).status == 200
    assert api.sms_answers == [SMS_ANSWER]


def test_an_answered_sms_is_recorded() -> None:
    api = Api(users=pool(phone_number=PHONE))
    api.verify_step_up(api.step_up(channel="sms").body["token"])
    assert api.sms_answers == [SMS_ANSWER]


def test_a_channel_that_is_off_or_without_a_verified_address_is_refused(api: Api) -> None:
    for other in (
        replace(api, users=pool(phone_number_verified="false")),
        replace(api, order=(email.EMAIL,)),
    ):
        response = other.step_up(channel="sms")
        assert (response.status, response.problem) == (422, "channel-not-offered")
    assert api.queued == []


def test_a_user_without_a_verified_address_gets_no_code() -> None:
    api = Api(users=pool(email_verified="false", phone_number_verified="false"))
    response = api.step_up()
    assert (response.status, response.problem, api.queued) == (422, "no-destination", [])


CHANGED_USERS = {
    "deleted": RecordingClient(admin_get_user=refused_by_aws("UserNotFoundException")),
    "disabled": pool(False),
    "another user with the same name": pool(sub=OTHER),
}


@pytest.mark.parametrize("change", CHANGED_USERS)
def test_a_deleted_disabled_or_replaced_user_is_refused(api: Api, change: str) -> None:
    token = api.step_up().body["token"]
    gone = replace(api, users=CHANGED_USERS[change])
    for response in (gone.step_up(), gone.verify_step_up(token)):
        assert (response.status, response.problem) == (403, "user-gone")
    assert api.verify_step_up(token).status == 200, "the code was not spent"


@pytest.mark.parametrize(
    ("changes", "left"), [({"email": "new@people.example"}, 4), ({"email_verified": "false"}, 9)]
)
def test_a_code_is_refused_after_its_address_has_changed(
    api: Api, changes: dict[str, str], left: int
) -> None:
    token = api.step_up().body["token"]
    changed = replace(api, users=pool(**changes))
    response = changed.verify_step_up(token)
    assert (response.status, response.problem, response.body["attempts_left"]) == (422, "wrong-code", left)
    assert changed.verify_step_up(token, api.code(place=1)).status == 200, "the other address is unchanged"


def test_a_code_is_accepted_after_another_address_has_changed(api: Api) -> None:
    token = api.step_up().body["token"]
    changed = replace(api, users=pool(phone_number="+12025550199"))
    assert changed.verify_step_up(token, api.code(place=1)).problem == "wrong-code"
    assert changed.verify_step_up(token).status == 200


def test_after_a_changed_address_a_request_gets_a_new_challenge(api: Api, clock: FakeClock) -> None:
    token = api.step_up().body["token"]
    changed = replace(api, users=pool(email="new@people.example"))
    assert changed.step_up().problem == "cooldown", "the open code was sent to another address"
    clock.now += 30
    response = changed.step_up()
    assert response.body["status"] == "SENT"
    assert response.body["token"] != token
    assert changed.verify_step_up(response.body["token"]).status == 200


@pytest.mark.parametrize("typed", ["12345", "1234567", "abcdef", "-"])
def test_a_malformed_answer_costs_no_attempt(api: Api, typed: str) -> None:
    token = api.step_up().body["token"]
    response = api.verify_step_up(token, typed)
    assert (response.status, response.problem, response.body["reason"]) == (
        400,
        "malformed-code",
        "malformed",
    )
    assert api.verify_step_up(token, api.wrong_code()).body["attempts_left"] == 4
    assert api.verify_step_up(token).status == 200, "no attempt was counted"


def test_the_token_of_another_user_is_refused_and_not_counted(api: Api) -> None:
    token = api.step_up().body["token"]
    eve = replace(api, users=pool(sub=OTHER))
    response = eve.verify_step_up(token, sub=OTHER)
    assert (response.status, response.problem) == (403, "wrong-user")
    assert api.verify_step_up(token).status == 200


def test_an_access_token_is_refused(api: Api) -> None:
    token = api.step_up().body["token"]
    access = {"sub": SUB, "username": SUB, "token_use": "access", "client_id": CLIENT}
    for path, body in (("/step-up", {}), ("/step-up/verify", {"token": token, "verification_code": "1"})):
        response = api.post(path, body, user=access)
        assert (response.status, response.problem) == (400, "invalid-request")
        assert "ID token" in response.body["detail"]


def test_without_an_authorizer_every_request_is_refused(api: Api) -> None:
    """The template has an authorizer on both paths. Without it, the endpoints must still refuse."""
    for path, body in (("/step-up", {}), ("/step-up/verify", {"token": "t", "verification_code": "1"})):
        without_user: tuple[dict[str, str] | None, ...] = (None, {})
        for user in without_user:
            response = api.post(path, body, user=user)
            assert response.status >= 400
    assert api.queued == []


def test_an_id_token_without_a_claim_is_refused(api: Api) -> None:
    for missing in USER:
        claims = {name: value for name, value in USER.items() if name != missing}
        assert api.post("/step-up", {}, user=claims).status in (400, 401, 503)
    assert api.queued == []


def test_a_sign_in_that_is_too_long_ago_is_refused_before_anything_is_read_or_sent(
    api: Api, clock: FakeClock
) -> None:
    clock.now += MAX_AUTH_AGE + 1
    response = api.step_up()
    assert (response.status, response.problem) == (401, "sign-in-too-old")
    assert response.body["max_age"] == MAX_AUTH_AGE
    assert response.headers["www-authenticate"] == (
        'Bearer error="insufficient_user_authentication", '
        'error_description="The sign-in is too long ago", max_age="43200"'
    )
    assert (api.queued, api.users.sent("admin_get_user")) == ([], [])


def test_a_sign_in_of_the_maximum_age_is_accepted(api: Api, clock: FakeClock) -> None:
    clock.now += MAX_AUTH_AGE
    assert api.step_up().status == 200


def test_a_code_can_be_answered_although_the_sign_in_has_become_too_old(api: Api, clock: FakeClock) -> None:
    clock.now += MAX_AUTH_AGE
    token = api.step_up().body["token"]
    clock.now += 60
    assert api.verify_step_up(token).status == 200


def test_an_older_sign_in_cannot_answer_the_challenge_of_a_newer_one(api: Api) -> None:
    """A stolen session of last week must not use the code that the user requests today."""
    token = api.step_up().body["token"]
    response = api.verify_step_up(token, auth_time=str(NOW - MAX_AUTH_AGE - 1))
    assert (response.status, response.problem) == (401, "sign-in-too-old")
    assert api.verify_step_up(token).status == 200, "the code was not spent"


@pytest.mark.parametrize(
    "auth_time",
    [
        "",
        "-1",
        "1e12",
        "yesterday",
        "\u0661\u0667\u0666\u0667\u0662\u0662\u0665\u0666\u0660\u0660",
        "9" * 5000,
    ],
)
def test_a_time_of_the_sign_in_that_cannot_be_read_is_too_old(api: Api, auth_time: str) -> None:
    response = api.post("/step-up", {}, user=USER | {"auth_time": auth_time})
    assert (response.status, response.problem, api.queued) == (401, "sign-in-too-old", [])


@pytest.mark.parametrize("auth_time", ["", "1"])
def test_without_a_limit_a_sign_in_may_have_any_age(auth_time: str) -> None:
    api = Api(max_auth_age=0)
    assert api.post("/step-up", {}, user=USER | {"auth_time": auth_time}).status == 200


def test_the_age_of_a_sign_in_does_not_count_for_a_back_end(api: Api, clock: FakeClock) -> None:
    clock.now += MAX_AUTH_AGE + 1
    assert api.create().status == 200


def test_a_second_request_joins_the_challenge_and_a_wrong_code_is_counted(api: Api, clock: FakeClock) -> None:
    first = api.step_up(purpose="one").body["token"]
    assert api.step_up(purpose="one").body["status"] == "WAITING"
    assert api.step_up(purpose="two").problem == "cooldown"
    assert api.verify_step_up(first, api.wrong_code()).body["attempts_left"] == 4


def test_step_up_and_create_token_have_separate_counters_for_an_address(api: Api) -> None:
    """Otherwise, requests at one endpoint could lock the user out of the other."""
    assert api.step_up().body["status"] == "SENT"
    assert api.create(EMAIL).body["status"] == "SENT"
