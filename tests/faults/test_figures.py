"""The figures that the stack promises under faults, each measured with many users.

A share is measured with 300 users, and a figure that must hold for everyone with 30. The users are a minute
apart, and one container serves them all.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.callers import BackEnd, HostedSignIn
from tests.faults.conftest import Record
from tests.faults.sign_ins import Ending, SignIn
from tests.faults.world import START, World, deployed
from tests.support import fault_proxy
from tests.support.challenge_triggers import TriggerFailed
from tests.support.fault_proxy import THROTTLED, Fault, error, late

pytestmark = pytest.mark.whole
SHARED, EVERYONE = 300, 30
MINUTE = 60.0
SES_DOWN = (
    THROTTLED["ses"],
    fault_proxy.SERVICE_UNAVAILABLE,
    fault_proxy.RESET_BEFORE,
    error("AccessDeniedException", 403),
    error("LimitExceededException"),
    fault_proxy.NO_ANSWER,
    error("SendingPausedException"),
    error("AccountSuspendedException"),
)
SNS_DOWN = (
    THROTTLED["sns"],
    fault_proxy.SERVICE_UNAVAILABLE,
    fault_proxy.RESET_BEFORE,
    error("KMSThrottling"),
    error("AuthorizationError", 403),
    error("InternalError", 500),
    fault_proxy.NO_ANSWER,
    error("OptedOut"),
)
PROVIDERS = {"ses": "email", "sns": "sms"}


def users(world: World, count: int, run: Callable[[SignIn], Any], channel: str = "") -> list[SignIn]:
    """Let `count` users sign in by `run`, a minute apart. Returns their sign-ins."""
    done = []
    for number in range(count):
        start = START + MINUTE * number
        world.run_until(max(world.clock.now, start))
        user = world.pool.add_user(number, channel=channel)
        done.append(SignIn(world, user))
        run(done[-1])
    return done


def percent(part: int, whole: int) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.1f} %"


@pytest.mark.parametrize("fault", SES_DOWN, ids=lambda fault: fault.name)
def test_email_is_down_and_everyone_gets_the_code_by_sms(world: World, record: Record, fault: Fault) -> None:
    """Email is down: users with a phone number have a code within 10 s, without doing anything."""
    channel_is_down(world, record, "ses", fault)


@pytest.mark.parametrize("fault", SNS_DOWN, ids=lambda fault: fault.name)
def test_sms_is_down_and_everyone_gets_the_code_by_email(world: World, record: Record, fault: Fault) -> None:
    """SMS is down: users with an email address have a code within 10 s, without doing anything."""
    channel_is_down(world, record, "sns", fault)


def channel_is_down(world: World, record: Record, service: str, fault: Fault) -> None:
    channel = PROVIDERS[service]
    world.proxy.inject(service, "", fault)
    signed_in = users(world, EVERYONE, SignIn.attempt, channel)
    others = [s for s in signed_in if s.codes and s.messages()[0].channel != channel]
    slowest = max((s.codes[0] for s in others), default=float("nan"))
    measured = f"{percent(len(others), EVERYONE)}, slowest {slowest:.1f} s"
    record("figures", f"{channel} is down ({fault.name}): code within 10 s", "100 %", measured, EVERYONE)
    assert len(others) == EVERYONE
    assert all(s.is_accepted for s in signed_in)


@pytest.mark.parametrize(
    "faults",
    [
        (THROTTLED["ses"], THROTTLED["sns"]),
        (fault_proxy.NO_ANSWER, fault_proxy.NO_ANSWER),
        (error("AccessDeniedException", 403), error("AuthorizationError", 403)),
        (error("SendingPausedException"), error("OptedOut")),
    ],
    ids=lambda faults: " and ".join(dict.fromkeys(fault.name for fault in faults)),
)
def test_no_channel_takes_a_message(world: World, record: Record, faults: tuple[Fault, Fault]) -> None:
    """No channel takes a message: it is in the dead letters, and a metric counts it."""
    for service, fault in zip(PROVIDERS, faults, strict=True):
        world.proxy.inject(service, "", fault)
    signed_in = users(world, EVERYONE, SignIn.start)
    endings = [ending for sign_in in signed_in for ending in sign_in.endings()]
    for ending in endings:
        record("endings", ending.value)
    dead = endings.count(Ending.DEAD_LETTERED)
    names = " and ".join(dict.fromkeys(fault.name for fault in faults))
    figure = f"no channel takes the message ({names}): dead letter and metric"
    record("figures", figure, "100 %", percent(dead, EVERYONE), EVERYONE)
    assert dead == EVERYONE
    assert world.metrics()["undelivered"] == EVERYONE


def test_a_newer_message_supersedes_an_older_one(world: World, record: Record) -> None:
    """Email is throttled at the first start, and well at the second: the user gets one message."""

    def start_twice(sign_in: SignIn) -> None:
        world.proxy.inject("ses", "", THROTTLED["ses"])
        sign_in.start()
        world.run_until(world.clock.now + 31)
        world.proxy.heal()
        sign_in.attempt()

    signed_in = []
    for number in range(EVERYONE):
        world.run_until(START + 900.0 * number)
        signed_in.append(SignIn(world, world.pool.add_user(number, phone=False)))
        start_twice(signed_in[-1])
        for ending in signed_in[-1].endings():
            record("endings", ending.value)
    one = sum(len(s.messages()) == 1 and s.is_accepted for s in signed_in)
    figure = "email is throttled at the first of two starts: one message"
    record("figures", figure, "100 %", percent(one, EVERYONE), EVERYONE)
    assert one == EVERYONE


def test_dynamodb_throttles(world: World, record: Record) -> None:
    """30 % of DynamoDB calls are throttled: 95 % sign in at the first try, 99 % within two."""
    world.proxy.inject("dynamodb", "", THROTTLED["dynamodb"], share=0.3)
    signed_in = users(world, SHARED, lambda s: s.attempts(2))
    first = sum(s.is_accepted and s.tries == 1 for s in signed_in)
    within_two = sum(s.is_accepted for s in signed_in)
    what = "30 % of DynamoDB calls throttled: signed in"
    record("figures", f"{what} at the first try", ">= 95 %", percent(first, SHARED), SHARED)
    record("figures", f"{what} within two tries", ">= 99 %", percent(within_two, SHARED), SHARED)
    assert first >= 0.95 * SHARED
    assert within_two >= 0.99 * SHARED


def test_dynamodb_throttles_the_hosted_page(record: Record) -> None:
    """30 % of DynamoDB calls are throttled: 95 % sign in on the hosted page without an error page."""
    with deployed(HOSTED) as world:
        world.proxy.inject("dynamodb", "", THROTTLED["dynamodb"], share=0.3)
        done = []
        for number in range(SHARED):
            world.run_until(START + MINUTE * number)
            done.append(HostedSignIn(world, world.pool.add_user(number)))
            done[-1].run()
    clean = sum(each.has_tokens and not each.error_pages for each in done)
    figure = "30 % of DynamoDB calls throttled: hosted page without an error page"
    record("figures", figure, ">= 95 %", percent(clean, SHARED), SHARED)
    assert clean >= 0.95 * SHARED


HOSTED = (
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge",
    "deliver",
    "pre_token_generation",
    "hosted_sign_in",
)


def test_dynamodb_is_slow(world: World, record: Record) -> None:
    """DynamoDB answers after 0.8 s: everyone signs in."""
    world.proxy.inject("dynamodb", "", late(0.8))
    signed_in = users(world, EVERYONE, SignIn.attempt)
    accepted = sum(s.is_accepted for s in signed_in)
    figure = "DynamoDB answers after 0.8 s: signed in at the first try"
    record("figures", figure, "100 %", percent(accepted, EVERYONE), EVERYONE)
    assert accepted == EVERYONE


@pytest.mark.parametrize(
    "fault",
    [fault_proxy.SERVICE_UNAVAILABLE, fault_proxy.NO_ANSWER, fault_proxy.RESET_BEFORE],
    ids=lambda fault: fault.name,
)
def test_the_first_start_after_an_outage_of_sqs_sends(world: World, record: Record, fault: Fault) -> None:
    """SQS is out for three minutes, and the user starts every 35 s: the first start afterwards sends."""
    sent = 0
    for number in range(EVERYONE):
        began = START + 900.0 * number
        world.run_until(began)
        sign_in = SignIn(world, world.pool.add_user(number))
        world.proxy.inject("sqs", "SendMessage", fault)
        for second in (0, 35, 70, 105, 140):
            world.run_until(began + second)
            sign_in.start()
        world.run_until(began + 181)
        world.proxy.heal()
        sent += sign_in.attempt()
    figure = f"SQS is out for three minutes ({fault.name}): the first start afterwards sends"
    record("figures", figure, "100 %", percent(sent, EVERYONE), EVERYONE)
    assert sent == EVERYONE


@pytest.mark.parametrize("service", PROVIDERS)
def test_a_provider_throttles(world: World, record: Record, service: str) -> None:
    """30 % of the calls of a provider are throttled: 95 % have the code within 5 s, 2 % get two messages."""
    world.proxy.inject(service, "", THROTTLED[service], share=0.3)
    signed_in = users(world, SHARED, lambda s: s.attempt(patience=90.0), PROVIDERS[service])
    world.run_until(world.clock.now + 700)
    fast = sum(bool(s.codes) and s.codes[0] <= 5 for s in signed_in)
    twice = sum(len(s.messages()) > 1 for s in signed_in)
    what = f"30 % of {service.upper()} calls throttled"
    record("figures", f"{what}: code within 5 s", ">= 95 %", percent(fast, SHARED), SHARED)
    record("figures", f"{what}: two messages", "<= 2 %", percent(twice, SHARED), SHARED)
    assert fast >= 0.95 * SHARED
    assert twice <= 0.02 * SHARED


@pytest.mark.parametrize("seconds", [3.2, 6.0])
@pytest.mark.parametrize("service", PROVIDERS)
def test_a_slow_provider_sends_one_message(
    world: World, record: Record, service: str, seconds: float
) -> None:
    """A provider answers late, and has taken the message: the user gets one message."""
    world.proxy.inject(service, "", late(seconds))
    signed_in = users(world, EVERYONE, SignIn.attempt, PROVIDERS[service])
    world.run_until(world.clock.now + 700)
    one = sum(len(s.messages()) == 1 for s in signed_in)
    figure = f"{service.upper()} answers after {seconds} s: one message"
    record("figures", figure, "100 %", percent(one, EVERYONE), EVERYONE)
    assert one == EVERYONE


@pytest.mark.parametrize("share", [0.3], ids=["30 %"])
def test_answers_get_lost(world: World, record: Record, share: float) -> None:
    """30 % of the answers of DynamoDB get lost after the work: no code is accepted twice."""
    world.proxy.inject("dynamodb", "", fault_proxy.RESET_AFTER, share=share)
    signed_in = users(world, SHARED, lambda s: s.attempts(2))
    accepted = [s for s in signed_in if s.is_accepted]
    twice = 0
    for number, sign_in in enumerate(accepted):
        world.run_until(START + MINUTE * (SHARED + 2 * number))
        twice += sign_in.accepts_again()
    record("figures", "30 % of DynamoDB answers lost: codes accepted twice", "0", twice, len(accepted))
    record(
        "figures",
        "30 % of DynamoDB answers lost: signed in within two tries",
        "recorded",
        percent(len(accepted), SHARED),
        SHARED,
    )
    assert twice == 0


@pytest.mark.parametrize(
    "fault", [fault_proxy.LOST_ANSWER, fault_proxy.RESET_AFTER, fault_proxy.TRUNCATED], ids=lambda f: f.name
)
def test_cognito_repeats_an_answer(world: World, record: Record, fault: Fault) -> None:
    """Cognito calls `verify` again with the same event: it gets the result of the spent code."""
    repeated = 0
    for sign_in in users(world, EVERYONE, lambda _: None):
        world.run_until(world.clock.now + MINUTE)
        session = world.pool.start(sign_in.user)
        world.run_until(world.clock.now + 2)
        world.inject("verify_auth_challenge", "dynamodb", "", fault)
        with contextlib.suppress(TriggerFailed):
            world.pool.answer(session, sign_in.messages()[-1].code)
        world.proxy.heal()
        event = world.pool.last_answer
        repeated += world.invoke("verify_auth_challenge", event)["response"]["answerCorrect"]
    figure = f"Cognito repeats an answer ({fault.name}): accepted"
    record("figures", figure, "100 %", percent(repeated, EVERYONE), EVERYONE)
    assert repeated == EVERYONE


TOKENS = ("token_api", "deliver")


@pytest.mark.parametrize("fault", [fault_proxy.LOST_ANSWER, THROTTLED["kms"]], ids=lambda f: f.name)
@pytest.mark.parametrize(
    ("service", "operation"), [("dynamodb", ""), ("kms", "Sign"), ("kms", "GenerateMac")]
)
def test_a_caller_repeats_an_answer(record: Record, service: str, operation: str, fault: Fault) -> None:
    """A call of /verifyToken fails, and the caller repeats it: it gets the proof."""
    repeated = 0
    with deployed(TOKENS) as world:
        caller = BackEnd(world)
        for number in range(EVERYONE):
            world.run_until(START + MINUTE * number)
            address = f"user-{number}@people.example"
            token = caller.create(address)[1]["token"]
            body = {"token": token, "verification_code": caller.code_for(address)}
            world.proxy.inject(service, operation, fault)
            caller.call("/verifyToken", body)
            world.proxy.heal()
            world.clock.now += 1
            status, found = caller.call("/verifyToken", body)
            repeated += status == 200 and "proof" in found
    figure = f"/verifyToken, {service} {operation or 'write'} broken ({fault.name}), repeated: proof"
    record("figures", figure, "100 %", percent(repeated, EVERYONE), EVERYONE)
    assert repeated == EVERYONE


def test_a_caller_repeats_an_introspection(record: Record) -> None:
    """The answer of /introspect gets lost. The same caller repeats it with its key: the proof is active."""
    active = 0
    with deployed(TOKENS) as world:
        caller = BackEnd(world)
        for number in range(EVERYONE):
            world.run_until(START + MINUTE * number)
            address = f"user-{number}@people.example"
            token = caller.create(address)[1]["token"]
            body = {"token": token, "verification_code": caller.code_for(address)}
            proof = caller.call("/verifyToken", body)[1]["proof"]
            world.proxy.inject("dynamodb", "", fault_proxy.LOST_ANSWER)
            caller.call("/introspect", {"proof": proof}, f"use-{number}")
            world.proxy.heal()
            world.clock.now += 1
            repeated = caller.call("/introspect", {"proof": proof}, f"use-{number}")
            active += bool(repeated[1].get("active"))
    figure = "/introspect, answer of DynamoDB lost, repeated: active"
    record("figures", figure, "100 %", percent(active, EVERYONE), EVERYONE)
    assert active == EVERYONE


@pytest.mark.parametrize(
    "fault",
    [THROTTLED["sqs"], fault_proxy.SERVICE_UNAVAILABLE, fault_proxy.RESET_BEFORE, fault_proxy.NO_ANSWER],
    ids=lambda fault: fault.name,
)
@pytest.mark.parametrize(("service", "operation"), [("sqs", "SendMessage"), ("dynamodb", "")])
def test_a_caller_repeats_a_request_with_its_key(
    record: Record, service: str, operation: str, fault: Fault
) -> None:
    """A call of /createToken with an Idempotency-Key fails: the same key sends the code afterwards."""
    sent = 0
    broken = THROTTLED[service] if fault is THROTTLED["sqs"] else fault
    with deployed(TOKENS) as world:
        caller = BackEnd(world)
        for number in range(EVERYONE):
            world.run_until(START + MINUTE * number)
            address = f"user-{number}@people.example"
            world.proxy.inject(service, operation, broken)
            caller.create(address, key=f"key-{number}")
            world.proxy.heal()
            world.clock.now += 31
            status, found = caller.create(address, key=f"key-{number}")
            sent += status == 200 and "token" in found and bool(caller.code_for(address))
    figure = f"/createToken with a key, {service} broken ({broken.name}), repeated: code sent"
    record("figures", figure, "100 %", percent(sent, EVERYONE), EVERYONE)
    assert sent == EVERYONE
