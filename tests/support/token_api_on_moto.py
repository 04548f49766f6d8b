"""The handler `token_api` as it is composed for Lambda, with moto in place of AWS."""

import importlib.util
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import jwt
import pytest

from passcode.adapters import botocore_clients
from passcode.token_service.challenge import Challenge, derive_code
from tests.support.api_gateway_events import GatewayResponse, event_of
from tests.support.moto_aws import moto_session, sign_in_environment
from tests.support.openapi_checks import ISSUER, api_description

SOURCE = Path(__file__).parents[2] / "triggers" / "token_api.py"


@dataclass
class TokenApiHandler:
    """The handler's module, and its AWS calls during the last request."""

    module: ModuleType
    client: Callable[[str], Any]
    environment: dict[str, str]
    aws_calls: list[str] = field(default_factory=list)

    def post(self, path: str, body: object, **more: Any) -> GatewayResponse:
        """Send one request. `aws_calls` has its calls to AWS."""
        return self.call("POST", path, body, **more)

    def verify(self, token: str) -> GatewayResponse:
        """Answer with the right code."""
        code = self.code(token)
        return self.post("/verifyToken", {"token": token, "verification_code": code})

    def call(self, method: str, path: str, body: object = None, **more: Any) -> GatewayResponse:
        self.aws_calls.clear()
        result = self.module.handler(event_of(method, path, body, **more), None)
        headers = {name.lower(): values[0] for name, values in result["multiValueHeaders"].items()}
        response = GatewayResponse(result["statusCode"], headers, json.loads(result["body"]))
        api_description().check(method, path, response.status, headers["content-type"], response.body)
        return response

    def code(self, token: str) -> str:
        """The code of a token from /createToken, made in the same way as in `deliver`."""
        claims = jwt.decode(token, options={"verify_signature": False})
        challenge = Challenge.unpack(claims["challenge"])
        # The `sub` of the token is the id of its one destination.
        return self.code_of(challenge, claims["sub"])

    def code_of(self, challenge: Challenge, destination_id: str) -> str:
        """The code of a challenge for the destination with this id on the challenge's channel."""
        mac = self.mac_of(challenge)
        return derive_code(mac, challenge.channel, destination_id, challenge.digits).reveal()

    def mac_of(self, challenge: Challenge) -> bytes:
        """The MAC of a challenge."""
        made = self.client("kms").generate_mac(
            KeyId=self.environment["CODE_KEY_ID"],
            MacAlgorithm="HMAC_SHA_256",
            Message=challenge.mac_message(),
        )
        return bytes(made["Mac"])


def _environment(client: Callable[[str], Any]) -> dict[str, str]:
    def key(spec: str, usage: str) -> str:
        return str(client("kms").create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"])

    return sign_in_environment(client) | {
        "TOKEN_KEY_ID": key("HMAC_256", "GENERATE_VERIFY_MAC"),
        "PROOF_KEY_IDS": ",".join(key("RSA_2048", "SIGN_VERIFY") for _ in range(2)),
        "ISSUER": ISSUER,
        "USER_POOL_ID": "eu-central-1_Example",
        "PROOF_LIFE_SECONDS": "120",
        "STEP_UP_MAX_AUTH_AGE": "43200",
    }


@contextmanager
def composed() -> Iterator[TokenApiHandler]:
    """The handler, loaded again with a new moto AWS."""
    with moto_session() as session, pytest.MonkeyPatch.context() as patch:
        # moto runs in this process. On a busy machine it may be slower than AWS, but it is not down.
        patch.setattr(botocore_clients, "COGNITO_SECONDS", math.inf)
        patch.setattr(botocore_clients._TIMER, "start", lambda _seconds: None)
        environment = _environment(session.create_client)
        for name, value in environment.items():
            patch.setenv(name, value)
        spec = importlib.util.spec_from_file_location("token_api_on_moto", SOURCE)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        aws_calls: list[str] = []
        session.register("before-call", lambda **call: aws_calls.append(call["model"].name))
        spec.loader.exec_module(module)
        assert aws_calls == [], "a cold start makes no AWS call"
        yield TokenApiHandler(module, session.create_client, environment, aws_calls)
