"""The chapter about a user who does not exist: what an outsider sees must not tell."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from botocore.exceptions import ClientError

from demo_client.local import Inbox
from demo_client.stage import Stage, expect
from demo_client.teller import Teller

_MORE_THAN_ALLOWED = 12


def an_unknown_user_looks_like_any_other(stage: Stage, teller: Teller) -> None:
    """Start both, compare what comes back, and guess until Cognito ends it."""
    teller.chapter("A user who does not exist looks like any other")
    nobody = f"nobody-{secrets.token_hex(2)}@passcode.example"
    known = _Outsider(stage, stage.person("lin", channel="email").email)
    unknown = _Outsider(stage, nobody)
    told, untrue = known.start(), unknown.start()
    expect(told.keys() == untrue.keys(), "an unknown user is told other things")
    expect(told["status"] == untrue["status"], "an unknown user has another status")
    teller.side_by_side(told, untrue)
    ends = known.guess_until_refused(), unknown.guess_until_refused()
    expect(ends[0] == ends[1], "an unknown user is refused in another way")
    expect(not Inbox(stage.stack, nobody).messages("email"), "a message went to nobody")
    rounds, refusal = ends[0]
    teller.refused(f"{rounds} guesses at each, and the same end for both: {refusal}")
    teller.good("Nobody got a message, and nobody can tell which of the two has an account.")


class _Outsider:
    """Somebody who knows an address and nothing else. Works on Cognito's raw answers: they leak."""

    def __init__(self, stage: Stage, email: str) -> None:
        self._cognito = stage.cognito
        self._client_id = stage.pool.code_only
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
        for guesses in range(1, _MORE_THAN_ALLOWED):
            try:
                self._guess()
            except ClientError as error:
                return guesses, error.response["Error"]["Message"]
        return _MORE_THAN_ALLOWED, "none"

    def _guess(self) -> None:
        reply = self._cognito.respond_to_auth_challenge(
            ClientId=self._client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=self._session,
            ChallengeResponses={"USERNAME": self._email, "ANSWER": "no code at all"},
        )
        self._session = reply["Session"]
