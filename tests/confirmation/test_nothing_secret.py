"""Codes, addresses and tokens appear only where they must, in success and in failure."""

import re
from collections.abc import Iterator
from dataclasses import replace

from tests.support.api_gateway_events import GatewayResponse
from tests.support.aws_stubs import RecordingClient, refused_by_aws
from tests.support.events import EMAIL, PHONE
from tests.support.jwt_tampering import parts
from tests.support.kms_stubs import FailingStore, kms
from tests.support.token_api_in_memory import Api, ApiOutput, FakeClock

ADDRESS = "Zebulon+tag@mailbox.example"
NUMBER = "+12065550147"


def every_response(api: Api, clock: FakeClock) -> Iterator[GatewayResponse]:
    """Call every endpoint with every failure, for one mailbox, one number and one user."""
    yield api.create(ADDRESS, purpose="pay", key="k")
    token, code, wrong = api.create(ADDRESS, purpose="pay").body["token"], api.code(), api.wrong_code()
    yield api.create(ADDRESS, purpose="other")
    yield api.create(ADDRESS + ".", purpose="pay")
    yield api.create(ADDRESS, purpose="other", key="k")
    for broken in (kms(code="X"), kms(token="X"), kms(sign="X")):
        yield replace(api, kms=broken).create("other@mailbox.example")
        yield replace(api, kms=broken).verify(token, "000000")
    yield replace(api, store=FailingStore()).create(ADDRESS)
    yield replace(api, queue=RecordingClient(send_message=refused_by_aws("X"))).create("third" + ADDRESS)
    for typed in (wrong, "12345", code + "1"):
        yield api.verify(token, typed)
    yield api.verify(token + "A", code)
    verified = api.verify(token, code)
    yield verified
    yield api.verify(token, code)
    yield api.introspect(verified.body["proof"])
    clock.now += 60
    yield api.post("/createToken", {"phone_number": NUMBER})
    yield api.post("/createToken", {"phone_number": "+4915123456789"})
    stepping = api.step_up()
    yield stepping
    yield api.verify_step_up(stepping.body["token"], api.wrong_code())
    yield api.verify_step_up(stepping.body["token"])
    clock.now += 600
    yield api.verify_step_up(stepping.body["token"])
    for path in ("/health", "/health/ready", "/.well-known/jwks.json", "/openapi.json", "/nowhere"):
        yield api.call("GET", path)


def test_an_address_appears_only_in_the_queue(api: Api, clock: FakeClock, output: ApiOutput) -> None:
    responses = "".join(str(response) for response in every_response(api, clock))
    store = str(api.store) + str(api.requests) + str(api.proofs.calls)
    everywhere = (responses + output() + store).lower()
    for secret in (ADDRESS, NUMBER, EMAIL, PHONE):
        assert secret.lower() not in everywhere
    assert "zebulon" not in everywhere
    assert ADDRESS in str(api.queue.calls), "the address must be in the queue, or the test checks nothing"


def test_no_code_appears_anywhere(api: Api, clock: FakeClock, output: ApiOutput) -> None:
    responses = [str(response) for response in every_response(api, clock)]
    codes = {api.code(n) for n in range(len(api.queued))}
    assert len(codes) >= 3
    everywhere = "".join(responses) + output() + str(api.store) + str(api.requests) + str(api.queue.calls)
    numbers = set(re.findall(r"(?<![0-9a-f.])\d{6}(?![0-9a-f])", everywhere))
    assert not codes & numbers


def test_no_token_contains_a_code_or_an_address(api: Api, clock: FakeClock) -> None:
    for response in every_response(api, clock):
        for token in (response.body.get("token"), response.body.get("proof")):
            text = str(parts(token)) if token else ""
            for secret in (api.code(), ADDRESS, ADDRESS.lower(), "mailbox", NUMBER, NUMBER[-4:], EMAIL):
                assert secret not in text


def test_no_token_key_or_purpose_is_logged(api: Api, clock: FakeClock, output: ApiOutput) -> None:
    responses = list(every_response(api, clock))
    logged = output()
    tokens = [a.body[name] for a in responses for name in ("token", "proof") if name in a.body]
    assert len(tokens) >= 4
    for token in tokens:
        assert not [part for part in token.split(".") if part in logged]
    assert (
        api.create("new@mailbox.example", key="the-callers-key", purpose="the-callers-purpose").status == 200
    )
    assert "the-callers" not in output() + str(api.requests)


def test_every_response_has_the_headers_against_caching_and_sniffing(api: Api, clock: FakeClock) -> None:
    for response in every_response(api, clock):
        public = "keys" in response.body or "openapi" in response.body
        assert response.headers["cache-control"] == ("public, max-age=300" if public else "no-store")
        assert response.headers["x-content-type-options"] == "nosniff"
        wanted = "application/problem+json" if response.problem else "application/json"
        assert response.headers["content-type"] == wanted
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_log_lines_of_a_request_do_not_have_the_ids_of_the_previous_one(api: Api) -> None:
    """A process serves many callers, and a log line must belong to the right one."""
    api.create()
    challenge = api.queued[0].challenge
    seen = len(api.log.getvalue())
    replace(api, kms=RecordingClient()).call("GET", "/.well-known/jwks.json")
    replace(api, users=RecordingClient(admin_get_user=refused_by_aws("X"))).step_up()
    later = api.log.getvalue()[seen:]
    assert later.count("ERROR") == 2
    assert challenge.subject not in later
    assert challenge.nonce not in later
