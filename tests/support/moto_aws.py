"""moto in place of AWS for handlers in this process: the session of their clients, and their environment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader
from botocore.session import Session
from moto import mock_aws

from passcode.adapters import botocore_clients
from tests.support.dynamodb import made
from tests.support.events import ENVIRONMENT


@contextmanager
def moto_session() -> Iterator[Session]:
    """Inside the block there is a new AWS in moto. Handlers that load there use the session."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
            patch.setenv(name, ENVIRONMENT[name])
        # A session from before the start of moto would call the real AWS.
        session = botocore.session.get_session()
        session.register_component("data_loader", _loader())
        patch.setattr(botocore_clients, "session", lambda: session)
        yield session


@cache
def _loader() -> Loader:
    # Loading the models of AWS takes a second.
    return create_loader()


def sign_in_environment(client: Callable[[str], Any]) -> dict[str, str]:
    """Make the table, the queues and the key of the codes. Returns the environment of the sign-in functions.

    `client` makes a client of the session.
    """

    def queue(name: str) -> str:
        found = client("sqs").create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})
        return str(found["QueueUrl"])

    key = client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    return ENVIRONMENT | {
        "TABLE_NAME": made(client("dynamodb")),
        "EMAIL_QUEUE_URL": queue("email"),
        "PHONE_QUEUE_URL": queue("phone"),
        "COGNITO_QUEUE_URL": queue("cognito"),
        "DEAD_LETTERS_URL": queue("dead-letters"),
        "CODE_KEY_ID": str(key["KeyMetadata"]["Arn"]),
    }
