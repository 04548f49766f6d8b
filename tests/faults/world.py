"""The deployed functions in this process, with AWS behind the fault proxy and a virtual clock.

DynamoDB is that of the local stack, and KMS that of moto. SQS, SES, SNS, Secrets Manager and
the user pool are fakes. Each has its protocol on the wire, because the functions call them over HTTP.
"""

import asyncio
import contextlib
import io
import json
import logging
import random
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.loaders import Loader, create_loader
from botocore.session import Session
from ministack.services import dynamodb
from moto.core.botocore_stubber import BotocoreStubber

from tests.faults.deployment import REGION, Deployment
from tests.faults.queues import QueuedMessage, Sqs, VirtualQueue
from tests.faults.user_pool import UserPool
from tests.support.fault_proxy import (
    AwsAnswer,
    AwsRequest,
    Backend,
    Fault,
    FaultProxy,
    error_answer,
    serving_faults,
)
from tests.support.live_handlers import load, own_session
from tests.support.outbox import Sent
from tests.support.template import RESOURCES
from tests.support.virtual_clock import Clock, Cut, Invocation, installed
from tools.lambda_functions import FUNCTIONS

START = 1_799_971_200 + 2 * 3_600  # two o'clock UTC
SIGN_IN = (
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge",
    "deliver",
    "pre_token_generation",
)
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAFAULTS",
    "AWS_SECRET_ACCESS_KEY": "faults",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class World:
    """One deployment. A test breaks calls by `proxy.inject`."""

    clock: Clock
    proxy: FaultProxy
    names: tuple[str, ...]
    outbox: list[Sent] = field(default_factory=list)
    output: io.StringIO = field(default_factory=io.StringIO)
    handlers: dict[str, Any] = field(default_factory=dict)
    # The number of AWS calls after which the next invocation of a function is killed.
    kills: dict[str, int] = field(default_factory=dict)
    # The functions that run now; the last one was called by the one before.
    running: list[str] = field(default_factory=list)
    # Seconds by which the clock of a function is ahead.
    skews: dict[str, float] = field(default_factory=dict)
    # The function, service and operation of each call that reached its service.
    made: list[tuple[str, str, str]] = field(default_factory=list)
    # The AWS calls of the last invocation of each function.
    last_calls: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.deployment = Deployment("", {})
        queues = {name: VirtualQueue(settings) for name, settings in self.deployment.queues().items()}
        self.sqs = Sqs(queues, lambda: self.clock.now)
        self.pool = UserPool(self.invoke, self.clock)
        self.stubber = BotocoreStubber()
        self.session = _with_models(botocore.session.get_session())

    def backend(self, request: AwsRequest) -> AwsAnswer:
        """Answer a request to AWS that has no fault."""
        self.made.append((self.running[-1] if self.running else "", request.service, request.operation))
        services: dict[str, Backend] = {
            "sqs": self.sqs,
            "ses": self._ses,
            "sns": self._sns,
            "cognito-idp": self.pool,
            "secretsmanager": _secrets_manager,
            "dynamodb": _dynamodb,
        }
        return services.get(request.service, self._moto)(request)

    def deploy(self) -> None:
        """Create the keys and the table, and start each function cold."""
        with_rsa = {"token_api", "hosted_sign_in"} & set(self.names)
        client = self.client("kms")
        arns = {}
        for name, found in RESOURCES.items():
            properties = found.get("Properties", {})
            spec = properties.get("KeySpec", "SYMMETRIC_DEFAULT")
            if found["Type"] == "AWS::KMS::Key" and (with_rsa or not spec.startswith("RSA")):
                usage = properties.get("KeyUsage", "ENCRYPT_DECRYPT")
                arns[name] = client.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
        self.deployment = Deployment(self.proxy.url, arns)
        self.client("dynamodb").create_table(
            TableName="Table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        self.start_cold(*self.names)
        self.proxy.calls.clear()

    def start_cold(self, *names: str) -> None:
        """Load functions again, as Lambda does in a new container."""
        for name in names or self.names:
            with pytest.MonkeyPatch.context() as patch:
                for variable, value in self.deployment.environment(name).items():
                    patch.setenv(variable, value)
                self.handlers[name] = load(name).handler
        for name in FUNCTIONS:
            for handler in logging.getLogger(name).handlers:
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(self.output)

    def inject(self, function: str, service: str, operation: str, fault: Fault, **limits: Any) -> None:
        """Break calls that this function makes."""
        self.proxy.inject(
            service, operation, fault, only_if=lambda: self.running[-1:] == [function], **limits
        )

    def client(self, service: str) -> Any:
        """Return a botocore client for this deployment, for the test itself."""
        return self.session.create_client(
            service,
            region_name=REGION,
            endpoint_url=self.proxy.url,
            aws_access_key_id="AKIATEST",
            aws_secret_access_key="test",
        )

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Call a function as Lambda does. Raises its exception, or `Cut` if it was killed or out of time."""
        deadline = self.clock.now + self.deployment.time_out(name)
        context = SimpleNamespace(
            function_name=name,
            memory_limit_in_mb=512,
            invoked_function_arn=f"arn:aws:lambda:{REGION}:123456789012:function:{name}",
            aws_request_id="00000000-0000-0000-0000-000000000000",
            get_remaining_time_in_millis=lambda: int(1000 * (deadline - self.clock.now)),
        )
        outer, before = self.clock.invocation, self.clock.skew
        self.clock.invocation = Invocation(deadline, self.kills.pop(name, None))
        self.clock.skew = self.skews.get(name, 0.0)
        first, this_thread = len(self.proxy.calls), threading.get_ident()
        is_new_thread = this_thread not in self.clock.threads
        self.clock.threads.add(this_thread)
        self.running.append(name)
        try:
            with contextlib.redirect_stdout(self.output):
                return self.handlers[name](event, context)
        finally:
            self.running.pop()
            if is_new_thread:
                self.clock.threads.discard(this_thread)
            self.last_calls[name] = self.proxy.calls[first:]
            self.clock.invocation, self.clock.skew = outer, before

    def run_until(self, end: float) -> None:
        """Let Lambda read the queues until `end`, in seconds since the epoch."""
        while True:
            due = [
                (at, s) for s in self.deployment.event_sources() if (at := self._next_at(s.queue)) is not None
            ]
            if not due or min(at for at, _ in due) > end:
                break
            at, source = min(due, key=lambda pair: pair[0])
            self.clock.now = max(self.clock.now, at)
            self.poll(source.queue, source.function, source.batch)
        self.clock.now = max(self.clock.now, end)

    def poll(self, queue: str, function: str = "deliver", batch: int = 1) -> None:
        """Receive one batch of a queue, and call the function with it."""
        from_queue = self.sqs.queues[queue]
        dead_letters = self.sqs.queues.get(from_queue.settings.dead_letters)
        messages = from_queue.receive(batch, self.clock.now, dead_letters)
        if messages:
            self.handle_batch(from_queue, function, messages)

    def handle_batch(self, queue: VirtualQueue, function: str, messages: list[QueuedMessage]) -> None:
        """Call the function with messages, and delete those that it did not report as failed."""
        records = [message.record(queue.name) for message in messages]
        try:
            result = self.invoke(function, {"Records": records})
        except (Cut, Exception):
            return
        failed = {f["itemIdentifier"] for f in (result or {}).get("batchItemFailures", [])}
        for message in messages:
            if message.id not in failed:
                queue.delete(message.receipt)

    def waiting(self) -> int:
        """Return the number of messages in the queues that Lambda reads."""
        return sum(len(self.sqs.queues[s.queue].messages) for s in self.deployment.event_sources())

    @property
    def dead_letters(self) -> list[QueuedMessage]:
        """The messages in all dead-letter queues."""
        names = {q.settings.dead_letters for q in self.sqs.queues.values()} - {""}
        return [m for name in sorted(names) for m in self.sqs.queues[name].messages]

    def metrics(self) -> Counter[str]:
        """Return how often each metric was emitted."""
        found: Counter[str] = Counter()
        for line in self.output.getvalue().splitlines():
            if '"_aws"' in line:
                found.update([json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]])
        return found

    def is_counted_as_lost(self) -> bool:
        """Return whether a metric shows that a message did not reach its user."""
        found = self.metrics()
        return any(found[name] for name in ("undelivered", "send_failed", "errors"))

    def sent_to(self, user: str, since: float = 0.0) -> list[Sent]:
        """Return the messages to a user's addresses."""
        attributes = self.pool.users[user]
        addresses = {attributes["email"], attributes.get("phone_number")}
        return [s for s in self.outbox if s.to in addresses and s.at >= since]

    def _next_at(self, queue: str) -> float | None:
        return self.sqs.queues[queue].next_at()

    def _moto(self, request: AwsRequest) -> AwsAnswer:
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name] = value
        url = f"https://{request.service}.{REGION}.amazonaws.com{request.path}"
        prepared = AWSPreparedRequest(request.method, url, headers, request.body, False)
        status, found, body = self.stubber.process_request(prepared) or (404, {}, b"")
        return AwsAnswer(status, body if isinstance(body, bytes) else body.encode(), found)

    def _ses(self, request: AwsRequest) -> AwsAnswer:
        call = json.loads(request.body)
        text = call["Content"]["Simple"]["Body"]["Text"]["Data"]
        (to,) = call["Destination"]["ToAddresses"]
        self.outbox.append(Sent("email", to, text, self.clock.now))
        return AwsAnswer(200, b'{"MessageId": "ses-1"}', {"Content-Type": "application/json"})

    def _sns(self, request: AwsRequest) -> AwsAnswer:
        call = parse_qs(request.body.decode())
        if request.operation != "Publish":
            return error_answer("sns", Fault("", code="InvalidAction"))
        self.outbox.append(Sent("sms", call["PhoneNumber"][0], call["Message"][0], self.clock.now))
        xml = (
            '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
            "<MessageId>sns-1</MessageId></PublishResult><ResponseMetadata><RequestId>sns-1</RequestId>"
            "</ResponseMetadata></PublishResponse>"
        )
        return AwsAnswer(200, xml.encode(), {"Content-Type": "text/xml"})


@contextmanager
def deployed(names: Iterable[str] = SIGN_IN, seed: int = 12) -> Iterator[World]:
    """A deployment with the functions of these names. Afterwards nothing of it is left."""
    clock = Clock(float(START))
    proxy = FaultProxy(_undeployed, seed=seed)
    world = World(clock, proxy, tuple(names))
    proxy.backend = world.backend
    # The functions wait a random time between two attempts.
    random.seed(seed)
    # All functions have one session.
    # Some clients are made at their first use, so that the place of AWS is in the environment all the time.
    with serving_faults(proxy), installed(clock), own_session(_CREDENTIALS | {"AWS_ENDPOINT_URL": proxy.url}):
        try:
            world.deploy()
            yield world
        finally:
            proxy.heal()
            world.client("dynamodb").delete_table(TableName="Table")
            for name in FUNCTIONS:
                for handler in logging.getLogger(name).handlers:
                    if isinstance(handler, logging.StreamHandler):
                        handler.setStream(io.StringIO())


def _dynamodb(request: AwsRequest) -> AwsAnswer:
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = dynamodb.handle_request(request.method, request.path, headers, request.body, {})
    status, found, body = asyncio.run(call)
    return AwsAnswer(status, body if isinstance(body, bytes) else body.encode(), found)


def _secrets_manager(request: AwsRequest) -> AwsAnswer:
    found = {"Name": json.loads(request.body)["SecretId"], "SecretString": "a secret"}
    return AwsAnswer(200, json.dumps(found).encode(), {"Content-Type": "application/x-amz-json-1.1"})


def _undeployed(_request: AwsRequest) -> AwsAnswer:
    raise NotImplementedError("the proxy gets the services of its world")


@cache
def _loader() -> Loader:
    return create_loader()


def _with_models(session: Session) -> Session:
    """Give the session the models of AWS that an earlier one has loaded."""
    session.register_component("data_loader", _loader())
    return session
