"""The handlers `create` and `verify` with a store and a queue in memory, and a clock that the test sets."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aws_lambda_powertools.logging import Logger

from passcode.adapters.telemetry import PowertoolsTelemetry
from passcode.channels.channel import Channel, Destination
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.delivery.envelope import ChangeNotice, Delivery
from passcode.delivery.notices import Notices
from passcode.delivery.sms_limits import SmsStop
from passcode.sign_in.create import SignInCreator
from passcode.sign_in.steps import RoundLimits
from passcode.sign_in.verify import check_sign_in
from passcode.token_service.challenge import Challenge
from passcode.token_service.policy import Policy
from tests.support.events import (
    CODE_ONLY_CLIENT,
    ENVIRONMENT,
    NOW,
    PASSWORD_CLIENT,
    SALT,
    SIGN_IN_KEY,
    attributes,
    code_of,
    entry,
    golden,
)
from tests.support.live_handlers import own_session
from tests.support.memory_stores import MemoryStore, code_mac

# The handlers read their environment at import.
with own_session(ENVIRONMENT):
    import create_auth_challenge
    import define_auth_challenge
    import verify_auth_challenge

LIMITS = RoundLimits(answers=5, resends=3)
ORDER = (EMAIL, SMS)
DISCARDED_TELEMETRY = PowertoolsTelemetry("test", Logger(service="test", stream=io.StringIO()))


@dataclass
class SignInHandlers:
    """The handlers `create` and `verify` with their dependencies. `now` is the only clock."""

    policy: Policy = field(default_factory=Policy)
    store: MemoryStore = field(default_factory=MemoryStore)
    telemetry: PowertoolsTelemetry = DISCARDED_TELEMETRY
    queued: list[Delivery] = field(default_factory=list)
    puts: list[Delivery] = field(default_factory=list)  # with the repeats that the queue drops
    notices: list[ChangeNotice] = field(default_factory=list)
    answered: list[Challenge] = field(default_factory=list)
    macs: list[bytes] = field(default_factory=list)
    order: tuple[Channel, ...] = ORDER
    choice_asked: bool = False
    sms_stop: Callable[[Destination | None, int], SmsStop | None] = lambda _to, _now: None
    now: int = NOW
    invocations: int = 0

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke `create` once, with a new nonce and a new round. Returns its response."""
        sign_in = SignInCreator(
            store=self.store,
            put=self.put,
            notices=Notices(self.put_notice, self.telemetry),
            policy=self.policy,
            limits=LIMITS,
            choice_asked=self.choice_asked,
            sms_stop=self.sms_stop,
        )
        self.invocations += 1
        nonce, round_id = f"{self.invocations:032x}", f"{self.invocations:016x}"
        filled = create_auth_challenge.respond(
            event, sign_in, self.order, SALT, self.telemetry, nonce, round_id, self.now
        )
        assert filled is event, "Cognito requires its whole event in the return value"
        return dict(filled["response"])

    def verify(self, event: dict[str, Any]) -> bool:
        """Invoke `verify` once. Returns its answerCorrect."""
        judge = partial(
            check_sign_in,
            order=self.order,
            code_mac=self.code_mac,
            store=self.store,
            policy=self.policy,
            now=self.now,
            salt=SALT,
        )
        filled = verify_auth_challenge.respond(
            event, judge, lambda _, c: self.answered.append(c), self.telemetry
        )
        assert filled is event, "Cognito requires its whole event in the return value"
        assert list(filled["response"]) == ["answerCorrect"]
        return bool(filled["response"]["answerCorrect"])

    def put(self, delivery: Delivery) -> None:
        """Queue a delivery. As the FIFO queue, it drops one that has the id of another."""
        self.puts.append(delivery)
        if delivery.id not in [queued.id for queued in self.queued]:
            self.queued.append(delivery)

    def put_notice(self, notice: ChangeNotice) -> None:
        """Queue a notice. To test a failure, replace this method."""
        self.notices.append(notice)

    def code_mac(self, message: bytes) -> bytes:
        """The MAC key. It records the messages that it was used for."""
        self.macs.append(message)
        return code_mac(message)

    def issued(self, **changes: Any) -> Challenge:
        """A challenge that `create` has just issued for the golden user. `changes` are applied afterwards."""
        private = self.create(golden("create_first"))["privateChallengeParameters"]["challenge"]
        return Challenge.unpack(private)._replace(**changes)

    def new_round(self) -> str:
        """The id of a new round."""
        self.invocations += 1
        return f"{self.invocations:016x}"

    def touched(self) -> tuple[int, int, int]:
        """The numbers of writes, of messages and of derived codes."""
        return len(self.store.writes), len(self.queued), len(self.macs)


@dataclass
class Flow:
    """One sign-in, by code alone unless `with_password`. It calls the handlers in Cognito's order."""

    handlers: SignInHandlers
    user: Mapping[str, str] = field(default_factory=attributes)
    user_not_found: bool = False
    with_password: bool = False
    history: list[dict[str, object]] = field(default_factory=list)
    response: dict[str, Any] = field(default_factory=dict)

    def start(self) -> str:
        """Do the steps of InitiateAuth, and prove the password if there is one."""
        if self.with_password:
            self.history += [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]
        return self._next({})

    def answer(self, answer: object, **metadata: object) -> str:
        """Do the steps of RespondToAuthChallenge. Returns the next challenge's name, `tokens` or `fail`."""
        private = self.response["privateChallengeParameters"]
        event = self._event("verify_plain", metadata)
        event["request"] |= {"challengeAnswer": answer, "privateChallengeParameters": private}
        right = self.handlers.verify(event)
        self.history.append(entry("CUSTOM_CHALLENGE", right, self.response["challengeMetadata"]))
        return self._next(metadata)

    @property
    def public(self) -> dict[str, str]:
        """The ChallengeParameters that the app sees."""
        return dict(self.response["publicChallengeParameters"])

    @property
    def challenge(self) -> Challenge:
        """The challenge that `verify` gets."""
        return Challenge.unpack(self.response["privateChallengeParameters"]["challenge"])

    def _next(self, metadata: Mapping[str, object]) -> str:
        event = self._event("define_first_null_session", metadata)
        step = define_auth_challenge.respond(event, frozenset({CODE_ONLY_CLIENT}), LIMITS)["response"]
        if step["challengeName"] is None:
            return "tokens" if step["issueTokens"] else "fail"
        self.response = self.handlers.create(self._event("create_first", metadata))
        return str(step["challengeName"])

    def _event(self, name: str, metadata: Mapping[str, object]) -> dict[str, Any]:
        event = golden(name, userAttributes=dict(self.user), session=self.history)
        event["callerContext"]["clientId"] = PASSWORD_CLIENT if self.with_password else CODE_ONLY_CLIENT
        if metadata:
            event["request"]["clientMetadata"] = dict(metadata)
        if self.user_not_found:
            event["request"]["userNotFound"] = True
        return event


def answered(
    handlers: SignInHandlers, to: Challenge, answer: object, round_id: str = "", **request: object
) -> bool:
    """The result of `verify` for `answer` in the round `round_id`, by default a new one."""
    private = {"challenge": to.pack(), "round": round_id or handlers.new_round()}
    return handlers.verify(
        golden("verify_plain", privateChallengeParameters=private, challengeAnswer=answer, **request)
    )


def failures(handlers: SignInHandlers) -> int:
    """The number of wrong answers counted so far."""
    return handlers.store.records[SIGN_IN_KEY].failures


CODE = code_of(SignInHandlers().issued())
