"""The chapter about a user who does not exist: what an outsider sees must not tell."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from botocore.exceptions import ClientError

from demo_client.local_stack_api import Inbox
from demo_client.scenarios.console import ScenarioConsole
from demo_client.scenarios.fixtures import DemoEnvironment, expect

_MAX_GUESSES = 12


def compare_unknown_user(environment: DemoEnvironment, console: ScenarioConsole) -> None:
    """Start both, compare what comes back, and guess until Cognito ends it."""
    console.heading("A user who does not exist looks like any other")
    nobody = f"nobody-{secrets.token_hex(2)}@passcode.example"
    unknown = _AnonymousCaller(environment, nobody)
    made_up = unknown.start()
    # Nobody is given a channel by chance, as people have theirs; the neighbour wants the same one.
    lin = environment.create_user("lin", made_up["channel"])
    known = _AnonymousCaller(environment, lin.email)
    told = known.start()
    expect(_without_name(told) == _without_name(made_up), "an unknown user is told something else")
    console.side_by_side(told, made_up)
    ends = known.guess_until_refused(), unknown.guess_until_refused()
    expect(ends[0] == ends[1], "an unknown user is refused in another way")
    expect(not Inbox(environment.stack, nobody).messages("email"), "a message went to nobody")
    rounds, refusal = ends[0]
    console.refusal(f"{rounds} guesses at each, and the same end for both: {refusal}")
    console.success(
        "No message went out to nobody. All that this stack says is the same; USERNAME is Cognito's."
    )


def _without_name(parameters: Mapping[str, str]) -> Mapping[str, str]:
    return {key: value for key, value in parameters.items() if key != "USERNAME"}


class _AnonymousCaller:
    """Somebody who knows an address and nothing else. Works on Cognito's raw answers: they leak."""

    def __init__(self, environment: DemoEnvironment, email: str) -> None:
        self._cognito = environment.cognito
        self._client_id = environment.pool.code_only_client_id
        self._email = email
        self._session = ""

    def start(self) -> Mapping[str, str]:
        reply = self._cognito.initiate_auth(
            AuthFlow="CUSTOM_AUTH", ClientId=self._client_id, AuthParameters={"USERNAME": self._email}
        )
        self._session = reply["Session"]
        return reply["ChallengeParameters"]

    def guess_until_refused(self) -> tuple[int, str]:
        """(Guesses made, the refusal that ended it)."""
        for guesses in range(1, _MAX_GUESSES):
            try:
                self._guess()
            except ClientError as error:
                return guesses, error.response["Error"]["Message"]
        return _MAX_GUESSES, "none"

    def _guess(self) -> None:
        reply = self._cognito.respond_to_auth_challenge(
            ClientId=self._client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=self._session,
            ChallengeResponses={"USERNAME": self._email, "ANSWER": "no code at all"},
        )
        self._session = reply["Session"]
