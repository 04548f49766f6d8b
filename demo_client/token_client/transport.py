"""One HTTP request to the token service: with TLS, limits on time and size, no retry and no redirect."""

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

from .errors import UNREACHABLE, Unreachable, from_response, invalid_response

_SERVICE: Final = "execute-api"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
# The longest response is a proof of about 1 KB.
_MAX_BYTES: Final = 64 * 1024


class HttpTransport:
    """Sends requests to one API. Threads may share it.

    `timeouts` are for the connection and for each read, in seconds. Raises ValueError if `url` is not valid.
    """

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
        # Loopback needs no proxy.
        proxies = {} if is_loopback(url) else get_environ_proxies(self._url)
        verify: Any = os.environ.get("AWS_CA_BUNDLE") or True
        timeout: Any = timeouts  # the stubs of botocore allow one number only
        self._http = URLLib3Session(verify=verify, proxies=proxies, timeout=timeout)

    def post(
        self, path: str, body: Mapping[str, str | None], headers: Mapping[str, str], *, sign: bool = True
    ) -> dict[str, Any]:
        """POST `body` without its None values, and return the JSON object of the response.

        Raises TokenApiError.
        """
        fields = {name: value for name, value in body.items() if value is not None}
        request = AWSRequest(
            "POST",
            self._url + path,
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **headers},
            data=json.dumps(fields).encode(),
            stream_output=True,
        )
        if sign:
            self._sign(request)
        # An ID token is sent in a header, so the headers are redacted, too.
        return self._send(request, [*fields.values(), *headers.values()])

    def _sign(self, request: AWSRequest) -> None:
        credentials = self._credentials or self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        if not self._region:
            raise ValueError("The region cannot be read from this URL. Give it as the argument region.")
        SigV4Auth(credentials.get_frozen_credentials(), _SERVICE, self._region).add_auth(request)

    def _send(self, request: AWSRequest, redact: Iterable[str]) -> dict[str, Any]:
        try:
            response = self._http.send(request.prepare())
            body = _read(response)
        # `from None`, because the text of the cause contains the request.
        except (HTTPClientError, NoConnection, urllib3.exceptions.HTTPError, OSError):
            raise Unreachable(UNREACHABLE) from None
        if response.status_code != 200:
            raise from_response(response.status_code, response.headers, body, redact)
        return _object(body)


def is_loopback(url: str) -> bool:
    """Return whether `url` is on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def _checked(url: str) -> str:
    parts = urlsplit(url)
    # Codes and tokens are sent to it, so over the network only with TLS.
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
        raise ValueError("The token service's URL must begin with https://, unless it is on this machine.")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(
            "The token service's URL must be the output TokenApiURL, without query, fragment or user name."
        )
    return url.rstrip("/")


def _region_in(url: str) -> str | None:
    labels = (urlsplit(url).hostname or "").split(".")
    return labels[2] if labels[1:2] == [_SERVICE] and len(labels) > 3 else None


def _read(response: AWSResponse) -> bytes:
    body: bytes = response.raw.read(_MAX_BYTES + 1)
    if len(body) > _MAX_BYTES:
        response.raw.close()
        raise invalid_response(response.status_code)
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid_response(200) from None
    if not isinstance(content, dict):
        raise invalid_response(200)
    return content
