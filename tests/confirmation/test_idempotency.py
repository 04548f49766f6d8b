"""Idempotency-Key: repeated requests with one key send at most one message."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passcode.confirmation.requests import Created, CreateToken, RequestContext
from passcode.token_service.refusal import Refused, Unavailable
from tests.support.api_gateway_events import CALLER, USER
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import NOW, SUB
from tests.support.kms_stubs import pool
from tests.support.token_api_in_memory import OTHER, Api, FakeClock

BODY = {"email": "ann@example.com", "purpose": "pay"}


def test_a_repeated_request_gets_the_same_challenge_and_sends_nothing(api: Api, clock: FakeClock) -> None:
    first = api.post("/createToken", BODY, key="k")
    assert first.body["status"] == "SENT"
    for later in (0, 29, 30, 200):
        clock.now = NOW + later
        again = api.post("/createToken", BODY, key="k")
        assert (again.status, again.body["status"], again.body["token"]) == (
            200,
            "WAITING",
            first.body["token"],
        )
        assert again.body["expires_in"] == 300 - later
    assert len(api.queued) == 1


@pytest.mark.parametrize(("later", "status"), [(10, "WAITING"), (30, "SENT")])
def test_a_key_that_joined_or_resent_an_open_challenge_gets_it_again(
    api: Api, clock: FakeClock, later: int, status: str
) -> None:
    """A caller repeats a request after a lost response. A new challenge would send a second message."""
    token = api.post("/createToken", BODY).body["token"]
    clock.now += later
    assert api.post("/createToken", BODY, key="k").body["status"] == status
    sent = len(api.queued)
    for more in (1, 60, 200):
        clock.now = NOW + later + more
        again = api.post("/createToken", BODY, key="k")
        assert (again.status, again.body["status"], again.body["token"]) == (200, "WAITING", token)
    assert len(api.queued) == sent


def test_a_key_of_a_finished_challenge_is_refused(api: Api, clock: FakeClock) -> None:
    token = api.post("/createToken", BODY).body["token"]
    api.post("/createToken", BODY, key="k")
    api.verify(token)
    assert api.post("/createToken", BODY, key="k").problem == "idempotency-key-in-use"
    clock.now += 300
    assert api.post("/createToken", BODY, key="k").problem == "idempotency-key-in-use"
    assert len(api.queued) == 1


def test_another_key_sends_again_after_the_cooldown(api: Api, clock: FakeClock) -> None:
    api.post("/createToken", BODY, key="one")
    clock.now += 30
    assert api.post("/createToken", BODY, key="two").body["status"] == "SENT"
    assert len(api.queued) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "other"},
        {"email": "bob@example.com"},
        {"audience": "a"},
        {"locale": "de"},
        {"channel": "email"},
    ],
)
def test_a_key_belongs_to_one_request(api: Api, clock: FakeClock, change: dict[str, str]) -> None:
    api.post("/createToken", BODY, key="k")
    clock.now += 300
    response = api.post("/createToken", BODY | change, key="k")
    assert (response.status, response.problem) == (422, "idempotency-key-reused")
    assert len(api.queued) == 1


def test_each_caller_has_separate_keys(api: Api, clock: FakeClock) -> None:
    """Otherwise, a caller could get another caller's challenge by guessing a key."""
    api.post("/createToken", BODY, key="k")
    clock.now += 30
    other = api.post("/createToken", BODY, key="k", caller="AROAOTHER:a-session")
    assert other.body["status"] == "SENT"


def test_each_session_of_a_role_has_separate_keys(api: Api, clock: FakeClock) -> None:
    """One session must not get the result of another."""
    api.post("/createToken", BODY, key="k")
    clock.now += 30
    other = api.post("/createToken", BODY, key="k", caller=CALLER.partition(":")[0] + ":another-session")
    assert other.body["status"] == "SENT"


def test_a_key_belongs_to_one_endpoint_and_one_user(api: Api, clock: FakeClock) -> None:
    assert api.post("/step-up", {}, key="k", user=USER).body["status"] == "SENT"
    assert api.post("/createToken", BODY, key="k", caller=SUB).body["status"] == "SENT"
    clock.now += 30
    assert api.post("/step-up", {}, key="k", user=USER).body["status"] == "WAITING"
    other = replace(api, users=pool(sub=OTHER))
    assert other.post("/step-up", {}, key="k", user=USER | {"sub": OTHER}).body["status"] == "SENT"


@pytest.mark.parametrize("key", ["k" * 64, "k:1", "~!@", "8e03978e-40d5-43e8-bc93-6894a57f9324"])
def test_keys_that_differ_in_one_character_are_different(api: Api, clock: FakeClock, key: str) -> None:
    api.post("/createToken", BODY, key=key)
    clock.now += 30
    assert api.post("/createToken", BODY, key=key).body["status"] == "WAITING"
    assert api.post("/createToken", BODY, key=key[:-1] + "x").body["status"] == "SENT"


@pytest.mark.parametrize("name", ["idempotency-key", "IDEMPOTENCY-KEY", "Idempotency-Key"])
def test_the_header_name_may_be_in_any_letter_case(api: Api, clock: FakeClock, name: str) -> None:
    """HTTP/2 uses lower case only, and a request with an unread key would send twice."""
    for _ in range(2):
        assert api.call("POST", "/createToken", BODY, headers={name: "k"}).status == 200
        clock.now += 30
    assert len(api.queued) == 1


def test_a_key_of_a_replaced_challenge_sends_nothing(api: Api, clock: FakeClock) -> None:
    api.post("/createToken", BODY, key="k")
    clock.now += 300
    assert api.create("ann+2@example.com").body["status"] == "SENT"
    response = api.post("/createToken", BODY, key="k")
    assert (response.status, response.problem) == (409, "idempotency-key-in-use")
    assert len(api.queued) == 2


def test_a_refused_request_may_use_its_key_again(api: Api, clock: FakeClock) -> None:
    api.create(purpose="other")
    assert api.post("/createToken", BODY, key="k").problem == "cooldown"
    clock.now += 30
    assert api.post("/createToken", BODY, key="k").body["status"] == "SENT"
    assert api.post("/createToken", BODY, key="k").body["status"] == "WAITING"


def test_a_key_never_sends_again_after_a_failure_of_the_queue(api: Api, clock: FakeClock) -> None:
    """A queue that did not respond may still have accepted the message."""
    broken = replace(api, queue=RecordingClient(send_message=refused_by_aws("RequestTimeout")))
    assert broken.post("/createToken", BODY, key="k").problem == "unavailable"
    for later in (0, 30, 600):
        clock.now = NOW + later
        assert api.post("/createToken", BODY, key="k").body.get("status") != "SENT"
    assert api.queued == []


def test_an_invalid_request_does_not_use_its_key(api: Api) -> None:
    for body in (
        {"email": "x"},
        {"phone_number": "+4915123456789"},
        {"email": "a@x.example", "channel": "sms"},
    ):
        assert api.post("/createToken", body, key="k").status >= 400
    assert api.post("/createToken", BODY, key="k").body["status"] == "SENT"


def ask(api: Api, key: str, now: int = NOW, email: str = "ann@x.example") -> Created:
    """Send one request without the routes, because Powertools supports one request at a time."""
    return api.asking.create(
        CreateToken.model_validate({"email": email}), RequestContext("caller", key, api.random_id(), now)
    )


def test_simultaneous_requests_with_one_key_send_one_message(api: Api) -> None:
    gate = Barrier(16)

    def one(_: int) -> str:
        gate.wait(timeout=60)
        try:
            return ask(api, "k").token
        except Refused as refused:
            return refused.refusal.value

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(one, range(16)))
    assert len(api.queued) == 1
    assert len(found - {"key_in_use"}) == 1, "the other requests are refused while the first one runs"


request = st.tuples(
    st.sampled_from("kl"), st.sampled_from(["ann@x.example", "ann+1@x.example"]), st.booleans()
)


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(st.tuples(request, st.sampled_from([0, 1, 29, 30, 200, 900])), max_size=12))
def test_a_key_sends_at_most_one_message_in_any_order_of_events(
    steps: list[tuple[tuple[str, str, bool], int]],
) -> None:
    """Two keys, two addresses of one mailbox, a queue that sometimes fails, and a clock that advances."""
    api, now = Api(), NOW
    sent = dict.fromkeys("kl", 0)
    for (key, email, fails), later in steps:
        now += later
        queue = RecordingClient(send_message=refused_by_aws("X")) if fails else RecordingClient()
        with suppress(Refused, Unavailable):
            ask(replace(api, queue=queue), key, now, email)
        sent[key] += len(queue.calls)
    assert max(sent.values()) <= 1
