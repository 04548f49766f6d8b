"""The client of the token service: one method for each operation."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import boto3
from botocore.credentials import Credentials

from . import responses
from .errors import UNREACHABLE, Unreachable
from .responses import Created, Introspection, Proof
from .transport import HttpTransport

# Pauses before the second and the third request, in seconds.
_RETRY_PAUSES: Final = (0.2, 1.0)
# The service gives the same result to a repeated answer or proof for 15 seconds: enough for one repeat.
_ANSWER_PAUSES: Final = _RETRY_PAUSES[:1]
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class TokenClient:
    """Calls the token service at `api_url` (the stack's output TokenApiURL) with signed requests (SigV4).

    `session` and `credentials` default to those of boto3. `region` defaults to the region in the URL, then to
    the region of the session. Time-outs are in seconds. Every method raises TokenApiError, and
    NoCredentialsError if there are no credentials to sign with.
    """

    def __init__(
        self,
        api_url: str,
        *,
        region: str | None = None,
        session: boto3.Session | None = None,
        credentials: Credentials | None = None,
        connect_timeout: float = 3,
        read_timeout: float = 10,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        timeouts = (connect_timeout, read_timeout)
        self._transport = HttpTransport(api_url, region, session or boto3.Session(), credentials, timeouts)
        self._sleep = sleep

    def create(
        self,
        *,
        email: str | None = None,
        phone_number: str | None = None,
        channel: str | None = None,
        purpose: str | None = None,
        locale: str | None = None,
        audience: str | None = None,
        idempotency_key: str | None = None,
    ) -> Created:
        """Send a code to one email address or one phone number.

        The client sends a request without a response up to three times. All of them have one idempotency key,
        so that the service sends at most one message. Give your own key to repeat the call later. The message
        shows `purpose`, and the code is bound to it. `audience` is the service that will check the proof.
        """
        body = {"email": email, "phone_number": phone_number, "channel": channel}
        body |= {"purpose": purpose, "locale": locale, "audience": audience}
        return responses.created(self._post_with_retries("/createToken", body, _key(idempotency_key)))

    def verify(self, token: str, code: str) -> Proof:
        """Check a code, and return its proof. Raises WrongCode, TooSoon or CodeGone.

        The client repeats a request without a response once. The service recognises the repeat: it counts the
        answer once, and gives the same result.
        """
        body = {"token": token, "verification_code": code}
        return responses.proof(self._post_with_retries("/verifyToken", body, {}, pauses=_ANSWER_PAUSES))

    def introspect(
        self,
        proof: str,
        *,
        audience: str | None = None,
        purpose: str | None = None,
        subject: str | None = None,
    ) -> Introspection:
        """Check a proof and use it up. It is active the first time only.

        `audience` must be the one that the proof was made for; it defaults to the service itself. `purpose`
        and `subject` are compared if they are given. A proof that does not match is not used up. The client
        repeats a request without a response once, with the same idempotency key.
        """
        body = {"proof": proof, "audience": audience, "purpose": purpose, "subject": subject}
        return responses.introspection(
            self._post_with_retries("/introspect", body, _key(None), pauses=_ANSWER_PAUSES)
        )

    def step_up(
        self,
        id_token: str,
        *,
        channel: str | None = None,
        purpose: str | None = None,
        audience: str | None = None,
        idempotency_key: str | None = None,
    ) -> Created:
        """Send a code to the signed-in user of `id_token`, to an address that the pool has verified.

        It repeats a request without a response as `create` does.
        """
        body = {"channel": channel, "purpose": purpose, "audience": audience}
        headers = _authorization(id_token) | _key(idempotency_key)
        return responses.created(self._post_with_retries("/step-up", body, headers, sign=False))

    def verify_step_up(self, id_token: str, token: str, code: str) -> Proof:
        """Check the code of a step-up, for the user who requested it. Repeats a request as `verify` does."""
        body = {"token": token, "verification_code": code}
        user = _authorization(id_token)
        return responses.proof(
            self._post_with_retries("/step-up/verify", body, user, sign=False, pauses=_ANSWER_PAUSES)
        )

    def _post_with_retries(
        self,
        path: str,
        body: Mapping[str, str | None],
        headers: Mapping[str, str],
        *,
        sign: bool = True,
        pauses: Sequence[float] = _RETRY_PAUSES,
    ) -> dict[str, Any]:
        for pause in pauses:
            try:
                return self._transport.post(path, body, headers, sign=sign)
            except Unreachable as error:
                # The caller handles a problem of the service. It says when to try again, or to use a new key.
                if error.problem != UNREACHABLE:
                    raise
            self._sleep(pause)
        return self._transport.post(path, body, headers, sign=sign)


def _key(key: str | None) -> dict[str, str]:
    key = str(uuid.uuid4()) if key is None else key
    if not _KEY.fullmatch(key):
        raise ValueError("idempotency_key must be 1 to 64 visible ASCII characters.")
    return {"Idempotency-Key": key}


def _authorization(id_token: str) -> dict[str, str]:
    # Checked here, because the HTTP library would repeat an invalid header value in its error.
    if not _JWT.fullmatch(id_token):
        raise ValueError("The ID token is not a JWT.")
    return {"Authorization": id_token}
