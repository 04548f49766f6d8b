"""Count the files of triggers/ that run on three paths. A reader of a path has to read these files.

    python benchmarks/paths.py [--json]

The handlers run as in Lambda, with moto as a fake AWS that responds at once. Each path runs once before it is
counted, because a cold start runs more code. The user has one verified email address. A file counts if
one of its functions runs before the path's last AWS call. Telemetry does not count.
"""

import contextlib
import io
import json
import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
TRIGGERS = ROOT / "triggers"
sys.path[:0] = [str(TRIGGERS), str(ROOT)]

import botocore.client  # noqa: E402 - the path comes first
import botocore.session  # noqa: E402
from moto import mock_aws  # noqa: E402
from moto.core.models import DEFAULT_ACCOUNT_ID  # noqa: E402
from moto.ses.models import ses_backends  # noqa: E402

from benchmarks.events import Event, http  # noqa: E402
from benchmarks.imports import SETTINGS  # noqa: E402
from passcode.adapters import botocore_clients  # noqa: E402

ANSWER = "an answer at `verify`, up to the DynamoDB write"
RESEND = "a resend on another channel at `define` and `create`, up to the queue"
CONFIRMATION = "POST /createToken at `token_api` and `deliver`, up to SES"

Handler = Callable[[Event, Any], Any]


@dataclass
class Trace:
    """The files of triggers/ that ran. `last_call` is the AWS operation that ends the count, if any."""

    last_call: str = ""
    files: set[str] = field(default_factory=set)
    is_over: bool = False

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        """Record the file of a call. This is a function for `sys.setprofile`."""
        file = frame.f_code.co_filename
        # Generated code, such as a dataclass's __init__, has no file.
        if event == "call" and not self.is_over and file.startswith(f"{TRIGGERS}{os.sep}"):
            self.files.add(Path(file).relative_to(TRIGGERS).as_posix())

    @property
    def counted(self) -> list[str]:
        """The files without telemetry."""
        return sorted(file for file in self.files if Path(file).stem != "telemetry")


@dataclass
class Aws:
    """The mocked AWS and its clock."""

    client: Callable[[str], Any]
    queue_url: str
    now: float = field(default_factory=time.time)
    trace: Trace | None = None

    @contextlib.contextmanager
    def tracing(self, last_call: str = "") -> Iterator[Trace]:
        """Trace the calls up to the AWS operation `last_call`. Raises `SystemExit` if it is never called."""
        self.trace = trace = Trace(last_call)
        sys.setprofile(trace.profile)
        try:
            yield trace
        finally:
            sys.setprofile(None)
            self.trace = None
        if last_call and not trace.is_over:
            raise SystemExit(f"The path did not call {last_call}. Fix the events of benchmarks/paths.py.")

    def record_call(self, operation: str) -> None:
        """Record that the handlers called an AWS operation."""
        if self.trace and operation == self.trace.last_call:
            self.trace.is_over = True

    def delivery(self) -> Event:
        """Take one message from the queue, as the event of `deliver`."""
        (message,) = self.client("sqs").receive_message(QueueUrl=self.queue_url)["Messages"]
        self.client("sqs").delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return {"Records": [{"messageId": message["MessageId"], "body": message["Body"]}]}

    def newest_code(self) -> str:
        """Return the code in the newest email."""
        backend = ses_backends[DEFAULT_ACCOUNT_ID][SETTINGS["AWS_DEFAULT_REGION"]]
        # A colour in the page's style can have six digits too, after a number sign.
        (code,) = re.findall(r"(?<![#\w])\d{6}\b", backend.sent_messages[-1].body)
        return str(code)


@contextlib.contextmanager
def mocked_aws() -> Iterator[Aws]:
    """Mock AWS with the resources of the stack, and set the environment of the functions."""
    with mock_aws(), patch.dict(os.environ, SETTINGS):
        session = botocore.session.get_session()
        aws = Aws(session.create_client, _make_resources(session.create_client))
        call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

        def recorded(client: object, operation: str, parameters: object) -> object:
            aws.record_call(operation)
            return call(client, operation, parameters)

        with (
            patch.object(botocore.client.BaseClient, "_make_api_call", recorded),
            patch("time.time", lambda: aws.now),
            # On a busy machine, the first calls to moto may take longer than Cognito waits.
            patch.object(botocore_clients, "COGNITO_SECONDS", math.inf),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            yield aws


def _make_resources(client: Callable[[str], Any]) -> str:
    """Make the resources, put their ids into the environment, and return the URL of the queue."""
    client("dynamodb").create_table(
        TableName=SETTINGS["TABLE_NAME"],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    queue_url = str(
        client("sqs").create_queue(QueueName="email.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    )
    client("sesv2").create_email_identity(EmailIdentity=SETTINGS["SENDER_EMAIL"])
    client("sesv2").create_configuration_set(ConfigurationSetName=SETTINGS["CONFIGURATION_SET"])
    os.environ["EMAIL_QUEUE_URL"] = os.environ["PHONE_QUEUE_URL"] = queue_url
    for name in ("CODE_KEY_ID", "TOKEN_KEY_ID"):
        key = client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        os.environ[name] = key["KeyMetadata"]["Arn"]
    return queue_url


@dataclass
class SimulatedSignIn:
    """One sign-in with a password and a code, as Cognito runs it."""

    user: str
    history: list[dict[str, object]] = field(default_factory=list)
    parameters: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("SRP_A", "PASSWORD_VERIFIER"):
            self.history.append({"challengeName": name, "challengeResult": True, "challengeMetadata": None})

    def event(self, **request: object) -> Event:
        """Return a trigger event. `request` are the fields that only this trigger gets."""
        attributes = {"sub": self.user, "email": f"{self.user}@example.com", "email_verified": "true"}
        attributes["cognito:user_status"] = "CONFIRMED"
        return {
            "version": "1",
            "userName": self.user,
            "callerContext": {"awsSdkVersion": "none", "clientId": "1example23456789"},
            "request": {"userAttributes": attributes, "session": self.history} | request,
            "response": {},
        }

    def answer(self, text: str) -> Event:
        """Return the event of `verify` for an answer to the newest challenge."""
        return self.event(challengeAnswer=text, privateChallengeParameters=self.parameters)

    def create(self, handler: Handler, **request: object) -> None:
        """Call `create` for a challenge, and add it to the history with a wrong answer."""
        response = handler(self.event(challengeName="CUSTOM_CHALLENGE", **request), None)["response"]
        self.parameters = response["privateChallengeParameters"]
        metadata = response["challengeMetadata"]
        entry = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": metadata}
        self.history.append(entry)


def measure() -> dict[str, list[str]]:
    """Return the counted files of each path."""
    with mocked_aws() as aws:
        import create_auth_challenge  # noqa: PLC0415 - after the settings
        import define_auth_challenge  # noqa: PLC0415
        import deliver  # noqa: PLC0415
        import token_api  # noqa: PLC0415
        import verify_auth_challenge  # noqa: PLC0415

        def answer(user: str) -> Trace:
            sign_in = SimulatedSignIn(user)
            sign_in.create(create_auth_challenge.handler)
            deliver.handler(aws.delivery(), None)
            event = sign_in.answer(aws.newest_code())
            with aws.tracing("UpdateItem") as trace:
                response = verify_auth_challenge.handler(event, None)
            _check(response["response"] == {"answerCorrect": True}, response)
            return trace

        def resend(user: str) -> Trace:
            sign_in, metadata = SimulatedSignIn(user), {"action": "resend", "channel": "sms"}
            sign_in.create(create_auth_challenge.handler)
            aws.delivery()
            aws.now += 60
            with aws.tracing("SendMessage") as trace:
                response = define_auth_challenge.handler(sign_in.event(clientMetadata=metadata), None)
                sign_in.create(create_auth_challenge.handler, clientMetadata=metadata)
            _check(response["response"]["challengeName"] == "CUSTOM_CHALLENGE", response)
            aws.delivery()
            return trace

        def confirmation(user: str) -> Trace:
            event = http("/createToken", {"email": f"{user}@example.com", "purpose": "to approve a payment"})
            with aws.tracing() as request:
                response = token_api.handler(event, None)
            _check(response["statusCode"] == 200, response)
            delivery = aws.delivery()
            with aws.tracing("SendEmail") as sending:
                deliver.handler(delivery, None)
            return Trace(files=request.files | sending.files)

        paths = {ANSWER: answer, RESEND: resend, CONFIRMATION: confirmation}
        for run in paths.values():
            run(f"warm-up-{run.__name__}")
        return {name: run(f"user-{run.__name__}").counted for name, run in paths.items()}


def _check(is_right: bool, response: object) -> None:
    if not is_right:
        raise SystemExit(f"A handler answered {response}. Fix the events of benchmarks/paths.py.")


def main() -> None:
    """Measure, and print a table or JSON."""
    measured = measure()
    if "--json" in sys.argv[1:]:
        print(json.dumps(measured))
        return
    for path, files in measured.items():
        print(f"{len(files):3} files: {path}")
        for file in files:
            print(f"      {file}")


if __name__ == "__main__":
    main()
