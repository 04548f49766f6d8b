"""The scenario of an unknown user: an attacker must not see any difference from a known user."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from botocore.exceptions import ClientError

from demo_client.demo_users import DemoUser
from demo_client.local_stack_api import Inbox
from demo_client.scenarios.console import ScenarioConsole
from demo_client.scenarios.fixtures import DemoEnvironment, expect

_MAX_GUESSES = 12


def compare_unknown_user(environment: DemoEnvironment, console: ScenarioConsole) -> DemoUser:
    """Compare the sign-ins of an unknown and a known user: parameters, guesses, refusal.

    Returns the known user. Raises CliError.
    """
    console.heading("A user who does not exist looks like any other")
    unknown_email = f"unknown-{secrets.token_hex(2)}@passcode.example"
    unknown = _AnonymousCaller(environment, unknown_email)
    unknown_parameters = unknown.start()
    # Lin gets her codes by SMS. The responses do not show it, because nothing is proven yet.
    lin = environment.create_user("lin", "sms")
    known = _AnonymousCaller(environment, lin.email)
    known_parameters = known.start()
    expect(
        _without_name(known_parameters) == _without_name(unknown_parameters),
        "an unknown user gets other parameters",
    )
    console.side_by_side(known_parameters, unknown_parameters)
    results = known.guess_until_refused(), unknown.guess_until_refused()
    expect(results[0] == results[1], "an unknown user is refused differently")
    expect(not Inbox(environment.stack, unknown_email).messages("email"), "an unknown user got a message")
    guesses, refusal = results[0]
    console.refusal(f"Both sign-ins end after {guesses} guesses with the same error: {refusal}")
    console.success(
        "No message was sent to the unknown user. The responses are identical except USERNAME, which Cognito "
        "generates."
    )
    return lin


def _without_name(parameters: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value for key, value in parameters.items() if key != "USERNAME"}


class _AnonymousCaller:
    """A caller who knows only an email address.

    It reads Cognito's raw responses, which could reveal a user.
    """

    def __init__(self, environment: DemoEnvironment, email: str) -> None:
        self._cognito = environment.cognito
        self._client_id = environment.pool.code_only_client_id
        self._email = email
        self._session = ""
        self._digits = 0

    def start(self) -> Mapping[str, str]:
        """Start a sign-in; returns the challenge parameters."""
        response = self._cognito.initiate_auth(
            AuthFlow="CUSTOM_AUTH", ClientId=self._client_id, AuthParameters={"USERNAME": self._email}
        )
        self._session = response["Session"]
        self._digits = int(response["ChallengeParameters"]["codeLength"])
        return response["ChallengeParameters"]

    def guess_until_refused(self) -> tuple[int, str]:
        """Guess until Cognito refuses; returns the number of guesses and the text of the refusal."""
        for guesses in range(1, _MAX_GUESSES):
            try:
                self._guess()
            except ClientError as error:
                return guesses, error.response["Error"]["Message"]
        return _MAX_GUESSES, "none"

    def _guess(self) -> None:
        response = self._cognito.respond_to_auth_challenge(
            ClientId=self._client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=self._session,
            ChallengeResponses={"USERNAME": self._email, "ANSWER": "0" * self._digits},
        )
        self._session = response["Session"]
