"""The token service with memory in place of AWS, called with events of API Gateway.

Every response is compared with the description of the API.
"""

import io
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import jwt
import pytest
from aws_lambda_powertools.logging import Logger

from passcode.adapters.cognito_users import CognitoUsers
from passcode.adapters.confirmation_tables import UsedProofTable
from passcode.adapters.jwt_tokens import MacJwts, SignedJwts, jwks
from passcode.adapters.kms import KmsMac, KmsSigningKeys
from passcode.adapters.sqs import SqsQueue, SqsQueues
from passcode.adapters.telemetry import PowertoolsTelemetry
from passcode.channels.channel import AddressFault, Channel, destination_id
from passcode.channels.email import EMAIL
from passcode.channels.phone_number import sms_fault
from passcode.channels.sms import SMS
from passcode.confirmation import responses
from passcode.confirmation.create import CodeRequests, ConfirmationCreator
from passcode.confirmation.idempotency import IdempotencyStore
from passcode.confirmation.recipient import UserRecipients
from passcode.confirmation.routes import Check, Endpoints, resolver
from passcode.confirmation.verify import CodeAnswers, ConfirmationVerifier
from passcode.delivery.envelope import ChangeNotice, Delivery
from passcode.delivery.notices import Notices
from passcode.token_service.challenge import derive_code
from passcode.token_service.policy import Policy
from passcode.token_service.store import RecordStore
from tests.support.api_gateway_events import CALLER, USER, GatewayResponse, event_of
from tests.support.aws_stubs import RecordingClient
from tests.support.events import NOW, SALT
from tests.support.kms_stubs import KEY_A, KEY_B, PRIVATE, kms, pool, used_proofs
from tests.support.memory_stores import MemoryIdempotencyStore, MemoryStore, code_mac
from tests.support.openapi_checks import ISSUER, api_description
from tests.support.users import another_code

LIFE = 300
MAX_AUTH_AGE = 43_200


@dataclass
class Api:
    """The endpoints in memory. `replace(api, …)` is the same API with one part replaced."""

    policy: Policy = field(default_factory=Policy)
    store: RecordStore = field(default_factory=MemoryStore)
    requests: IdempotencyStore = field(default_factory=MemoryIdempotencyStore)
    queue: RecordingClient = field(default_factory=RecordingClient)
    kms: RecordingClient = field(default_factory=kms)
    proofs: RecordingClient = field(default_factory=used_proofs)
    users: RecordingClient = field(default_factory=pool)
    proof_keys: tuple[str, ...] = (KEY_A,)
    order: tuple[Channel, ...] = (EMAIL, SMS)
    checks: Mapping[str, Check] = field(default_factory=dict)
    log: io.StringIO = field(default_factory=io.StringIO)
    random_ids: Iterator[int] = field(default_factory=partial(count, 1))
    max_auth_age: int = MAX_AUTH_AGE
    # The kind, the id of the number and the country of each answered SMS.
    sms_answers: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.telemetry = _telemetry(self.log)
        tokens = MacJwts(KmsMac(self.kms, "token"))
        users, keys = (
            UserRecipients(
                CognitoUsers(lambda: self.users, "pool"), self.order, SALT, self.max_auth_age, self.telemetry
            ),
            KmsSigningKeys(self.kms, self.proof_keys),
        )
        put = SqsQueues(SqsQueue(self.queue, "email"), SqsQueue(self.queue, "phone")).put
        self.asking = ConfirmationCreator(
            confirmations=CodeRequests(
                self.store, self.requests, put, Notices(put, self.telemetry), self.policy
            ),
            tokens=tokens,
            pool=users,
            order=self.order,
            country_of=_country_of,
            fault_of=_fault_of,
            salt=SALT,
            issuer=ISSUER,
            telemetry=self.telemetry,
        )
        self.answering = ConfirmationVerifier(
            checker=CodeAnswers(KmsMac(self.kms, "code"), self.store, self.policy),
            tokens=tokens,
            proofs=SignedJwts(keys),
            used=UsedProofTable(self.proofs, "table"),
            pool=users,
            country_of=_country_of,
            record_sms_answer=lambda *answer: self.sms_answers.append(answer),
            issuer=ISSUER,
            life=LIFE,
            telemetry=self.telemetry,
        )
        whole_set = partial(jwks, keys)
        self.app = resolver(
            Endpoints(
                self.asking, self.answering, whole_set, self.checks, self.random_id, ISSUER, self.telemetry
            )
        )

    def random_id(self) -> str:
        """32 hex digits, different at each call."""
        return f"{next(self.random_ids):032x}"

    @property
    def queued(self) -> list[Delivery]:
        """The deliveries on the queue, without notices. The FIFO queue drops one with the id of another."""
        found: dict[str, Delivery] = {}
        for body in self._bodies:
            if json.loads(body)["kind"] == "code":
                delivery = Delivery.unpack(body)
                found.setdefault(delivery.id, delivery)
        return list(found.values())

    @property
    def notices(self) -> list[ChangeNotice]:
        """The notices on the queue."""
        return [ChangeNotice.unpack(body) for body in self._bodies if json.loads(body)["kind"] == "notice"]

    @property
    def _bodies(self) -> list[str]:
        return [call["MessageBody"] for call in self.queue.sent("send_message")]

    def code(self, delivery: int = -1, place: int = 0) -> str:
        """The code that `deliver` would put into a message to the destination at `place`."""
        queued = self.queued[delivery]
        challenge, to = queued.challenge, queued.destinations[place]
        mac = code_mac(b"code" + challenge.mac_message())
        return derive_code(mac, to.channel.name, destination_id(to, SALT), challenge.digits).reveal()

    def wrong_code(self, number: int = 1) -> str:
        """A wrong code, another one for each `number`. A repeated answer is not counted again."""
        return another_code(self.code(), number)

    def call(self, method: str, path: str, body: object = None, **more: Any) -> GatewayResponse:
        """Send one request."""
        event = event_of(method, path, body, **more)
        result = responses.respond(self.app, event, None, self.telemetry)
        headers = {name.lower(): values[0] for name, values in result["multiValueHeaders"].items()}
        response = GatewayResponse(result["statusCode"], headers, json.loads(result["body"]))
        api_description().check(method, path, response.status, headers["content-type"], response.body)
        return response

    def post(
        self,
        path: str,
        body: object = None,
        *,
        key: str = "",
        user: Mapping[str, str] | None = None,
        caller: str = CALLER,
    ) -> GatewayResponse:
        """Send one request to an endpoint, with an Idempotency-Key or as a user."""
        more: dict[str, Any] = {"headers": {"Idempotency-Key": key}} if key else {}
        more["context"] = {"identity": {"user": caller}}
        if user is not None:
            more["context"] = {"authorizer": {"claims": dict(user)}}
        return self.call("POST", path, {} if body is None else body, **more)

    def create(self, email: str = "ann@example.com", *, key: str = "", **body: object) -> GatewayResponse:
        """Request a code to an email address."""
        return self.post("/createToken", {"email": email, **body}, key=key)

    def verify(self, token: str, code: str | None = None, caller: str = CALLER) -> GatewayResponse:
        """Answer with the code of the newest message, or with another one."""
        body = {"token": token, "verification_code": code or self.code()}
        return self.post("/verifyToken", body, caller=caller)

    def step_up(self, **body: object) -> GatewayResponse:
        """Request a code as the user."""
        return self.post("/step-up", body, user=USER)

    def verify_step_up(self, token: str, code: str | None = None, **claims: str) -> GatewayResponse:
        """Answer as the user; `claims` replaces claims of the ID token."""
        body = {"token": token, "verification_code": code or self.code()}
        return self.post("/step-up/verify", body, user=USER | claims)

    def introspect(self, proof: str, **body: object) -> GatewayResponse:
        """Introspect a proof, which marks it as used."""
        return self.post("/introspect", {"proof": proof, **body})

    def proof(self, **body: Any) -> str:
        """Create a challenge, answer it and return the proof."""
        return str(self.verify(self.create(**body).body["token"]).body["proof"])


def _country_of(number: str) -> str | None:
    return "US" if number.startswith("+1") else None


def _fault_of(number: str, is_verified: bool) -> AddressFault | None:
    return sms_fault(number, {"US"}, is_verified=is_verified)


def _telemetry(log: io.StringIO) -> PowertoolsTelemetry:
    logger = Logger(service="token_api")
    # Loggers with one name are the same logger, and it keeps its first stream.
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(log)
    return PowertoolsTelemetry("token_api", logger)


@dataclass
class FakeClock:
    """The `time` of the endpoints. Only the test changes it."""

    now: int = NOW

    def time(self) -> float:
        return float(self.now)


@dataclass
class ApiOutput:
    """The log and the metrics of the endpoints."""

    api: Api
    capsys: pytest.CaptureFixture[str]
    printed: str = ""

    def __call__(self) -> str:
        self.printed += "".join(self.capsys.readouterr())
        return self.api.log.getvalue() + self.printed

    def metrics(self) -> list[tuple[str, str]]:
        """Each metric's name and its last dimension's value, or empty if `service` is its only dimension."""
        found = [json.loads(line) for line in self().splitlines() if '"_aws"' in line]
        return [_metric(line) for line in found]


def _metric(line: dict[str, object]) -> tuple[str, str]:
    api_description = json.loads(json.dumps(line["_aws"]))["CloudWatchMetrics"][0]
    last = [name for name in api_description["Dimensions"][0] if name != "service"]
    return api_description["Metrics"][0]["Name"], str(line[last[-1]]) if last else ""


OTHER = "1b2c3d4e-0000-4000-8000-000000000000"
KID_A, KID_B = (arn.rpartition("/")[2] for arn in (KEY_A, KEY_B))
HEADER = {"alg": "RS256", "kid": KID_A, "typ": "JWT"}


def inactive(api: Api, proof: str) -> bool:
    response = api.introspect(proof)
    return (response.status, response.body) == (200, {"active": False})


def claims_of(proof: str, audience: str = ISSUER) -> dict[str, Any]:
    """The claims, as read by PyJWT. It does not check the expiry, because the tests have a fixed clock."""
    key = PRIVATE[KEY_A].public_key()
    found: dict[str, Any] = jwt.decode(
        proof, key, ["RS256"], audience=audience, issuer=ISSUER, options={"verify_exp": False}
    )
    return found
