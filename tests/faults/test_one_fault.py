"""One fault at a time: each AWS call of each function breaks in each way.

In every run: the user gets a plain sentence without details, no code is accepted twice, no wrong code is
accepted, and no function answers with something else than its caller expects.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from tests.faults.callers import BackEnd, HostedSignIn
from tests.faults.conftest import RUNS_ALL, Record
from tests.faults.sign_ins import Ending, SignIn
from tests.faults.world import SIGN_IN, World, deployed
from tests.support import fault_proxy
from tests.support.challenge_triggers import TriggerFailed
from tests.support.events import golden
from tests.support.fault_proxy import THROTTLED, Fault, late
from tests.support.users import another_code

Call = tuple[str, str]
# Each call breaks in one of these ways, and in the bounded run in the first four.
FAULTS = (
    fault_proxy.SERVICE_UNAVAILABLE,
    fault_proxy.RESET_AFTER,
    fault_proxy.NO_UTF8,
    fault_proxy.LOST_ANSWER,
    fault_proxy.SERVER_ERROR,
    fault_proxy.RESET_BEFORE,
    fault_proxy.NO_ANSWER,
    fault_proxy.TRUNCATED,
    fault_proxy.EMPTY_OBJECT,
    fault_proxy.FLIPPED,
    fault_proxy.DRIBBLED,
    late(0.8),
    late(6.0),
)
# A sentence for a user. It has no address, no code of AWS and no name of a class.
SENTENCE = re.compile(r"\w+ failed with error (?P<text>[A-Z][^{}<>]*)")
DETAILS = re.compile(r"Exception|Throttl|people\.example|by the fault proxy|Traceback|arn:|0x[0-9a-f]+")


@dataclass(frozen=True)
class Broken:
    """A call of a function with its fault. `once`: the first attempt only."""

    function: str
    service: str
    operation: str
    fault: Fault
    once: bool

    def inject(self, world: World) -> None:
        """Break the call."""
        times = 1 if self.once else None
        world.inject(self.function, self.service, self.operation, self.fault, times=times)

    @property
    def cells(self) -> tuple[str, str, str]:
        """The cells of the report for this call."""
        return self.function, f"{self.service} {self.operation}", "once" if self.once else "each attempt"


def faults_of(function: str, calls: list[tuple[str, str, str]]) -> Iterator[Broken]:
    """Each fault of each call of a function."""
    for service, operation in dict.fromkeys((s, o) for s, o, _ in calls):
        for fault in (THROTTLED[service], *(FAULTS if RUNS_ALL else FAULTS[:4])):
            for once in (False, True) if RUNS_ALL else (False,):
                yield Broken(function, service, operation, fault, once)


def no_details(told: list[str]) -> bool:
    """Whether each error text is a sentence, or a time-out of Cognito, without details."""
    errors = [text for text in told if " failed " in text]
    return all(
        (SENTENCE.fullmatch(text) or "Socket timeout" in text) and not DETAILS.search(text) for text in errors
    )


def describe(sign_in: SignIn, first: bool) -> str:
    """The result of a sign-in for the report. `first`: it was accepted while the fault lasted."""
    parts = ["signed in" if first else "error, then signed in" if sign_in.is_accepted else "no tokens"]
    count = len(sign_in.messages())
    if count > 1:
        parts.append(f"{count} messages")
    if sign_in.messages() and sign_in.messages()[-1].channel == "sms":
        parts.append("by SMS")
    return ", ".join(parts)


@pytest.mark.parametrize("channel", ["email", pytest.param("sms", marks=pytest.mark.whole)])
@pytest.mark.parametrize("function", [name for name in SIGN_IN if name != "define_auth_challenge"])
def test_a_call_of_a_sign_in_breaks(world: World, record: Record, function: str, channel: str) -> None:
    """Each call of one function of a sign-in breaks. The user tries again, and the service works again."""
    probe = SignIn(world, world.pool.add_user(0, channel=channel))
    assert probe.attempt()
    lost = []
    for number, broken in enumerate(faults_of(function, world.last_calls[function]), start=1):
        world.start_cold(function)
        world.run_until(world.clock.now + 60)
        sign_in = SignIn(world, world.pool.add_user(number, channel=channel))
        broken.inject(world)
        first = sign_in.attempt()
        world.proxy.heal()
        if not first:
            world.clock.now += 3
            sign_in.attempts(2, pause=31)
        assert no_details(sign_in.told), (broken, sign_in.told)
        endings = sign_in.endings()
        assert not sign_in.accepts_again(), broken
        record("one", *broken.cells, describe(sign_in, first), broken.fault.name)
        for ending in endings:
            record("endings", ending.value)
        if Ending.LOST in endings or not sign_in.is_accepted:
            lost.append((broken, sign_in.told, endings))
    if RUNS_ALL:
        assert lost == []


def test_a_wrong_code_is_never_accepted(world: World) -> None:
    """Each call of `verify` breaks during a wrong answer: it is refused, and the right code still works."""
    probe = SignIn(world, world.pool.add_user(0))
    assert probe.attempt()
    for number, broken in enumerate(
        faults_of("verify_auth_challenge", world.last_calls["verify_auth_challenge"]), 1
    ):
        world.run_until(world.clock.now + 60)
        sign_in = SignIn(world, world.pool.add_user(number))
        session = sign_in.start()
        assert session
        world.run_until(world.clock.now + 1)
        code = sign_in.messages()[-1].code
        broken.inject(world)
        with contextlib.suppress(TriggerFailed):
            assert world.pool.answer(session, another_code(code)).tokens is None, broken
        world.proxy.heal()
        world.clock.now += 3
        assert sign_in.attempt(), broken


TOKEN_PATHS = ("/createToken", "/verifyToken", "/introspect")


@pytest.mark.whole
@pytest.mark.parametrize("path", TOKEN_PATHS)
def test_a_call_of_the_token_service_breaks(record: Record, path: str) -> None:
    """Each call of one request of the token service breaks. The caller repeats the request."""
    with deployed(("token_api", "deliver")) as world:
        failed = []
        calls = _run_token_service(world, 0, path, lambda: None)[2]
        for number, broken in enumerate(faults_of("token_api", calls), start=1):
            world.start_cold("token_api")
            world.run_until(world.clock.now + 60)
            first, second, _ = _run_token_service(world, number, path, partial(broken.inject, world))
            result = f"{first}, then {second}" if first != 200 else "200"
            record("one", f"token_api {path}", *broken.cells[1:], result, broken.fault.name)
            if first not in (200, 409, 500, 503, 504) or second != 200:
                failed.append((broken.cells, broken.fault.name, first, second))
    assert failed == []


def _run_token_service(
    world: World, number: int, path: str, break_it: Callable[[], None]
) -> tuple[int, int, list[tuple[str, str, str]]]:
    """Run one confirmation. `path` is the request that breaks. Returns its status, and that of its repeat."""
    caller, address = BackEnd(world), f"caller-{number}@people.example"
    statuses, calls, found = [], [], {}

    def call(to: str, body: dict[str, str], key: str = "") -> dict[str, str]:
        if to == path:
            break_it()
            status, answer = caller.call(to, body, key)
            calls.extend(world.last_calls["token_api"])
            world.proxy.heal()
            statuses.append(status)
            world.clock.now += 31 if status != 200 and to == "/createToken" else 1
            if status == 200:
                statuses.append(status)
                return answer
        status, answer = caller.call(to, body, key)
        if to == path:
            statuses.append(status)
        return answer

    found = call("/createToken", {"email": address}, f"key-{number}")
    if "token" in found:
        code = caller.code_for(address)
        found = call("/verifyToken", {"token": found["token"], "verification_code": code})
    if "proof" in found:
        call("/introspect", {"proof": found["proof"]}, f"use-{number}")
    return statuses[0], statuses[1], calls


HOSTED_FAULTS = (
    fault_proxy.SERVICE_UNAVAILABLE,
    fault_proxy.RESET_AFTER,
    fault_proxy.LOST_ANSWER,
    fault_proxy.NO_UTF8,
    late(0.8),
)


@pytest.mark.whole
@pytest.mark.parametrize(
    "fault", [None, *HOSTED_FAULTS], ids=lambda fault: fault.name if fault else "throttled"
)
def test_a_call_of_the_hosted_page_breaks(record: Record, fault: Fault | None) -> None:
    """Each call of the hosted page breaks once. The user presses the button again after an error page."""
    unfinished = []
    with deployed((*SIGN_IN, "hosted_sign_in")) as world:
        first = HostedSignIn(world, world.pool.add_user(0))
        first.run()
        assert first.has_tokens
        assert not first.error_pages
        calls = [(s, o) for function, s, o in world.made if function == "hosted_sign_in"]
        for number, (service, operation) in enumerate(calls, start=1):
            world.start_cold("hosted_sign_in")
            world.run_until(world.clock.now + 60)
            sign_in = HostedSignIn(world, world.pool.add_user(number))
            chosen = fault or THROTTLED[service]
            skip = calls[: number - 1].count((service, operation))
            world.inject("hosted_sign_in", service, operation, chosen, times=1, skip=skip)
            sign_in.run()
            world.proxy.heal()
            pages = {0: "no error page", 1: "one error page"}.get(sign_in.error_pages, "error pages")
            result = f"tokens, {pages}" if sign_in.has_tokens else f"no tokens, {pages}"
            record("one", "hosted_sign_in", f"{service} {operation}", "once", result, chosen.name)
            # A session of the pool can be used once. After a lost answer of the pool, the user starts again.
            if not sign_in.has_tokens and service != "cognito-idp":
                unfinished.append((number, service, operation, chosen.name))
    assert unfinished == []


@pytest.mark.parametrize(
    ("event", "service", "operation"),
    [
        ("custom_email_forgot_password", "sqs", "SendMessage"),
        pytest.param(
            "custom_email_account_take_over", "cognito-idp", "AdminGetUser", marks=pytest.mark.whole
        ),
        pytest.param("custom_email_account_take_over", "sqs", "SendMessage", marks=pytest.mark.whole),
    ],
)
def test_a_call_of_the_custom_sender_breaks(record: Record, event: str, service: str, operation: str) -> None:
    """A call of `custom_sender` breaks. Lambda calls the function again after an error."""
    with deployed(("custom_sender",)) as world:
        user = world.pool.add_user(0)
        found, repeated = golden(event) | {"userName": user}, []
        for broken in faults_of("custom_sender", [(service, operation, "")]):
            world.start_cold("custom_sender")
            # In an outage the first call fails, and Lambda's second call finds the service well again.
            broken.inject(world)
            before, results, texts = world.waiting(), [], []
            for _ in range(3):
                try:
                    world.invoke("custom_sender", found)
                except Exception as error:
                    texts.append(str(error))
                    results.append("error")
                    world.proxy.heal()
                    world.clock.now += 60
                else:
                    results.append("queued")
                    break
            world.proxy.heal()
            queued = world.waiting() - before
            assert not any(DETAILS.search(text) for text in texts), broken
            assert results[-1] == "queued", broken
            assert queued >= 1, broken
            result = f"{', then '.join(results)}: {queued} in the queue"
            record("one", *broken.cells, result, broken.fault.name)
            repeated += [(broken.cells, broken.fault.name, queued)] if queued > 1 else []
            world.clock.now += 301
        if RUNS_ALL:
            assert repeated == []
