"""Cognito's password proof (SRP): pycognito does the arithmetic, nothing here sends anything."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from pycognito.aws_srp import AWSSRP

from demo_client.pool import Pool


class PasswordProof:
    """Proves a password without sending it. `opening` goes out first, `answer` to what comes back."""

    def __init__(self, pool: Pool, client_id: str, user: str, password: str) -> None:
        # Without a client of some kind it would build its own, and look for credentials to do so.
        self._srp = AWSSRP(user, password, pool.user_pool_id, client_id, client=object())

    def opening(self) -> dict[str, str]:
        return {"CHALLENGE_NAME": "SRP_A", **self._srp.get_auth_params()}

    def answer(self, challenge_parameters: Mapping[str, str]) -> dict[str, str]:
        with warnings.catch_warnings():
            # It calls datetime.utcnow(), which Python 3.12 warns of; the people at the prompt cannot help it.
            warnings.simplefilter("ignore", DeprecationWarning)
            answer = self._srp.process_challenge(challenge_parameters, self._srp.get_auth_params())
        return {str(key): str(value) for key, value in answer.items()}
