"""The proof of a password without sending it (SRP). pycognito does the arithmetic, and sends nothing."""

import warnings
from collections.abc import Mapping

from pycognito.aws_srp import AWSSRP


class PasswordProof:
    """`opening` goes out first, `answer` to what comes back. It holds the password, and shows it nowhere."""

    def __init__(self, pool_id: str, client_id: str, user_name: str, password: str) -> None:
        # Without a client of some kind it would build its own.
        self._srp = AWSSRP(user_name, password, pool_id, client_id, client=object())

    def opening(self) -> dict[str, str]:
        """The first AuthParameters."""
        return {"CHALLENGE_NAME": "SRP_A", **self._srp.get_auth_params()}

    def answer(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """The ChallengeResponses of PASSWORD_VERIFIER."""
        with warnings.catch_warnings():
            # It calls datetime.utcnow(), which Python 3.12 warns of.
            warnings.simplefilter("ignore", DeprecationWarning)
            answer = self._srp.process_challenge(parameters, self._srp.get_auth_params())
        return {str(key): str(value) for key, value in answer.items()}
