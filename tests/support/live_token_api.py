"""Raw requests to the token service: with a valid signature, a wrong one, or none."""

import http.client
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from passcode.adapters.kms import KmsMac
from passcode.token_service.challenge import Challenge, record_key
from tests.support.users import code_in
from tools.local_stack import inbox
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

ADMINISTRATOR = Credentials("test", "test")
JSON = {"Content-Type": "application/json"}
PROBLEM = "application/problem+json"
_TYPE = "urn:cognito-passcode:problem:"


@dataclass(frozen=True)
class ApiResponse:
    """A response. The names of the headers are in lower case."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def problem(self) -> str:
        """The name of the problem; the response must be a problem document (RFC 9457)."""
        assert self.headers["content-type"] == PROBLEM, self.text
        document = self.body
        assert document["status"] == self.status
        assert document["detail"].endswith("."), "the detail must be a sentence"
        assert document["type"].startswith(_TYPE)
        assert self.headers.get("retry-after") == (
            str(document["retry_after"]) if "retry_after" in document else None
        )
        name: str = document["type"].removeprefix(_TYPE)
        return name


@dataclass(frozen=True)
class Request:
    """A request to sign and send. `headers` are signed too."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def signed(
        self,
        credentials: Credentials = ADMINISTRATOR,
        service: str = "execute-api",
        region: str = "us-east-1",
    ) -> "Request":
        """The same request with the headers of AWS Signature Version 4."""
        request = AWSRequest(self.method, self.url, headers=dict(self.headers), data=self.body)
        SigV4Auth(credentials, service, region).add_auth(request)
        return Request(self.method, self.url, self.body, dict(request.headers.items()))

    def send(self, body: Any = None) -> ApiResponse:
        """Send it. `body` replaces the signed body, if given: bytes, or chunks of them."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        try:
            payload = self.body if body is None else body
            target = parts._replace(scheme="", netloc="").geturl()
            connection.request(self.method, target, payload or None, dict(self.headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return ApiResponse(response.status, headers, response.read().decode())
        finally:
            connection.close()


@dataclass(frozen=True)
class Api:
    """The token service of a stack."""

    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.outputs["TokenApiURL"]

    @property
    def id(self) -> str:
        return self.url.split("/")[-2]

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Request:
        """An unsigned request; `idempotency_key="a"` is the header Idempotency-Key."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return Request(method, self.url + path, content, (JSON if body is not None else {}) | named)

    def post(self, path: str, body: object, **headers: str) -> ApiResponse:
        """POST as a back end."""
        return self.request("POST", path, body, **headers).signed().send()

    def as_user(self, id_token: str, path: str, body: object) -> ApiResponse:
        """POST as a signed-in user."""
        return self.request("POST", path, body, authorization=id_token).send()

    def get(self, path: str) -> ApiResponse:
        """GET without credentials."""
        return self.request("GET", path).send()

    def create(self, to: str, **more: str) -> ApiResponse:
        """Send a code to an email address, and check the response."""
        response = self.post("/createToken", {"email": to, **more})
        assert response.status == 200, response.text
        return response

    def verify(self, created: ApiResponse, code: str) -> ApiResponse:
        """Answer a challenge."""
        return self.post("/verifyToken", {"token": created.body["token"], "verification_code": code})

    def settings(self, handler: str = "token_api") -> dict[str, str]:
        """The environment of a Lambda function."""
        function = self.stack.functions[handler]
        found = self.stack.client("lambda").get_function_configuration(FunctionName=function)
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables

    def mac(self, name: str) -> KmsMac:
        """The stack's MAC key from a setting, such as CODE_KEY_ID."""
        return KmsMac(self.stack.client("kms"), self.settings()[name])

    def invocations(self) -> int:
        """The number of invocations of the function behind the API so far."""
        logs = self.stack.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{self.stack.functions['token_api']}"
        events = [event for page in logs.paginate(logGroupName=group) for event in page["events"]]
        return sum(event["message"].startswith("START ") for event in events)

    def principal(self, *paths: str) -> Credentials:
        """The access key of a new IAM user who may only POST to `paths`."""
        iam, name = self.stack.client("iam"), f"back-end-{os.urandom(4).hex()}"
        arn = f"arn:aws:execute-api:{self.stack.region}:000000000000:{self.id}/v1/POST"
        right = {
            "Effect": "Allow",
            "Action": "execute-api:Invoke",
            "Resource": [arn + path for path in paths],
        }
        iam.create_user(UserName=name)
        if paths:
            policy = json.dumps({"Version": "2012-10-17", "Statement": [right]})
            iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def messages(self, to: str) -> list[Message]:
        """The messages to an address or number so far."""
        return inbox.read(self.stack, to)

    def code(self, to: str) -> str:
        """The code in the newest message to an address or number."""
        return code_in(self.messages(to)[-1])

    def end_repeats(self, key: str) -> None:
        """Set the time of the last accepted code of a record back by a minute. Then no request repeats it."""
        self.stack.client("dynamodb").update_item(
            TableName=self.stack.table,
            Key={"pk": {"S": key}},
            UpdateExpression="SET spent_at = spent_at - :minute",
            ExpressionAttributeValues={":minute": {"N": "60"}},
        )

    def claims_of(self, proof: str, audience: str | None = None) -> dict[str, Any]:
        """The claims of a proof, checked by PyJWT with the published keys. Raises PyJWTError."""
        published = jwt.PyJWKSet.from_dict(self.get("/.well-known/jwks.json").body)
        key = published[jwt.get_unverified_header(proof)["kid"]]
        issuer = self.stack.outputs["TokenIssuer"]
        claims: dict[str, Any] = jwt.decode(
            proof, key, algorithms=["RS256"], issuer=issuer, audience=audience or issuer
        )
        return claims

    @contextmanager
    def limits(self, rate: int, burst: int) -> Iterator[None]:
        """Set other limits than the template's for all methods, and restore the template's afterwards."""
        gateway = self.stack.client("apigateway")
        found = gateway.get_stage(restApiId=self.id, stageName="v1")["methodSettings"]
        before = {
            place: (settings["throttlingRateLimit"], settings["throttlingBurstLimit"])
            for place, settings in found.items()
        }
        self._limit(gateway, dict.fromkeys(before, (rate, burst)))
        try:
            yield
        finally:
            self._limit(gateway, before)

    def _limit(self, gateway: Any, limits: Mapping[str, tuple[float, int]]) -> None:
        changes = []
        for place, both in limits.items():
            path, _, method = place[1:].rpartition("/")
            for name, value in zip(("rateLimit", "burstLimit"), both, strict=True):
                path_of_limit = f"/~1{path.replace('/', '~1')}/{method}/throttling/{name}"
                changes.append({"op": "replace", "path": path_of_limit, "value": str(value)})
        gateway.update_stage(restApiId=self.id, stageName="v1", patchOperations=changes)


def challenge_in(created: ApiResponse) -> Challenge:
    """The challenge inside a challenge token."""
    claims = jwt.decode(created.body["token"], options={"verify_signature": False})
    return Challenge.unpack(claims["challenge"])


def record_of(created: ApiResponse) -> str:
    """The key of the record of the challenge inside a challenge token."""
    challenge = challenge_in(created)
    return record_key(challenge.purpose, challenge.subject)


def unused_address() -> str:
    """An unused address of a reserved domain."""
    return f"unused-{os.urandom(5).hex()}@people.example"


def number() -> str:
    """A phone number from the range that is reserved for fiction."""
    return f"+1206555{int.from_bytes(os.urandom(4)) % 10_000:04d}"
