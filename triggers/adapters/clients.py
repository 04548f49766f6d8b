"""How every boto3 client is made: with time-outs well inside the five seconds that Cognito waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from token_service.refusal import Unavailable


def client(service: str, *, attempts: int, patience: float = 0.7) -> Any:
    """A client of `service`.

    `attempts` is the total, 1 where a repeat could count or send something twice; `patience` the seconds
    to wait for an answer. A trigger's two calls together stay below five seconds at their very worst; the
    third that `verify` makes after a pause, or after an SMS, is not in that sum.
    """
    config = Config(
        connect_timeout=0.5,
        read_timeout=patience,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def error_code(error: ClientError) -> str:
    """AWS's own word for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def unavailable(service: str) -> Iterator[None]:
    """Turn what botocore raises into `Unavailable`. Its text may hold the request, so it goes no further."""
    try:
        yield
    except ClientError as error:
        raise Unavailable(f"{service} answered {error_code(error)}") from None
    except BotoCoreError as error:
        raise Unavailable(f"{service} failed with {type(error).__name__}") from None
