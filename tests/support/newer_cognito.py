"""A loopback server in front of the local AWS. It adds the settings of a newer Cognito to descriptions.

It handles them as AWS documents: an update without `AcrConfiguration` resets it to the default names,
`DcrConfiguration` stays unchanged, and no update accepts `ClientType` and `ClientSecretArn`. `Invented` is
in no model, and an update resets it.
"""

import json
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
DEFAULT_ACR = {f"Level{n}": {"AcrValue": f"urn:cognito:loa:{n}"} for n in (1, 2, 3, 4)}
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret/cognito-idp-web-AbCdEf"
# Headers of one connection, which a proxy does not pass on (RFC 9110, section 7.6.1).
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class NewerCognito(ThreadingHTTPServer):
    """The server at `endpoint_url`, in front of the local AWS at `local`. `pool` has the newer settings."""

    daemon_threads = True

    def __init__(self, local: str, *, invented: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.local = local
        self.pool: Json = {
            "AcrConfiguration": DEFAULT_ACR | {"Level3": {"AcrValue": "urn:people:strong"}},
            "DcrConfiguration": {"EnableStatus": "Disabled", "OpenDcrEnabled": False},
        }
        if invented:
            self.pool["Invented"] = {"Level": 2}

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: NewerCognito

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.headers.get("X-Amz-Target", "").endswith(".UpdateUserPool"):
            body = self._update(json.loads(body))
        self._pass_on(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Do not print requests into the output of the tests."""

    def _update(self, request: Json) -> bytes:
        """Apply the newer settings, and return the request that an older Cognito accepts."""
        if "Invented" in self.server.pool:
            self.server.pool["Invented"] = {"Level": 1}
        acr = request.pop("AcrConfiguration", {})
        self.server.pool["AcrConfiguration"] = DEFAULT_ACR | acr
        if (dcr := request.pop("DcrConfiguration", None)) is not None:
            self.server.pool["DcrConfiguration"] = {"EnableStatus": "Enabled"} | dcr
        return json.dumps(request).encode()

    def _pass_on(self, body: bytes) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _OF_THE_CONNECTION}
        request = urllib.request.Request(
            self.server.local + self.path, body or None, headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, answered, content = response.status, response.headers, response.read()
        except urllib.error.HTTPError as refused:
            status, answered, content = refused.code, refused.headers, refused.read()
        content = self._described(content) if status == 200 else content
        self.send_response(status)
        for name, value in answered.items():
            if name.lower() not in _OF_THE_CONNECTION | {"x-amz-crc32"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _described(self, content: bytes) -> bytes:
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        newer = {
            "DescribeUserPool": ("UserPool", self.server.pool),
            "DescribeUserPoolClient": (
                "UserPoolClient",
                {"ClientType": "REGULAR", "ClientSecretArn": SECRET_ARN},
            ),
        }
        if operation not in newer:
            return content
        member, settings = newer[operation]
        document = json.loads(content)
        return json.dumps(document | {member: document[member] | settings}).encode()
