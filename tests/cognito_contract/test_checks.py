"""The state machine refuses functions that break AWS's contract, and bad requests, as AWS does."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.cognito_contract.app import FORMS
from tests.support.challenge_triggers import (
    CREATE,
    DEFINE,
    FUNCTIONS,
    TRIGGER_CALLS,
    VERIFY,
    ChallengeTriggers,
    CognitoError,
    EventForm,
)
from tests.support.custom_auth import AuthResponse, CustomAuth, PoolUser
from tests.support.virtual_clock import Clock

Event = dict[str, Any]
ALWAYS_RIGHT: dict[str, dict[str, Any]] = {
    "create_auth_challenge": {
        "publicChallengeParameters": {"hint": "four"},
        "privateChallengeParameters": {"answer": "4"},
        "challengeMetadata": "round",
    },
    "verify_auth_challenge": {"answerCorrect": True},
}


def define(event: Event) -> Event:
    """Ask for the password after SRP_A, then for one custom challenge, and issue tokens."""
    steps = {"SRP_A": "PASSWORD_VERIFIER", "CUSTOM_CHALLENGE": None}
    session = event["request"].get("session") or [{"challengeName": ""}]
    name = steps.get(session[-1]["challengeName"], "CUSTOM_CHALLENGE")
    return {"challengeName": name, "issueTokens": name is None, "failAuthentication": False}


ABSENT, NULL, LATER = FORMS.values()


class Functions:
    """Small functions that keep the contract. `change` replaces the result of one of them."""

    def __init__(self, form: EventForm = ABSENT, changed: str = "", change: Any = None) -> None:
        self.changed, self.change = changed, change
        self.clock = Clock(0.0)
        self.pool = CustomAuth(ChallengeTriggers(self.invoke, self.clock, form=form))
        self.pool.users["ada"] = PoolUser({"sub": "ada", "email": "ada@people.example"}, "password")

    def invoke(self, name: str, event: Event) -> Any:
        filled = event | {"response": copy.deepcopy(ALWAYS_RIGHT.get(name) or define(event))}
        return self.change(filled) if name == self.changed else filled

    def start(self, **parameters: str) -> AuthResponse:
        return self.pool.initiate_auth("client", {"USERNAME": "ada"} | parameters)

    def sign_in(self) -> AuthResponse:
        response = self.start()
        return self.pool.respond_to_auth_challenge(
            "client", response.challenge, response.session, {"ANSWER": "4"}
        )


def put(*path: str, value: object) -> Callable[[Event], Event]:
    """A change of one value in the result of a function."""

    def change(filled: Event) -> Event:
        part = filled
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
        return filled

    return change


def drop(*path: str) -> Callable[[Event], Event]:
    """A result without one key."""

    def change(filled: Event) -> Event:
        part = filled
        for key in path[:-1]:
            part = part[key]
        del part[path[-1]]
        return filled

    return change


STEP = {"challengeName": None, "issueTokens": False, "failAuthentication": False}
BROKEN: dict[str, tuple[str, Callable[[Event], Any]]] = {
    "returns nothing": (DEFINE, lambda _: None),
    "returns the response only": (VERIFY, lambda filled: filled["response"]),
    "drops the request": (CREATE, drop("request")),
    "drops the callerContext": (DEFINE, drop("callerContext")),
    "changes the request": (VERIFY, put("request", "challengeAnswer", value="")),
    "adds to the request": (CREATE, put("request", "more", value=1)),
    "drops a key of a later version": (DEFINE, drop("keyOfALaterVersion")),
    "drops a nested key of a later version": (VERIFY, drop("request", "keyOfALaterVersion")),
    "sets no response": (VERIFY, put("response", value=None)),
    "adds to the response": (VERIFY, put("response", "reason", value="")),
    "names no step": (DEFINE, put("response", value=STEP)),
    "names two steps": (DEFINE, put("response", "failAuthentication", value=True)),
    "names an unknown challenge": (DEFINE, put("response", "challengeName", value="CAPTCHA")),
    "issues tokens with a string": (DEFINE, put("response", "issueTokens", value="false")),
    "leaves failAuthentication out": (DEFINE, drop("response", "failAuthentication")),
    "asks for the password without SRP": (
        DEFINE,
        put("response", "challengeName", value="PASSWORD_VERIFIER"),
    ),
    "asks for a new password at once": (
        DEFINE,
        put("response", "challengeName", value="NEW_PASSWORD_REQUIRED"),
    ),
    "has a number in the public parameters": (
        CREATE,
        put("response", "publicChallengeParameters", "left", value=5),
    ),
    "has an object in the private parameters": (
        CREATE,
        put("response", "privateChallengeParameters", "challenge", value={}),
    ),
    "sets no private parameters": (CREATE, drop("response", "privateChallengeParameters")),
    "sets no metadata": (CREATE, put("response", "challengeMetadata", value=None)),
    "answers with a string": (VERIFY, put("response", "answerCorrect", value="true")),
    "does not answer": (VERIFY, put("response", value={})),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_functions_that_keep_the_contract_sign_a_user_in(form: EventForm) -> None:
    assert Functions(form).sign_in().has_tokens


@pytest.mark.parametrize(("trigger", "change"), BROKEN.values(), ids=BROKEN)
def test_a_function_that_breaks_the_contract_is_refused(trigger: str, change: Callable[[Event], Any]) -> None:
    with pytest.raises(CognitoError) as refused:
        Functions(LATER, FUNCTIONS[trigger], change).sign_in()
    assert refused.value.code == "InvalidLambdaResponseException"
    assert trigger in str(refused.value)


@pytest.mark.parametrize("trigger", [DEFINE, CREATE, VERIFY])
def test_the_app_gets_the_text_of_an_exception(trigger: str) -> None:
    def fail(_: Event) -> None:
        raise RuntimeError("a text")

    with pytest.raises(CognitoError) as failed:
        Functions(changed=FUNCTIONS[trigger], change=fail).sign_in()
    assert failed.value.code == "UserLambdaValidationException"
    assert str(failed.value) == f"{trigger} failed with error a text."


@pytest.mark.parametrize(("slow", "has_tokens"), [(TRIGGER_CALLS - 1, True), (TRIGGER_CALLS, False)])
def test_a_slow_function_is_called_again(slow: int, has_tokens: bool) -> None:
    events = []

    def late(filled: Event) -> Event:
        events.append(filled["request"])
        functions.clock.now += 5.1 if len(events) <= slow else 0
        return filled

    functions = Functions(changed="verify_auth_challenge", change=late)
    if has_tokens:
        assert functions.sign_in().has_tokens
    else:
        with pytest.raises(CognitoError) as failed:
            functions.sign_in()
        assert failed.value.code == "UnexpectedLambdaException"
    assert len(events) == TRIGGER_CALLS
    assert all(event == events[0] for event in events)


def test_only_a_custom_challenge_has_metadata_in_the_history() -> None:
    functions = Functions(NULL)
    first = functions.start(CHALLENGE_NAME="SRP_A", SRP_A="a1")
    second = functions.pool.respond_to_auth_challenge(
        "client", first.challenge, first.session, {"PASSWORD_CLAIM_SIGNATURE": "password"}
    )
    functions.pool.respond_to_auth_challenge("client", second.challenge, second.session, {"ANSWER": "4"})
    history = functions.pool.triggers.calls[-1].event["request"]["session"]
    assert [(entry["challengeName"], entry["challengeMetadata"]) for entry in history] == [
        ("SRP_A", None),
        ("PASSWORD_VERIFIER", None),
        ("CUSTOM_CHALLENGE", "round"),
    ]


@pytest.mark.parametrize("case", ["another client", "another challenge", "used", "expired", "made up"])
def test_a_session_that_is_not_open_is_refused(case: str) -> None:
    functions = Functions()
    response = functions.start()
    client, challenge, session = "client", response.challenge, response.session
    if case == "another client":
        client = "another"
    elif case == "another challenge":
        challenge = "PASSWORD_VERIFIER"
    elif case == "used":
        functions.pool.respond_to_auth_challenge(client, challenge, session, {"ANSWER": "4"})
    elif case == "expired":
        functions.clock.now += functions.pool.session_seconds
    else:
        session = "made up"
    with pytest.raises(CognitoError) as refused:
        functions.pool.respond_to_auth_challenge(client, challenge, session, {"ANSWER": "4"})
    assert refused.value.code == "NotAuthorizedException"
    assert str(refused.value).startswith("Invalid session for the user")


@pytest.mark.parametrize(
    ("form", "known", "unknown"),
    [
        (ABSENT, {"userAttributes"}, {"userNotFound"}),
        (NULL, {"userAttributes", "userNotFound"}, {"userAttributes", "userNotFound"}),
    ],
)
def test_the_fields_of_an_event_without_metadata(form: EventForm, known: set[str], unknown: set[str]) -> None:
    functions = Functions(form)
    functions.start()
    functions.start(USERNAME="unknown")
    events = [call.event["request"] for call in functions.pool.triggers.calls if call.trigger == DEFINE]
    more = {"session", "clientMetadata"} if form.without_value == "null" else set()
    assert [event.keys() - more for event in events] == [known, unknown]
    assert events[0]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert not events[1].get("userAttributes")
    assert events[1]["userNotFound"] is True
