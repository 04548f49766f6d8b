"""/step-up: who it is and where the code goes come from the pool alone."""

from dataclasses import replace

import pytest

from passcode.channels import email
from tests.support.api_gateway_events import CLIENT, USER
from tests.support.aws_stubs import Wire, refused_by_aws
from tests.support.events import EMAIL, PHONE, SUB
from tests.support.kms_stubs import pool
from tests.support.openapi_checks import ISSUER
from tests.support.token_api_world import OTHER, Api, Time, claims_of


def test_the_code_goes_to_the_address_that_the_pool_has_verified(api: Api) -> None:
    answer = api.step_up(purpose="delete my account")
    assert answer.status == 200
    assert (answer.body["subject"], answer.body["channel"], answer.body["status"]) == (SUB, "email", "SENT")
    (delivery,) = api.queued
    assert [each.value for each in delivery.destinations] == [EMAIL]
    assert delivery.challenge.purpose == "step_up:delete my account"
    assert api.users.sent("admin_get_user") == [{"UserPoolId": "pool", "Username": SUB}]


@pytest.mark.parametrize("named", ["email", "phone_number", "sub", "username", "destination"])
def test_nobody_names_an_address_or_a_user(api: Api, named: str) -> None:
    answer = api.step_up(**{named: "eve@example.com"})
    assert (answer.status, answer.problem, api.queued) == (400, "invalid-request", [])


def test_a_right_code_is_proven_to_the_app_client(api: Api) -> None:
    answer = api.verify_step_up(api.step_up().body["token"])
    claims = claims_of(answer.body["proof"], CLIENT)
    assert (claims["sub"], claims["purpose"], answer.body["subject"]) == (SUB, "", SUB)


def test_a_right_code_is_proven_to_the_audience_that_was_named(api: Api) -> None:
    answer = api.verify_step_up(api.step_up(audience="vault", purpose="open it").body["token"])
    assert claims_of(answer.body["proof"], "vault")["purpose"] == "open it"


def test_a_user_gets_no_proof_that_is_meant_for_the_service_itself(api: Api) -> None:
    """That is what a back end's proofs are for unless it says otherwise, and a user's would pass for one."""
    answer = api.step_up(audience=ISSUER, purpose="open it")
    assert (answer.status, answer.problem, api.queued) == (400, "invalid-request", [])
    assert "audience" in answer.body["detail"]


@pytest.mark.parametrize(
    ("body", "preferred", "goes"),
    [
        ({}, "", "email"),
        ({}, "sms", "sms"),
        ({"channel": "sms"}, "", "sms"),
        ({"channel": "email"}, "sms", "email"),
    ],
)
def test_the_channel_is_the_callers_then_the_users_then_the_deployments(
    body: dict[str, str], preferred: str, goes: str
) -> None:
    api = Api(users=pool(otp_channel=preferred))
    assert api.step_up(**body).body["channel"] == goes
    # Not to the user's other address as well: the proof says by which channel the code was read.
    (delivery,) = api.queued
    assert [each.channel.name for each in delivery.destinations] == [goes]


def test_an_sms_of_a_step_up_gives_its_country_its_budget_back() -> None:
    api = Api(users=pool(phone_number=PHONE))
    api.verify_step_up(api.step_up(channel="sms").body["token"])
    assert api.countries == ["US"]


def test_a_channel_without_a_verified_address_or_out_of_use_is_not_offered(api: Api) -> None:
    for other in (
        replace(api, users=pool(phone_number_verified="false")),
        replace(api, order=(email.EMAIL,)),
    ):
        answer = other.step_up(channel="sms")
        assert (answer.status, answer.problem) == (422, "channel-not-offered")
    assert api.queued == []


def test_a_user_without_a_verified_address_gets_none() -> None:
    api = Api(users=pool(email_verified="false", phone_number_verified="false"))
    answer = api.step_up()
    assert (answer.status, answer.problem, api.queued) == (422, "no-destination", [])


GONE = {
    "deleted": Wire(admin_get_user=refused_by_aws("UserNotFoundException")),
    "disabled": pool(False),
    "another user by the same name": pool(sub=OTHER),
}


@pytest.mark.parametrize("how", GONE)
def test_a_user_who_is_gone_is_refused_whatever_their_token_says(api: Api, how: str) -> None:
    token = api.step_up().body["token"]
    gone = replace(api, users=GONE[how])
    for answer in (gone.step_up(), gone.verify_step_up(token)):
        assert (answer.status, answer.problem) == (403, "user-gone")
    assert api.verify_step_up(token).status == 200, "nothing was spent"


@pytest.mark.parametrize(
    "changes",
    [{"email": "new@people.example"}, {"phone_number": "+12025550199"}, {"email_verified": "false"}],
)
def test_a_code_that_went_to_another_address_than_counts_now_opens_nothing(
    api: Api, changes: dict[str, str]
) -> None:
    token = api.step_up().body["token"]
    answer = replace(api, users=pool(**changes)).verify_step_up(token)
    assert (answer.status, answer.problem) == (409, "address-changed")
    assert answer.body["reason"] == "destination_changed"
    # The answer was not counted.
    assert api.verify_step_up(token, api.wrong_code()).body["attempts_left"] == 9


@pytest.mark.parametrize("typed", ["12345", "1234567", "abcdef", "-"])
def test_a_malformed_answer_costs_no_attempt(api: Api, typed: str) -> None:
    token = api.step_up().body["token"]
    answer = api.verify_step_up(token, typed)
    assert (answer.status, answer.problem, answer.body["reason"]) == (400, "malformed-code", "malformed")
    assert api.verify_step_up(token, api.wrong_code()).body["attempts_left"] == 9
    assert api.verify_step_up(token).status == 200, "nothing was counted"


def test_another_users_token_is_refused_before_it_is_judged(api: Api) -> None:
    token = api.step_up().body["token"]
    eve = replace(api, users=pool(sub=OTHER))
    answer = eve.verify_step_up(token, sub=OTHER)
    assert (answer.status, answer.problem) == (403, "wrong-user")
    assert api.verify_step_up(token).status == 200


def test_an_access_token_does_not_say_who_somebody_is(api: Api) -> None:
    token = api.step_up().body["token"]
    access = {"sub": SUB, "username": SUB, "token_use": "access", "client_id": CLIENT}
    for path, body in (("/step-up", {}), ("/step-up/verify", {"token": token, "verification_code": "1"})):
        answer = api.post(path, body, user=access)
        assert (answer.status, answer.problem) == (400, "invalid-request")
        assert "ID token" in answer.body["detail"]


def test_without_an_authorizer_nobody_gets_in(api: Api) -> None:
    """The template has one on both paths; should it ever be left out, this is what is left."""
    for path, body in (("/step-up", {}), ("/step-up/verify", {"token": "t", "verification_code": "1"})):
        nobodies: tuple[dict[str, str] | None, ...] = (None, {})
        for nobody in nobodies:
            answer = api.post(path, body, user=nobody)
            assert answer.status >= 400
    assert api.queued == []


def test_a_token_that_lacks_a_claim_lets_nobody_in(api: Api) -> None:
    for missing in USER:
        claims = {name: value for name, value in USER.items() if name != missing}
        assert api.post("/step-up", {}, user=claims).status in (400, 503)
    assert api.queued == []


def test_a_second_device_rejoins_and_a_wrong_code_is_counted(api: Api, clock: Time) -> None:
    first = api.step_up(purpose="one").body["token"]
    assert api.step_up(purpose="one").body["status"] == "WAITING"
    assert api.step_up(purpose="two").problem == "cooldown"
    assert api.verify_step_up(first, api.wrong_code()).body["attempts_left"] == 9


def test_a_step_up_and_a_code_to_the_same_address_are_counted_apart(api: Api) -> None:
    """The caller of one could otherwise lock the other out, with any number of addresses."""
    assert api.step_up().body["status"] == "SENT"
    assert api.create(EMAIL).body["status"] == "SENT"
