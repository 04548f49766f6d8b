"""Unknown users. Cognito runs the triggers for them too, with `userNotFound` and no attributes."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.cognito_contract.app import CODE, VERIFIER, App, Deployment
from tests.support.challenge_triggers import CognitoError
from tests.support.custom_auth import WRONG_NAME_OR_PASSWORD, AuthResponse
from tests.support.events import PASSWORD_CLIENT


def rounds(app: App) -> list[tuple[str, ...]]:
    """Start, answer wrongly, request a message, and answer to the end. Returns all that the app sees."""
    seen: list[tuple[str, ...]] = []
    wrong = partial(app.answer, "00000000")
    steps: list[Callable[[], AuthResponse]] = [app.start, wrong, app.resend, *[wrong] * 4]
    for step in steps:
        try:
            response = step()
        except CognitoError as error:
            seen.append((error.code, str(error)))
            break
        parameters = {key: value for key, value in response.parameters.items() if key != "USERNAME"}
        seen.append((response.challenge, *map(str, parameters.items())))
    return seen


def test_an_unknown_user_sees_the_same_as_a_known_one(deployment: Deployment) -> None:
    known, unknown = deployment.app(), deployment.stranger()
    seen = rounds(unknown)
    events = deployment.called()
    assert len(seen) > 3
    assert seen == rounds(known)
    assert all(event["request"]["userNotFound"] is True for event in events)
    assert not any(event["request"].get("userAttributes") for event in events)


def test_an_unknown_user_gets_no_message_and_no_tokens(deployment: Deployment) -> None:
    app = deployment.stranger()
    deployment.functions.deliver()
    before = len(deployment.functions.outbox)
    app.start()
    assert app.response.challenge == CODE
    deployment.functions.deliver()
    assert len(deployment.functions.outbox) == before
    steps = [call.result["response"] for call in deployment.triggers.calls]
    assert not any(step.get("issueTokens") for step in steps)


def test_the_code_of_a_known_user_is_wrong_for_an_unknown_one(deployment: Deployment) -> None:
    known, unknown = deployment.app(), deployment.stranger()
    known.begin()
    unknown.start()
    assert unknown.answer(known.code).challenge == CODE


def test_an_unknown_user_fails_at_the_password_as_a_known_one(deployment: Deployment) -> None:
    texts = set()
    for app in (deployment.stranger(PASSWORD_CLIENT), deployment.app(PASSWORD_CLIENT)):
        assert app.start_with_srp().challenge == VERIFIER
        with pytest.raises(CognitoError) as refused:
            app.respond(VERIFIER, {}, PASSWORD_CLAIM_SIGNATURE="a wrong password")
        texts.add((refused.value.code, str(refused.value)))
    assert texts == {("NotAuthorizedException", WRONG_NAME_OR_PASSWORD)}


def test_a_name_that_gets_a_user_during_the_sign_in_gives_no_tokens(deployment: Deployment) -> None:
    """The open sign-in stays that of an unknown user."""
    app = deployment.stranger()
    app.start()
    new = deployment.app(attributes={"email": app.name})
    new.begin()
    assert app.answer(new.code).challenge == CODE
    assert new.answer(new.code).has_tokens
