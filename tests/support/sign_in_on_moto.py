"""The functions of a sign-in as they are composed for Lambda, with moto and a virtual clock."""

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.session import Session

from tests.support.events import NOW
from tests.support.live_handlers import load
from tests.support.moto_aws import moto_session, sign_in_environment
from tests.support.outbox import Sent
from tests.support.template import RESOURCES, TEMPLATE
from tests.support.virtual_clock import Clock, Invocation
from tools.lambda_functions import FUNCTIONS, SIGN_IN_FUNCTIONS

# SQS drops a message of a FIFO queue with the same deduplication id for five minutes.
DEDUPLICATION_SECONDS = 300


@dataclass
class SignInOnMoto:
    """The functions. `environment` is that of all of them, and `outbox` has the sent messages.

    `cold_starts` has the seconds of the next start of a function. `delays` has the seconds by which the
    answer to the next call of an operation is late, by function and operation. Each happens once.
    """

    client: Callable[[str], Any]
    environment: dict[str, str]
    clock: Clock = field(default_factory=lambda: Clock(float(NOW)))
    handlers: dict[str, Any] = field(default_factory=dict)
    outbox: list[Sent] = field(default_factory=list)
    # The times at which SQS passed on the messages, by deduplication id.
    received: dict[str, float] = field(default_factory=dict)
    output: io.StringIO = field(default_factory=io.StringIO)
    cold_starts: dict[str, float] = field(default_factory=dict)
    delays: dict[tuple[str, str], float] = field(default_factory=dict)
    running: str = ""

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Call a function as Lambda does. Raises its exception, or `Cut` after its time-out."""
        # The time-out of a function does not include its cold start.
        self.clock.now += self.cold_starts.pop(name, 0.0)
        deadline = self.clock.now + _time_out(name)
        context = SimpleNamespace(
            function_name=name,
            memory_limit_in_mb=512,
            invoked_function_arn=f"arn:aws:lambda:eu-central-1:123456789012:function:{name}",
            aws_request_id="00000000-0000-0000-0000-000000000000",
            get_remaining_time_in_millis=lambda: int(1000 * (deadline - self.clock.now)),
        )
        self.clock.invocation, self.running = Invocation(deadline), name
        try:
            with contextlib.redirect_stdout(self.output):
                return self.handlers[name](event, context)
        finally:
            self.clock.invocation, self.running = None, ""

    def deliver(self) -> list[Sent]:
        """Deliver all queued messages. Returns those that a gateway took."""
        before, sqs = len(self.outbox), self.client("sqs")
        for name in ("EMAIL_QUEUE_URL", "PHONE_QUEUE_URL"):
            url = self.environment[name]
            while messages := sqs.receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages"):
                (message,) = messages
                if not self._is_duplicate(message):
                    event = {"Records": [_record(message, url)]}
                    assert self.invoke("deliver", event) == {"batchItemFailures": []}
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return self.outbox[before:]

    def sent_to(self, *addresses: str) -> list[Sent]:
        """Deliver all queued messages. Returns all messages to these addresses, oldest first."""
        self.deliver()
        return [message for message in self.outbox if message.to in addresses]

    def _is_duplicate(self, message: dict[str, Any]) -> bool:
        """Return whether SQS drops the message. moto does so only until the first message is deleted."""
        id_ = message["Attributes"]["MessageDeduplicationId"]
        if self.clock.now - self.received.get(id_, -1e9) < DEDUPLICATION_SECONDS:
            return True
        self.received[id_] = self.clock.now
        return False

    def wait_for_answer(self, **call: Any) -> None:
        """Wait for the late answer to an AWS call. The work is done."""
        self.clock.sleep(self.delays.pop((self.running, call["model"].name), 0.0))

    def keep_email(self, **call: Any) -> None:
        """Keep an email that goes to SES."""
        email = call["params"]
        (to,) = email["Destination"]["ToAddresses"]
        self.outbox.append(
            Sent("email", to, email["Content"]["Simple"]["Body"]["Text"]["Data"], self.clock.now)
        )

    def keep_sms(self, **call: Any) -> None:
        """Keep an SMS that goes to SNS."""
        self.outbox.append(
            Sent("sms", call["params"]["PhoneNumber"], call["params"]["Message"], self.clock.now)
        )


@contextmanager
def composed(**settings: str) -> Iterator[SignInOnMoto]:
    """The functions, loaded again with a new AWS in moto. `settings` replaces environment variables.

    A test installs the clock.
    """
    with moto_session() as session, pytest.MonkeyPatch.context() as patch:
        environment = sign_in_environment(session.create_client) | settings
        found = SignInOnMoto(session.create_client, environment)
        found.client("sesv2").create_email_identity(EmailIdentity=environment["SENDER_EMAIL"])
        for name, value in environment.items():
            patch.setenv(name, value)
        _listen(session, found)
        found.handlers = {name: load(name).handler for name in SIGN_IN_FUNCTIONS}
        _keep_logs(found.output)
        try:
            yield found
        finally:
            _keep_logs(io.StringIO())


def _time_out(name: str) -> int:
    own = RESOURCES[FUNCTIONS[name].logical_id]["Properties"]
    return int(own.get("Timeout", TEMPLATE["Globals"]["Function"]["Timeout"]))


def _listen(session: Session, found: SignInOnMoto) -> None:
    session.register("provide-client-params.sesv2.SendEmail", found.keep_email)
    session.register("provide-client-params.sns.Publish", found.keep_sms)
    session.register("after-call", found.wait_for_answer)


def _keep_logs(output: io.StringIO) -> None:
    for name in SIGN_IN_FUNCTIONS:
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(output)


def _record(message: dict[str, Any], url: str) -> dict[str, Any]:
    """Return a message as Lambda passes it to a function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{url.rpartition('/')[2]}",
        "awsRegion": "eu-central-1",
    }
