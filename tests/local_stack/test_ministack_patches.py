"""The local AWS responds as Cognito's developer guide says, where ministack alone would not."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_stack_user import Caller, new_user
from tools.local_stack.stack import Stack

PASSWORD = "a long enough password"


def events(stack: Stack, function: str, user_name: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("EVENT ") for line in stack.logs()[function] if line.startswith("EVENT ")]
    return [event for event in map(json.loads, lines) if event["userName"] == user_name]


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


DEAD = ("NotAuthorizedException", "Invalid session for the user.")
DENIED = ("NotAuthorizedException", "Incorrect username or password.")


def test_events_have_the_documented_fields_only(probed: Stack) -> None:
    email, sub = new_user(probed, PASSWORD)
    app = Caller(probed)
    response = app.start(email, ClientMetadata={"never": "arrives"})
    app.answer(response["Session"], email, "right", ClientMetadata={"does": "arrive"})

    first, last = events(probed, "define_auth_challenge", sub)
    [created] = events(probed, "create_auth_challenge", sub)
    [verified] = events(probed, "verify_auth_challenge", sub)
    assert set(first["request"]) == {"userAttributes", "session"}
    assert set(created["request"]) == {"userAttributes", "session", "challengeName"}
    assert set(verified["request"]) == {
        "userAttributes",
        "privateChallengeParameters",
        "challengeAnswer",
        "clientMetadata",
    }
    assert last["request"]["clientMetadata"] == {"does": "arrive"}
    assert last["request"]["session"] == [
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "probe"}
    ]
    assert created["request"]["userAttributes"] == {
        "email": email,
        "sub": sub,
        "cognito:user_status": "CONFIRMED",
    }


def test_the_challenge_has_the_user_name(probed: Stack) -> None:
    email, sub = new_user(probed, PASSWORD)
    assert Caller(probed).start(email)["ChallengeParameters"] == {"status": "SENT", "USERNAME": sub}


def test_an_unknown_user_runs_through_the_triggers_and_never_gets_tokens(probed: Stack) -> None:
    app, name = Caller(probed), "unknown@people.example"
    response = app.start(name)
    made_up = response["ChallengeParameters"]["USERNAME"]
    assert made_up[14] == "3"
    assert app.start(name)["ChallengeParameters"]["USERNAME"] == made_up
    again = app.answer(response["Session"], name, "wrong")
    with pytest.raises(ClientError) as error:
        app.answer(again["Session"], name, "right")
    assert refusal(error) == DENIED
    for function in ("define_auth_challenge", "create_auth_challenge", "verify_auth_challenge"):
        requests = [event["request"] for event in events(probed, function, made_up)]
        assert requests
        assert all(request["userNotFound"] is True and not request["userAttributes"] for request in requests)


@pytest.mark.parametrize("exists", [True, False])
def test_a_wrong_password_and_an_unknown_user_get_the_same_error(probed: Stack, exists: bool) -> None:
    email = new_user(probed, PASSWORD)[0] if exists else "unknown@people.example"
    with pytest.raises(ClientError) as error:
        Caller(probed, "password_and_code").prove(email, "not the password")
    assert refusal(error) == DENIED


def test_a_session_is_valid_for_one_answer(probed: Stack) -> None:
    email, _ = new_user(probed, PASSWORD)
    app = Caller(probed)
    first = app.start(email)["Session"]
    second = app.answer(first, email, "wrong")["Session"]
    with pytest.raises(ClientError) as error:
        app.answer(first, email, "right")
    assert refusal(error) == DEAD
    assert app.answer(second, email, "right")["AuthenticationResult"]["AccessToken"]
    with pytest.raises(ClientError) as error:
        app.answer(second, email, "right")
    assert refusal(error) == DEAD


def test_a_session_is_valid_for_its_own_client_and_challenge(probed: Stack) -> None:
    email, _ = new_user(probed, PASSWORD)
    app = Caller(probed)
    with pytest.raises(ClientError) as error:
        Caller(probed, "password_and_code").answer(app.start(email)["Session"], email, "right")
    assert refusal(error) == DEAD
    session, taken = (
        app.start(email)["Session"],
        {"USERNAME": email, "NEW_PASSWORD": "the password of the thief"},
    )
    with pytest.raises(ClientError) as error:
        app.respond(session, "NEW_PASSWORD_REQUIRED", taken)
    assert refusal(error) == DEAD


def test_a_trigger_that_raises_ends_the_sign_in_with_its_text(probed: Stack) -> None:
    email, _ = new_user(probed, PASSWORD)
    app = Caller(probed)
    session = app.start(email)["Session"]
    with pytest.raises(ClientError) as error:
        app.answer(session, email, "wrong", ClientMetadata={"probe_action": "raise"})
    assert refusal(error) == (
        "UserLambdaValidationException",
        "CreateAuthChallenge failed with error Ask again later.",
    )
    with pytest.raises(ClientError) as error:
        app.answer(session, email, "right")
    assert refusal(error) == DEAD


def test_rounds_are_not_capped(probed: Stack) -> None:
    email, _ = new_user(probed, PASSWORD)
    app = Caller(probed)
    response = app.start(email)
    for _ in range(6):
        response = app.answer(response["Session"], email, "wrong")
    assert "AuthenticationResult" in app.answer(response["Session"], email, "right")


def test_a_new_password_does_not_replace_the_code(probed: Stack) -> None:
    email, sub = new_user(probed, PASSWORD, permanent=False)
    app = Caller(probed, "password_and_code")
    response = app.prove(email, PASSWORD)
    assert response["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    chosen = {"USERNAME": email, "NEW_PASSWORD": "a new long password"}
    response = app.respond(response["Session"], "NEW_PASSWORD_REQUIRED", chosen)
    assert response["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert "AuthenticationResult" in app.answer(response["Session"], email, "right")
    history = events(probed, "define_auth_challenge", sub)[-1]["request"]["session"]
    assert [entry["challengeName"] for entry in history] == [
        "SRP_A",
        "PASSWORD_VERIFIER",
        "NEW_PASSWORD_REQUIRED",
        "CUSTOM_CHALLENGE",
    ]
    assert app.prove(email, "a new long password")["ChallengeName"] == "CUSTOM_CHALLENGE"


def test_functions_have_the_permissions_of_their_roles_only(probed: Stack) -> None:
    email, _ = new_user(probed, PASSWORD)
    app = Caller(probed)
    response = app.answer(
        app.start(email)["Session"], email, "wrong", ClientMetadata={"probe_action": "reach"}
    )
    reached = response["ChallengeParameters"]
    assert reached["own item"] == reached["queue"] == "done"
    assert reached["foreign item"] == reached["mail"] == "AccessDeniedException"


def test_a_busy_machine_ends_no_function_and_the_settings_stay(probed: Stack) -> None:
    email, _ = new_user(probed, PASSWORD)
    app = Caller(probed)
    response = app.answer(
        app.start(email)["Session"], email, "wrong", ClientMetadata={"probe_action": "time-outs"}
    )
    found = response["ChallengeParameters"]
    assert (found["connect"], found["read"], found["function"]) == ("20", "20", "60")
    name = probed.functions["create_auth_challenge"]
    assert probed.client("lambda").get_function_configuration(FunctionName=name)["Timeout"] == 5
