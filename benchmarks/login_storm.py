"""Simulate a login storm: many users who sign in at the same time, with the retries of AWS.

`run` simulates one `Storm` with SimPy and a fixed seed. Times are in seconds of the simulation.

- Cognito refuses calls above its rate. The SDK of the app makes three attempts, with a random wait of at most
  one second and then two seconds in between.
- Cognito waits five seconds for a trigger, and then calls it again. AWS does not document the number of
  calls, so three is an assumption. AWS documents no repeat after Lambda throttles a trigger. The simulation
  assumes that the call of the app fails.
- Lambda adds 1,000 environments of a function in ten seconds, up to the concurrency of the account.
- The FIFO queue drops a message if it received the same id in the last five minutes. A message that `deliver`
  did not send returns to the queue after 5, 10 and then each 20 seconds, until its code expires.
- A user who gets no message for a minute starts again. A start within the cooldown repeats the same message.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import simpy

from passcode.delivery import dispatcher
from passcode.token_service.policy import Policy
from tools.artefacts.cost import COLD_SECONDS, SECONDS

# A process of SimPy yields events, and returns a result.
Process = Generator[simpy.Event, Any, Any]

TRIGGER_SECONDS, TRIGGER_CALLS = 5.0, 3
NEW_ENVIRONMENTS, NEW_ENVIRONMENTS_SECONDS = 1_000, 10
SDK_ATTEMPTS = 3
STARTS, PATIENCE_SECONDS, SECONDS_BETWEEN_STARTS = 6, 60.0, (2.0, 6.0)
READING_SECONDS = (5.0, 20.0)
# The values of triggers/deliver.py and template.yaml.
RETRY_SECONDS = (5, 10, 20)
VISIBILITY_SECONDS = 120
# The standard deviation of the logarithm of a duration, because durations vary. An assumption.
SPREAD = 0.3


@dataclass(frozen=True)
class StormLimits:
    """The limits of an account and of a stack. Rates are per second.

    `deliveries` is the share of `DeliverConcurrency` of the email queue. The defaults are those of a new
    stack in an account that has left the sandbox of SES.
    """

    authentications: float = 120
    concurrency: int = 1_000
    deliveries: int = 3
    emails: float = 14
    cold_seconds: float = COLD_SECONDS


@dataclass(frozen=True)
class Storm:
    """`users` start to sign in at random times within `seconds`.

    `durations` has the seconds of a warm invocation by function.
    """

    name: str
    users: int
    seconds: float
    limits: StormLimits = StormLimits()
    durations: Mapping[str, float] = field(default_factory=lambda: SECONDS)


_FOR_100 = StormLimits(deliveries=60, emails=120)
STORMS = (
    Storm("a new stack, 10 a second", 600, 60),
    Storm("a new stack, 100 a second", 3_000, 30),
    Storm("a new account of AWS (concurrency 10), 10 a second", 300, 30, StormLimits(concurrency=10)),
    Storm("raised for 100 a second, 100 a second", 3_000, 30, _FOR_100),
    Storm("raised for 100 a second, with cold starts of 6 s", 3_000, 30, replace(_FOR_100, cold_seconds=6)),
    Storm("raised for 100 a second, 300 a second", 3_000, 10, _FOR_100),
    Storm(
        "raised for 1,000 a second, 1,000 a second",
        5_000,
        5,
        StormLimits(authentications=1_000, concurrency=2_000, deliveries=300, emails=1_000),
    ),
)


@dataclass
class StormResult:
    """The result of a simulation. Times are in seconds, one for each message or user.

    `counts` has the number of invocations by function, and that of other events by name.
    """

    users: int
    queue_ages: list[float] = field(default_factory=list)
    times_to_message: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def quantile(values: list[float], part: float) -> float:
    """Return the value below which `part` of all values are; 0 without values."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else 0.0


def longest_wait(attempt: int) -> float:
    """Return the most seconds that the SDK waits after this number of throttled attempts of a call."""
    return 2.0 ** (attempt - 1)


class Bucket:
    """A token bucket: `rate` a second, and at most `burst` at once."""

    def __init__(self, environment: simpy.Environment, rate: float, burst: float) -> None:
        self._environment, self._rate, self._burst = environment, rate, burst
        self._tokens, self._at = burst, 0.0

    def take(self) -> bool:
        """Take one token. Returns False if there is none."""
        now = self._environment.now
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class SimulatedAccount:
    """The functions of an account, which share its concurrency."""

    def __init__(
        self, environment: simpy.Environment, storm: Storm, random: Random, counts: Counter[str]
    ) -> None:
        self._limits, self._durations = storm.limits, storm.durations
        self._random, self._counts = random, counts
        self._busy = 0
        self._idle: Counter[str] = Counter()
        rate = NEW_ENVIRONMENTS / NEW_ENVIRONMENTS_SECONDS
        self._ramps = {name: Bucket(environment, rate, NEW_ENVIRONMENTS) for name in storm.durations}

    def start(self, name: str) -> float | None:
        """Start an invocation. Returns its seconds, or None if Lambda throttles it. `end` must follow."""
        if self._busy >= self._limits.concurrency:
            self._counts["throttled by Lambda"] += 1
            return None
        seconds = self._durations[name] * self._random.lognormvariate(0, SPREAD)
        if self._idle[name]:
            self._idle[name] -= 1
        elif self._ramps[name].take():
            self._counts["cold starts"] += 1
            # `define` loads no library.
            seconds += 0 if name == "define" else self._limits.cold_seconds
        else:
            self._counts["throttled by Lambda"] += 1
            return None
        self._busy += 1
        self._counts[name] += 1
        return seconds

    def end(self, name: str) -> None:
        """End an invocation. Its environment is warm."""
        self._busy -= 1
        self._idle[name] += 1


@dataclass
class IssuedCode:
    """One code. `arrival` is the event of its first message."""

    arrival: simpy.Event
    issued_at: float = float("-inf")


@dataclass
class StormUser:
    """One user, with the newest code and the number and time of the messages."""

    began: float
    code: IssuedCode
    sent_at: float = float("-inf")
    messages: int = 0
    has_message: bool = False


@dataclass
class QueuedMessage:
    """One message in the queue."""

    user: StormUser
    code: IssuedCode
    sent_at: float
    receives: int = 0


class SimulatedStack:
    """The simulated stack: Cognito with its triggers, the queue, and `deliver`."""

    def __init__(self, storm: Storm, seed: int) -> None:
        self.environment = simpy.Environment()
        self.result = StormResult(storm.users)
        self._storm, self._policy = storm, Policy()
        self._random = Random(seed)  # noqa: S311 - a simulation
        limits = storm.limits
        self._account = SimulatedAccount(self.environment, storm, self._random, self.result.counts)
        # RespondToAuthChallenge has a separate quota of three times the size.
        self._initiate = Bucket(self.environment, limits.authentications, limits.authentications)
        self._respond = Bucket(self.environment, 3 * limits.authentications, 3 * limits.authentications)
        self._emails = Bucket(self.environment, limits.emails, max(1, limits.emails))
        self._queue: simpy.Store = simpy.Store(self.environment)
        for _ in range(limits.deliveries):
            self.environment.process(self._poll())
        for _ in range(storm.users):
            self.environment.process(self._user())

    # --- users --------------------------------------------------------------------------------------------
    def _user(self) -> Process:
        yield self.environment.timeout(self._random.uniform(0, self._storm.seconds))
        user = StormUser(self.environment.now, IssuedCode(self.environment.event()))
        for start in range(STARTS):
            if start:
                self.result.counts["starts again"] += 1
                yield self.environment.timeout(self._random.uniform(*SECONDS_BETWEEN_STARTS))
            if (yield from self._sign_in(user)):
                self.result.counts["signed in"] += 1
                return
        self.result.counts["gave up"] += 1

    def _sign_in(self, user: StormUser) -> Process:
        """Start, wait for the message, and answer. Returns whether the user has tokens."""
        started = yield from self._call(self._initiate, ["define"], user)
        if not started or not (yield from self._call(self._respond, ["define", "create"], user)):
            return False
        code = user.code
        yield code.arrival | self.environment.timeout(PATIENCE_SECONDS)
        if not code.arrival.triggered:
            return False
        yield self.environment.timeout(self._random.uniform(*READING_SECONDS))
        answered = yield from self._call(self._respond, ["verify", "define"], user)
        if answered and not self._is_valid(code):
            self.result.counts["answered too late"] += 1
            return False
        return answered

    def _is_valid(self, code: IssuedCode) -> bool:
        return bool(self.environment.now < code.issued_at + self._policy.code_life_seconds)

    def _call(self, bucket: Bucket, triggers: list[str], user: StormUser) -> Process:
        """Call Cognito as an AWS SDK does. Returns whether the call succeeded."""
        for attempt in range(SDK_ATTEMPTS):
            if attempt:
                yield self.environment.timeout(self._random.random() * longest_wait(attempt))
            if not bucket.take():
                self.result.counts["throttled by Cognito"] += 1
                continue
            for name in triggers:
                if not (yield from self._trigger(name, user)):
                    break
            else:
                return True
            # The SDK does not repeat a call whose trigger failed.
            return False
        return False

    def _trigger(self, name: str, user: StormUser) -> Process:
        """Call a trigger as Cognito does. Returns whether it answered in time."""
        for call in range(TRIGGER_CALLS):
            if call:
                self.result.counts["trigger calls repeated"] += 1
            seconds = self._account.start(name)
            if seconds is None:
                return False
            invocation = self.environment.process(self._invocation(name, seconds, user))
            if seconds <= TRIGGER_SECONDS:
                yield invocation
                return True
            yield self.environment.timeout(TRIGGER_SECONDS)
        return False

    def _invocation(self, name: str, seconds: float, user: StormUser) -> Process:
        yield self.environment.timeout(seconds)
        self._account.end(name)
        if name == "create":
            self._put(user)

    # --- the queue ----------------------------------------------------------------------------------------
    def _put(self, user: StormUser) -> None:
        """Queue a message, as `create` does. A start within the cooldown repeats the message before it."""
        now = self.environment.now
        if now < user.sent_at + self._policy.cooldown_seconds:
            self.result.counts["dropped as a repeat"] += 1
            return
        if user.messages >= self._policy.send_burst:
            self.result.counts["refused by the message rate"] += 1
            return
        if now > user.code.issued_at + self._policy.resend_keeps_code_seconds:
            user.code = IssuedCode(self.environment.event(), now)
        user.sent_at, user.messages = now, user.messages + 1
        self._queue.put(QueuedMessage(user, user.code, now))

    def _poll(self) -> Process:
        while True:
            message: QueuedMessage = yield self._queue.get()
            message.receives += 1
            if message.receives == 1:
                self.result.queue_ages.append(self.environment.now - message.sent_at)
            until = self.environment.now + VISIBILITY_SECONDS
            while (seconds := self._account.start("deliver")) is None and self.environment.now < until:
                yield self.environment.timeout(1)
            if seconds is None:
                self._queue.put(message)
                continue
            yield from self._deliver(message, seconds)
            self._account.end("deliver")

    def _deliver(self, message: QueuedMessage, seconds: float) -> Process:
        yield self.environment.timeout(seconds)
        if not self._is_valid(message.code):
            self.result.counts["dead letters"] += 1
            return
        if message.receives > 1 and message.user.sent_at > message.sent_at:
            self.result.counts["superseded"] += 1
            return
        for wait in dispatcher._WAITS:
            if wait:
                yield self.environment.timeout(wait)
            if self._emails.take():
                self._sent(message)
                return
            self.result.counts["throttled by SES"] += 1
        self.environment.process(self._redeliver(message))

    def _redeliver(self, message: QueuedMessage) -> Process:
        self.result.counts["deliveries repeated"] += 1
        yield self.environment.timeout(RETRY_SECONDS[min(message.receives, len(RETRY_SECONDS)) - 1])
        self._queue.put(message)

    def _sent(self, message: QueuedMessage) -> None:
        self.result.counts["messages"] += 1
        if not message.user.has_message:
            message.user.has_message = True
            self.result.times_to_message.append(self.environment.now - message.user.began)
        if not message.code.arrival.triggered:
            message.code.arrival.succeed()


def run(storm: Storm, seed: int = 16) -> StormResult:
    """Simulate a storm until each user has tokens or gives up. Return the counts and times."""
    stack = SimulatedStack(storm, seed)
    stack.environment.run()
    return stack.result
