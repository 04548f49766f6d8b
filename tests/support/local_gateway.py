"""Requests to the API of the local stack, signed and sent one at a time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tools.local_stack.stack import Stack

ADMINISTRATOR = Credentials("test", "test")


@dataclass(frozen=True)
class Response:
    """A response. `problem` is the name of its problem document, or empty."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def problem(self) -> str:
        return str(self.body.get("type", "")).rpartition(":")[2]


@dataclass(frozen=True)
class Api:
    """The API of a stack. Requests are unsigned if `signer` is None."""

    stack: Stack
    signer: Credentials | None = ADMINISTRATOR
    service: str = "execute-api"
    region: str = "us-east-1"

    def post(self, path: str, body: object, sent: bytes | None = None, **headers: str) -> Response:
        """POST `body`; if `sent` is given, sign `body` but send `sent`."""
        return self._send("POST", path, json.dumps(body).encode(), sent, headers)

    def get(self, path: str) -> Response:
        """GET `path`."""
        return self._send("GET", path, b"", None, {})

    def _send(
        self, method: str, path: str, body: bytes, sent: bytes | None, headers: Mapping[str, str]
    ) -> Response:
        url = self.stack.outputs["TokenApiURL"] + path
        request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json", **headers})
        if self.signer:
            SigV4Auth(self.signer, self.service, self.region).add_auth(request)
        place = urlsplit(url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=60)
        try:
            connection.request(method, place.path, sent or body, dict(request.headers))
            response = connection.getresponse()
            return Response(response.status, dict(response.getheaders()), json.loads(response.read()))
        finally:
            connection.close()
