"""One request to the token service: inside TLS, bounded in time and size, sent once, never redirected."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import urllib3.exceptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionError as NoConnection
from botocore.exceptions import HTTPClientError, NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from .errors import UNREACHABLE, Unreachable, refusal, unfit

_SERVICE: Final = "execute-api"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
# The longest answer is a proof of about a kilobyte.
_LARGEST: Final = 64 * 1024


class HttpTransport:
    """Sends requests to one API. `timeouts` are for the connection and for each wait for the answer, in
    seconds. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        region: str | None,
        session: boto3.Session,
        credentials: Credentials | None,
        timeouts: tuple[float, float],
    ) -> None:
        self._url = _checked(url)
        self._session = session
        self._credentials = credentials
        self._region = region or _region_in(self._url) or session.region_name
        # No proxy stands between this machine and itself.
        proxies = {} if is_loopback(url) else get_environ_proxies(self._url)
        verify: Any = os.environ.get("AWS_CA_BUNDLE") or True
        wait: Any = timeouts  # its stubs know one number alone
        self._http = URLLib3Session(verify=verify, proxies=proxies, timeout=wait)

    def post(
        self, path: str, body: Mapping[str, str | None], headers: Mapping[str, str], *, sign: bool = True
    ) -> dict[str, Any]:
        """The JSON object of a successful answer; raises TokenApiError. Fields that are None are left out."""
        given = {name: value for name, value in body.items() if value is not None}
        request = AWSRequest(
            "POST",
            self._url + path,
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **headers},
            data=json.dumps(given).encode(),
            stream_output=True,
        )
        if sign:
            self._sign(request)
        # An ID token travels in a header, so what was sent is more than the body.
        return self._send(request, [*given.values(), *headers.values()])

    def _sign(self, request: AWSRequest) -> None:
        credentials = self._credentials or self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        if not self._region:
            raise ValueError("The region cannot be read from this URL. Give it as region=.")
        SigV4Auth(credentials.get_frozen_credentials(), _SERVICE, self._region).add_auth(request)

    def _send(self, request: AWSRequest, redact: Iterable[str]) -> dict[str, Any]:
        try:
            answer = self._http.send(request.prepare())
            body = _read(answer)
        # Without the cause, whose words name the request.
        except (HTTPClientError, NoConnection, urllib3.exceptions.HTTPError, OSError):
            raise Unreachable(UNREACHABLE) from None
        if answer.status_code != 200:
            raise refusal(answer.status_code, answer.headers, body, redact)
        return _object(body)


def is_loopback(url: str) -> bool:
    """Whether `url` is on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def _checked(url: str) -> str:
    parts = urlsplit(url)
    # Codes and tokens travel to it: over the network only inside TLS.
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
        raise ValueError("The token service's URL must begin with https://, unless it is on this machine.")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("The token service's URL is the output TokenApiURL, with nothing after it.")
    return url.rstrip("/")


def _region_in(url: str) -> str | None:
    labels = (urlsplit(url).hostname or "").split(".")
    return labels[2] if labels[1:2] == [_SERVICE] and len(labels) > 3 else None


def _read(answer: AWSResponse) -> bytes:
    body: bytes = answer.raw.read(_LARGEST + 1)
    if len(body) > _LARGEST:
        answer.raw.close()
        raise unfit(answer.status_code)
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise unfit(200) from None
    if not isinstance(found, dict):
        raise unfit(200)
    return found
