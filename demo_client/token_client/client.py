"""The token service from Python: ask for a code, judge the answer, check the proof. Needs boto3 alone."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
from botocore.credentials import Credentials

from . import responses
from .errors import UNREACHABLE, TokenApiError, Unreachable
from .responses import Created, Introspection, Proof
from .transport import HttpTransport

# Before the second try and before the third, in seconds.
_PAUSES: Final = (0.2, 1.0)
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class TokenClient:
    """Calls the token service at `api_url` (the stack's output TokenApiURL), signed for its caller.

    Without `session` and `credentials` they are the usual ones of boto3; a region that stands in the URL goes
    before the session's. Time-outs are in seconds. Each call raises TokenApiError, and NoCredentialsError
    where there are none to sign with.
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
        self._wire = HttpTransport(api_url, region, session or boto3.Session(), credentials, timeouts)
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
        """Send a code to one email address or phone number. A call that is not answered is tried three times
        under one key, so that one message is sent at most; give a key to repeat calls yourself."""
        body = {"email": email, "phone_number": phone_number, "channel": channel}
        body |= {"purpose": purpose, "locale": locale, "audience": audience}
        return responses.created(self._until_heard("/createToken", body, idempotency_key, {}))

    def verify(self, token: str, code: str) -> Proof:
        """Judge a code, once: an answer is counted when it arrives, so a lost one is never sent again."""
        body = {"token": token, "verification_code": code}
        return responses.proof(self._wire.post("/verifyToken", body, {}))

    def introspect(
        self,
        proof: str,
        *,
        audience: str | None = None,
        purpose: str | None = None,
        subject: str | None = None,
    ) -> Introspection:
        """Use up a proof: active the first time, for the audience that it was made for (without one that is
        the service itself), and for the purpose and about the subject, if given. One that does not fit is
        not used up."""
        body = {"proof": proof, "audience": audience, "purpose": purpose, "subject": subject}
        return responses.introspection(self._wire.post("/introspect", body, {}))

    def step_up(
        self,
        id_token: str,
        *,
        channel: str | None = None,
        purpose: str | None = None,
        audience: str | None = None,
        idempotency_key: str | None = None,
    ) -> Created:
        """Send a code to the signed-in user of `id_token`, at an address that the pool has verified. Tried
        as often as `create`."""
        body = {"channel": channel, "purpose": purpose, "audience": audience}
        user = _as_user(id_token)
        return responses.created(self._until_heard("/step-up", body, idempotency_key, user, sign=False))

    def verify_step_up(self, id_token: str, token: str, code: str) -> Proof:
        """Judge the code of a step-up, which its own user alone may answer."""
        body = {"token": token, "verification_code": code}
        user = _as_user(id_token)
        return responses.proof(self._wire.post("/step-up/verify", body, user, sign=False))

    def _until_heard(
        self,
        path: str,
        body: Mapping[str, str | None],
        key: str | None,
        headers: Mapping[str, str],
        *,
        sign: bool = True,
    ) -> dict[str, Any]:
        headers = {**headers, "Idempotency-Key": _key(key)}
        try:
            return self._wire.post(path, body, headers, sign=sign)
        except Unreachable as error:
            # When it is the service that says so, its answer stands: this key would bring no message.
            if error.problem != UNREACHABLE:
                raise
            lost = error
        for pause in _PAUSES:
            self._sleep(pause)
            try:
                return self._wire.post(path, body, headers, sign=sign)
            except TokenApiError as error:
                # The try that was lost may still be running, and then its key is in use.
                if error.problem not in (UNREACHABLE, "idempotency-key-in-use"):
                    raise
        raise lost


def _key(given: str | None) -> str:
    key = str(uuid.uuid4()) if given is None else given
    if not _KEY.fullmatch(key):
        raise ValueError("An idempotency key is 1 to 64 visible ASCII characters.")
    return key


def _as_user(id_token: str) -> dict[str, str]:
    # Checked here because the HTTP library would repeat an unfit header in its error.
    if not _JWT.fullmatch(id_token):
        raise ValueError("The ID token is not a JWT.")
    return {"Authorization": id_token}
