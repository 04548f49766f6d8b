"""Calls over HTTP: one subject, one code and one record for a number, by SMS and by call."""

import pytest

from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.channels.voice import VOICE
from tests.support.token_api_in_memory import Api, FakeClock, claims_of

NUMBER = "+12065550100"


@pytest.fixture
def api(clock: FakeClock) -> Api:
    return Api(order=(EMAIL, SMS, VOICE))


def create(api: Api, channel: str) -> dict[str, object]:
    """Request a code to the number on `channel`. Returns the body of the response."""
    response = api.post("/createToken", {"phone_number": NUMBER, **({"channel": channel} if channel else {})})
    assert response.status == 200, response.body
    return dict(response.body)


@pytest.mark.parametrize(("channel", "goes"), [("", "sms"), ("sms", "sms"), ("voice", "voice")])
def test_a_back_end_asks_for_a_call(api: Api, channel: str, goes: str) -> None:
    response = create(api, channel)
    assert (response["channel"], response["destination"], response["status"]) == (goes, "+***0100", "SENT")
    (delivery,) = api.queued
    assert [(to.channel.name, to.value) for to in delivery.destinations] == [(goes, NUMBER)]
    verified = api.verify(str(response["token"]))
    assert verified.body["channel"] == goes
    claims = claims_of(verified.body["proof"])
    assert (claims["otp_channel"], claims["amr"]) == (goes, ["otp", {"sms": "sms", "voice": "tel"}[goes]])
    assert [(kind, country) for kind, _, country in api.sms_answers] == [("token", "US")]


@pytest.mark.parametrize(("first", "then"), [("sms", "voice"), ("voice", "sms")])
def test_within_the_cooldown_the_other_channel_joins_the_challenge(api: Api, first: str, then: str) -> None:
    token, again = create(api, first)["token"], create(api, then)
    assert (again["status"], again["channel"], again["token"]) == ("WAITING", first, token)
    assert len(api.queued) == 1


def test_after_the_cooldown_a_call_repeats_the_code_of_the_sms(api: Api, clock: FakeClock) -> None:
    first = create(api, "sms")
    clock.now += 30
    again = create(api, "voice")
    assert (again["status"], again["channel"], again["subject"]) == ("SENT", "voice", first["subject"])
    assert api.code(0) == api.code(1)
    assert [[to.channel.name for to in delivery.destinations] for delivery in api.queued] == [
        ["sms"],
        ["voice"],
    ]
    assert api.notices == []
    assert api.verify(str(first["token"])).status == 200, "one code for the number"
    assert api.verify(str(again["token"])).problem == "code-spent"


def test_a_signed_in_user_asks_for_a_call(api: Api) -> None:
    response = api.step_up(channel="voice")
    assert response.body["channel"] == "voice"
    (delivery,) = api.queued
    assert [to.channel.name for to in delivery.destinations] == ["voice", "email"]
    verified = api.verify_step_up(response.body["token"])
    assert verified.body["channel"] == "voice"
    assert [country for _, _, country in api.sms_answers] == ["US"]


def test_calls_are_refused_if_the_stack_does_not_use_them(clock: FakeClock) -> None:
    api = Api()
    response = api.post("/createToken", {"phone_number": NUMBER, "channel": "voice"})
    assert (response.status, response.problem) == (422, "channel-not-offered")
    assert api.step_up(channel="voice").problem == "channel-not-offered"


def test_calls_go_to_the_numbers_that_get_sms_only(api: Api) -> None:
    response = api.post("/createToken", {"phone_number": "+4915112345678", "channel": "voice"})
    assert (response.status, response.problem) == (422, "destination-not-allowed")
    assert api.queued == []
