"""Idempotency-Key: repeated requests with one key send one message, even if the first one failed."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from passcode.confirmation.idempotency import IdempotencyClaim
from passcode.confirmation.requests import Created, CreateToken, RequestContext
from passcode.delivery.envelope import Delivery
from passcode.token_service.refusal import Refused, Unavailable
from passcode.token_service.store import Record, WriteResult
from tests.support.api_gateway_events import CALLER, USER
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import NOW, SUB
from tests.support.kms_stubs import pool
from tests.support.memory_stores import MemoryIdempotencyStore, MemoryStore
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


class FailingStore(MemoryStore):
    """A store whose write of a challenge fails once, before the work or after it."""

    fails = True
    after_the_work = False

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        if not self.fails:
            return super().start_challenge(key, draft, cap, now)
        self.fails = False
        if self.after_the_work:
            super().start_challenge(key, draft, cap, now)
        raise Unavailable("the table failed", nothing_was_done=not self.after_the_work)


class FailingReplacement(MemoryStore):
    """A store that does not respond to the second write of a request."""

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        raise Unavailable("the table failed")


class LateStore(FailingStore):
    after_the_work = True


class LateClaims(MemoryIdempotencyStore):
    """Claims whose first write is made, but its response is lost."""

    fails = True

    def claim(self, claim: IdempotencyClaim, nonce: str, now: int) -> IdempotencyClaim | None:
        found = super().claim(claim, nonce, now)
        if self.fails:
            self.fails = False
            raise Unavailable("the table failed")
        return found


FAULTS: dict[str, Callable[[Api], Api]] = {
    "the queue refuses": lambda api: replace(
        api, queue=RecordingClient(send_message=refused_by_aws("Throttling"))
    ),
    "the response of the queue is lost": lambda api: replace(
        api, queue=RecordingClient(send_message=ReadTimeoutError(endpoint_url="x"))
    ),
    "the table refuses": lambda api: replace(api, store=FailingStore()),
    "the response of the table is lost": lambda api: replace(api, store=LateStore()),
    "the response to the claim is lost": lambda api: replace(api, requests=LateClaims()),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("later", [0, 31, 71])
def test_the_key_of_a_failed_request_finishes_its_work(
    api: Api, clock: FakeClock, fault: str, later: int
) -> None:
    broken = FAULTS[fault](api)
    assert broken.post("/createToken", BODY, key="k").problem == "unavailable"
    api = replace(broken, queue=RecordingClient())
    found = []
    for more in (0, 31, 71):
        clock.now = NOW + later + more
        found.append(api.post("/createToken", BODY, key="k"))
    assert [response.status for response in found] == [200] * 3
    assert len({response.body["token"] for response in found}) == 1
    (delivery,) = api.queued
    assert api.verify(found[0].body["token"], api.code()).body["verified"] is True
    # The queue drops the repeats by this id.
    ids = {Delivery.unpack(call["MessageBody"]).id for call in api.queue.sent("send_message")}
    assert ids == {delivery.id}
    clock.now = NOW + 371
    assert api.post("/createToken", BODY, key="k").problem == "idempotency-key-in-use"


def test_a_key_is_refused_as_soon_as_the_queue_may_not_drop_a_repeat(api: Api, clock: FakeClock) -> None:
    api.post("/createToken", BODY, key="k")
    clock.now += 239
    assert api.post("/createToken", BODY, key="k").body["status"] == "WAITING"
    clock.now += 1
    assert api.post("/createToken", BODY, key="k").problem == "idempotency-key-in-use"
    assert len(api.queued) == 1


def test_the_key_of_a_failed_request_sends_although_another_purpose_has_an_open_code(
    api: Api, clock: FakeClock
) -> None:
    api.create(purpose="other")
    clock.now += 40
    assert isinstance(api.store, MemoryStore)
    broken = replace(api, store=FailingReplacement(records=api.store.records))
    assert broken.post("/createToken", BODY, key="k").problem == "unavailable"
    clock.now += 31
    assert api.post("/createToken", BODY, key="k").body["status"] == "SENT"


@pytest.mark.parametrize("fault", ["the table refuses", "the response to the claim is lost"])
def test_a_key_sends_nothing_if_another_message_was_sent_since_its_first_request(
    api: Api, clock: FakeClock, fault: str
) -> None:
    """The message may be one that replaced that of this key."""
    broken = FAULTS[fault](api)
    assert broken.post("/createToken", BODY, key="k").problem == "unavailable"
    assert broken.create("ann+2@example.com").body["status"] == "SENT"
    clock.now += 60
    assert broken.post("/createToken", BODY, key="k").problem == "idempotency-key-in-use"
    assert len(broken.queued) == 1


def test_a_repeated_request_is_refused_while_the_queue_fails(api: Api) -> None:
    api.post("/createToken", BODY, key="k")
    broken = replace(api, queue=RecordingClient(send_message=refused_by_aws("Throttling")))
    assert broken.post("/createToken", BODY, key="k").problem == "unavailable"
    assert api.post("/createToken", BODY, key="k").body["status"] == "WAITING"


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
    assert len(found) == 1, "all requests get the same token"


request = st.tuples(
    st.sampled_from("kl"), st.sampled_from(["ann@x.example", "ann+1@x.example"]), st.booleans()
)


@settings(max_examples=200)
@given(steps=st.lists(st.tuples(request, st.sampled_from([0, 1, 29, 30, 200, 900])), max_size=12))
def test_a_key_sends_at_most_one_message_in_any_order_of_events(
    steps: list[tuple[tuple[str, str, bool], int]],
) -> None:
    """Two keys, two addresses of one mailbox, a queue that sometimes fails, and a clock that advances."""
    api, now = Api(), NOW
    # The key that queued a message first, by the id of the message. The queue drops its repeats.
    sent_by: dict[str, str] = {}
    for (key, email, fails), later in steps:
        now += later
        queue = RecordingClient(send_message=refused_by_aws("X")) if fails else RecordingClient()
        with suppress(Refused, Unavailable):
            ask(replace(api, queue=queue), key, now, email)
        for call in queue.sent("send_message"):
            sent_by.setdefault(Delivery.unpack(call["MessageBody"]).id, key)
    assert max(Counter(sent_by.values()).values(), default=0) <= 1
