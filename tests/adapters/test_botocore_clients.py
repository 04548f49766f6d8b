"""The errors of AWS calls: whether AWS certainly did nothing."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from passcode.adapters.botocore_clients import unavailable
from passcode.token_service.refusal import Unavailable

URL = "https://sqs.eu-west-1.amazonaws.com"


def answered(status: int) -> ClientError:
    """An error that a service answered with an HTTP status."""
    error = {"Error": {"Code": "Fault"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "SendMessage")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "nothing_was_done"),
    [
        (answered(400), True),
        (answered(403), True),
        (answered(499), True),
        (answered(500), False),
        (answered(503), False),
        (ClientError({}, "SendMessage"), False),
        (ConnectTimeoutError(endpoint_url=URL), True),
        (EndpointConnectionError(endpoint_url=URL), True),
        (NoCredentialsError(), False),
        (ConnectionClosedError(endpoint_url=URL), False),
        (ReadTimeoutError(endpoint_url=URL), False),
    ],
)
def test_only_a_refused_call_or_a_missing_connection_certainly_did_nothing(
    error: Exception, *, nothing_was_done: bool
) -> None:
    with pytest.raises(Unavailable) as raised, unavailable("the queue"):
        raise error
    assert raised.value.nothing_was_done is nothing_was_done
