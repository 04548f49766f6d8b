"""Cognito's side of the three challenge triggers: the events, the calls, and the checks of the responses.

It follows AWS's pages only, and uses no code of the product. The pages are in the Cognito developer guide:
"Customizing user pool workflows with Lambda triggers", and one each for "Define Auth challenge", "Create Auth
challenge" and "Verify Auth challenge response".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.virtual_clock import Clock, Cut

Event = dict[str, Any]
# Calls the Lambda function with this name. Raises its exception, or `Cut`.
Invoke = Callable[[str, Event], Any]

DEFINE, CREATE, VERIFY = "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"
FUNCTIONS = {
    DEFINE: "define_auth_challenge",
    CREATE: "create_auth_challenge",
    VERIFY: "verify_auth_challenge",
}
# Cognito waits five seconds for a trigger, and then calls it again. Since March 2026 the page does not say
# how often. Before, it was three times.
TRIGGER_SECONDS, TRIGGER_CALLS = 5.0, 3
# The names that `define` may return: the challenges of the page "Define Auth challenge".
CHALLENGES = {
    "CUSTOM_CHALLENGE",
    "PASSWORD_VERIFIER",
    "NEW_PASSWORD_REQUIRED",
    "SMS_MFA",
    "EMAIL_OTP",
    "SOFTWARE_TOKEN_MFA",
    "DEVICE_SRP_AUTH",
    "DEVICE_PASSWORD_VERIFIER",
    "ADMIN_NO_SRP_AUTH",
}


class CognitoError(Exception):
    """An error of Cognito, as the app gets it. `code` is the name of AWS's exception."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class TriggerFailed(CognitoError):
    """A trigger failed, was too slow, or broke the contract."""


def invalid_response(trigger: str, fault: str) -> TriggerFailed:
    """The error after a response that breaks the contract. AWS's text does not name the fault."""
    return TriggerFailed("InvalidLambdaResponseException", f"Unrecognizable lambda output: {trigger} {fault}")


@dataclass(frozen=True)
class EventForm:
    """The form of events where AWS's pages leave it open.

    `without_value` says how a field without a value looks. `prefilled` events have the keys of the response
    with null. `more_keys` adds a key to each object of an event: AWS may add keys at any time.
    """

    without_value: Literal["absent", "null", "empty"] = "absent"
    prefilled: bool = False
    more_keys: bool = False

    def put(self, into: Event, key: str, value: Any, empty: Any) -> None:
        """Set a field. If the value is false, the field gets this form."""
        if value or self.without_value == "empty":
            into[key] = value or empty
        elif self.without_value == "null":
            into[key] = None


@dataclass
class Session:
    """One sign-in. `public` has the ChallengeParameters, `private` is for the next `verify` only.

    `history` is the list of challenge results. `user` is the user name.
    """

    user: str
    client: str
    history: list[dict[str, Any]]
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_unknown: bool = False
    public: dict[str, str] = field(default_factory=dict)
    private: dict[str, str] = field(default_factory=dict)
    metadata: str | None = None


@dataclass(frozen=True)
class TriggerCall:
    """One call of a trigger: its event, and its result or its exception."""

    trigger: str
    event: Event
    result: Any


@dataclass
class ChallengeTriggers:
    """The triggers of one pool. `invoke` calls a Lambda function.

    `repeated` maps a trigger to the call whose result Cognito uses. For these triggers, Cognito makes two
    calls with the same event. `calls` has all calls, oldest first.
    """

    invoke: Invoke
    clock: Clock
    region: str = "eu-central-1"
    pool_id: str = "eu-central-1_Ex4mpl3Aa"
    form: EventForm = EventForm()
    repeated: dict[str, Literal["first", "second"]] = field(default_factory=dict)
    calls: list[TriggerCall] = field(default_factory=list)

    def define(self, session: Session, metadata: Mapping[str, str]) -> dict[str, Any]:
        """Return the response of `define`: exactly one of a challenge, tokens and a failure."""
        event = self.event(DEFINE, session, metadata)
        self._add_history(event, session)
        response = self.call(DEFINE, event)
        issues, fails = response.get("issueTokens"), response.get("failAuthentication")
        name = response.get("challengeName")
        _expect(isinstance(issues, bool), DEFINE, "sets no boolean issueTokens")
        _expect(isinstance(fails, bool), DEFINE, "sets no boolean failAuthentication")
        _expect(name is None or name in CHALLENGES, DEFINE, f"names the challenge {name!r}")
        _expect([issues, fails, name is not None].count(True) == 1, DEFINE, "does not name exactly one step")
        return response

    def create(self, session: Session, challenge: str, metadata: Mapping[str, str]) -> None:
        """Call `create` for the next challenge, and keep its response in `session`."""
        event = self.event(CREATE, session, metadata)
        event["request"]["challengeName"] = challenge
        self._add_history(event, session)
        response = self.call(CREATE, event)
        for key in ("publicChallengeParameters", "privateChallengeParameters"):
            _expect(_has_strings_only(response.get(key)), CREATE, f"sets no map of strings in {key}")
        _expect(isinstance(response.get("challengeMetadata"), str), CREATE, "sets no challengeMetadata")
        session.public = response["publicChallengeParameters"]
        session.private = response["privateChallengeParameters"]
        session.metadata = response["challengeMetadata"]

    def verify(self, session: Session, answer: str, metadata: Mapping[str, str]) -> bool:
        """Return the answerCorrect of `verify`, and add the result to the history."""
        event = self.event(VERIFY, session, metadata)
        event["request"] |= {"privateChallengeParameters": dict(session.private), "challengeAnswer": answer}
        response = self.call(VERIFY, event)
        is_right = response.get("answerCorrect")
        _expect(isinstance(is_right, bool), VERIFY, "sets no boolean answerCorrect")
        session.history = [*session.history, result_of("CUSTOM_CHALLENGE", is_right, session.metadata)]
        return bool(is_right)

    def event(self, trigger: str, session: Session, metadata: Mapping[str, str]) -> Event:
        """Return the event with the fields of all three triggers."""
        request: Event = {}
        if session.is_unknown:
            # The pages do not say which attributes an unknown user has.
            self.form.put(request, "userAttributes", {}, {})
            request["userNotFound"] = True
        else:
            more = {"cognito:attribute_of_a_later_version": "value"} if self.form.more_keys else {}
            request["userAttributes"] = dict(session.attributes) | more
            self.form.put(request, "userNotFound", False, False)
        self.form.put(request, "clientMetadata", dict(metadata), {})
        event: Event = {
            "version": "1",
            "triggerSource": f"{trigger}_Authentication",
            "region": self.region,
            "userPoolId": self.pool_id,
            "userName": session.user,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": session.client},
            "request": request,
            "response": dict.fromkeys(_RESPONSES.get(trigger, ())) if self.form.prefilled else {},
        }
        if self.form.more_keys:
            event["callerContext"] |= _MORE_KEYS
            request |= _MORE_KEYS
            event |= _MORE_KEYS
        return event

    def call(self, trigger: str, event: Event, function: str = "") -> dict[str, Any]:
        """Call a trigger until it answers in time, and return the response in its result.

        Raises `TriggerFailed` if the function fails, is too slow each time, or breaks the contract.
        """
        function = function or FUNCTIONS[trigger]
        used = self._call_until_in_time(trigger, function, event)
        which = self.repeated.get(trigger)
        if which:
            second = self._call_until_in_time(trigger, function, event)
            used = second if which == "second" else used
        if isinstance(used, Exception):
            text = f"{trigger} failed with error {used}."
            raise TriggerFailed("UserLambdaValidationException", text)
        return _response(trigger, event, used)

    def _call_until_in_time(self, trigger: str, function: str, event: Event) -> Any:
        for _ in range(TRIGGER_CALLS):
            started = self.clock.now
            result = self._call_once(function, event)
            self.calls.append(TriggerCall(trigger, event, result))
            if self.clock.now - started <= TRIGGER_SECONDS and not isinstance(result, Cut):
                return result
        text = f"{trigger} invocation failed due to error Socket timeout while invoking Lambda function."
        raise TriggerFailed("UnexpectedLambdaException", text)

    def _call_once(self, function: str, event: Event) -> Any:
        """Return the result, the exception of the function, or the `Cut` after its time-out."""
        try:
            # Lambda passes JSON.
            return json.loads(json.dumps(self.invoke(function, json.loads(json.dumps(event)))))
        except Cut as cut:
            return RuntimeError("Runtime exited") if "killed" in str(cut) else cut
        except Exception as error:
            return error

    def _add_history(self, event: Event, session: Session) -> None:
        entries = []
        for result in session.history:
            entry = {key: result[key] for key in ("challengeName", "challengeResult")}
            # Only a custom challenge has metadata.
            self.form.put(entry, "challengeMetadata", result["challengeMetadata"], None)
            entries.append(entry | (_MORE_KEYS if self.form.more_keys else {}))
        self.form.put(event["request"], "session", entries, [])


_MORE_KEYS = {"keyOfALaterVersion": {"nested": ["value"]}}
_RESPONSES = {
    DEFINE: ("challengeName", "issueTokens", "failAuthentication"),
    CREATE: ("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata"),
    VERIFY: ("answerCorrect",),
}


def result_of(challenge: str, result: bool | None, metadata: str | None = None) -> dict[str, Any]:
    """Return one entry of a history, as Cognito keeps it."""
    return {"challengeName": challenge, "challengeResult": result, "challengeMetadata": metadata}


def _response(trigger: str, event: Event, result: Any) -> dict[str, Any]:
    """Return the response in `result`. The function has to return the whole event."""
    _expect(isinstance(result, dict), trigger, "returns no object")
    for key in event:
        _expect(key in result, trigger, f"does not return {key!r}")
        _expect(key == "response" or result[key] == event[key], trigger, f"returns another {key!r}")
    response = result["response"]
    if trigger in _RESPONSES:
        _expect(isinstance(response, dict), trigger, "returns no response object")
        _expect(response.keys() <= set(_RESPONSES[trigger]), trigger, "adds keys to the response")
    return response  # type: ignore[no-any-return]


def _expect(condition: bool, trigger: str, fault: str) -> None:
    if not condition:
        raise invalid_response(trigger, fault)


def _has_strings_only(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for pair in value.items() for each in pair)
