"""The fault proxy itself: each kind of fault on the wire, the counts of rules, and no thread afterwards."""

import threading
import time
from collections.abc import Callable, Iterator
from email.message import Message
from http.client import HTTPConnection, IncompleteRead
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from tests.support import fault_proxy
from tests.support.fault_proxy import AwsAnswer, AwsRequest, Fault, FaultProxy, serving_faults

ANSWER = b'{"Mac": "AAAA", "KeyId": "key"}'


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """A proxy that waits, in front of a service that always gives the same answer."""
    before = set(threading.enumerate())
    done = FaultProxy(lambda _: AwsAnswer(200, ANSWER), waits=True)
    with serving_faults(done):
        yield done
    assert set(threading.enumerate()) <= before


def call(proxy: FaultProxy) -> object:
    """One call of KMS by botocore, with one attempt."""
    client: Any = get_session().create_client(
        "kms",
        region_name="us-east-1",
        endpoint_url=proxy.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )
    return client.generate_mac(KeyId="key", MacAlgorithm="HMAC_SHA_256", Message=b"m")["KeyId"]


def raw(proxy: FaultProxy) -> bytes:
    """The body of one response, byte for byte."""
    place = urlsplit(proxy.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        signature = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, Signature=0"
        headers = {"Authorization": signature, "X-Amz-Target": "TrentService.GenerateMac"}
        connection.request("POST", "/", b"{}", headers)
        return connection.getresponse().read()
    finally:
        connection.close()


def test_without_a_fault_the_service_answers(proxy: FaultProxy) -> None:
    assert call(proxy) == "key"
    assert proxy.calls == [("kms", "GenerateMac", "")]


def test_each_service_throttles_with_its_own_error(proxy: FaultProxy) -> None:
    proxy.inject("kms", "GenerateMac", fault_proxy.THROTTLED["kms"], times=1)
    with pytest.raises(ClientError) as refused:
        call(proxy)
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert call(proxy) == "key"


@pytest.mark.parametrize("fault", [fault_proxy.RESET_BEFORE, fault_proxy.RESET_AFTER], ids=lambda f: f.name)
def test_a_reset_is_a_reset_and_the_work_is_done_or_not(fault: Fault) -> None:
    worked: list[AwsRequest] = []

    def backend(request: AwsRequest) -> AwsAnswer:
        worked.append(request)
        return AwsAnswer(200, ANSWER)

    with serving_faults(FaultProxy(backend)) as proxy:
        proxy.inject("kms", "", fault)
        with pytest.raises(ConnectionResetError):
            raw(proxy)
    assert len(worked) == fault.does_work


def test_a_truncated_answer_is_shorter_than_its_header_says(proxy: FaultProxy) -> None:
    proxy.inject("kms", "", fault_proxy.TRUNCATED)
    with pytest.raises(IncompleteRead):
        raw(proxy)


def test_changed_bytes_reach_the_client(proxy: FaultProxy) -> None:
    proxy.inject("kms", "", fault_proxy.NO_UTF8, times=1)
    proxy.inject("kms", "", fault_proxy.FLIPPED)
    assert raw(proxy).startswith(b"\xff\xfe")
    changed = raw(proxy)
    assert changed != ANSWER
    assert len(changed) == len(ANSWER)


def test_a_late_answer_and_a_dribbled_answer_arrive_complete(proxy: FaultProxy) -> None:
    proxy.inject("kms", "", fault_proxy.late(0.01), times=1)
    proxy.inject("kms", "", fault_proxy.DRIBBLED)
    assert [raw(proxy), raw(proxy)] == [ANSWER, ANSWER]


def test_a_call_that_never_ends_does_not_hold_up_the_end_of_the_proxy() -> None:
    done = FaultProxy(lambda _: AwsAnswer(200, ANSWER), waits=True)
    done.inject("kms", "", fault_proxy.NO_ANSWER)
    with serving_faults(done):
        caller = threading.Thread(target=raw, args=(done,))
        caller.start()
        while not done.calls:
            time.sleep(0.01)
    caller.join(10)
    assert not caller.is_alive()


@pytest.mark.parametrize(
    ("limits", "broken"),
    [
        ({}, [True] * 4),
        ({"times": 2}, [True, True, False, False]),
        ({"skip": 1, "times": 1}, [False, True, False, False]),
        ({"only_if": lambda: False}, [False] * 4),
    ],
)
def test_a_rule_breaks_as_many_calls_as_it_says(
    limits: dict[str, int | Callable[[], bool]], broken: list[bool]
) -> None:
    proxy = FaultProxy(lambda _: AwsAnswer(200, ANSWER))
    proxy.inject("kms", "Sign", fault_proxy.SERVER_ERROR, **limits)
    request = AwsRequest("kms", "Sign", "POST", "/", Message(), b"{}")
    other = AwsRequest("kms", "Verify", "POST", "/", Message(), b"{}")
    assert [proxy.respond(request)[1] is not None for _ in range(4)] == broken
    assert proxy.respond(other)[1] is None


def test_a_share_of_the_calls_breaks_and_a_seed_repeats_it() -> None:
    def run(seed: int) -> list[bool]:
        proxy = FaultProxy(lambda _: AwsAnswer(200, ANSWER), seed=seed)
        proxy.inject("kms", "", fault_proxy.SERVER_ERROR, share=0.3)
        request = AwsRequest("kms", "Sign", "POST", "/", Message(), b"{}")
        return [proxy.respond(request)[1] is not None for _ in range(300)]

    assert 60 <= sum(run(1)) <= 120
    assert run(1) == run(1) != run(2)
