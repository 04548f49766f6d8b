"""How every botocore client is made: with time-outs well inside the five seconds that Cognito waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session, get_session

from passcode.token_service.refusal import Unavailable


@cache
def session() -> Session:
    """One session for all clients: it holds the credentials and what was read of AWS's models.

    `boto3` itself would add S3 transfers and resources to it, a quarter of what a door imports.
    """
    return get_session()


def client(service: str, *, attempts: int, read_timeout: float = 0.7) -> Any:
    """A client of `service`.

    `attempts` is the total, 1 where a repeat could count or send something twice; `read_timeout` the seconds
    to wait for an answer. A trigger's two calls together stay below five seconds at their very worst; the
    third that `verify` makes after a pause, or after an SMS, is not in that sum.
    """
    config = Config(
        connect_timeout=0.5,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        # botocore puts its own name together anew at each call, and checks what AWS checks: together a
        # quarter of what the token service takes (benchmarks/token_api.py).
        user_agent="cognito-passcode",
        parameter_validation=False,
    )
    return session().create_client(service, config=config)


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


def write_if(call: Callable[..., Any], **request: Any) -> tuple[bool, Any]:
    """One conditional write of DynamoDB: `call` is the client's operation, with its `request`.

    (True, the answer), or (False, the old item) if the condition did not hold; the old item is there if the
    request asks for it. Raises `Unavailable`.
    """
    with unavailable("the table"):
        try:
            return True, call(**request)
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False, error.response.get("Item", {})
