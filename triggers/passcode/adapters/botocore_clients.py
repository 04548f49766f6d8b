"""Make botocore clients with time-outs well below the five seconds that Cognito waits for a trigger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.session import Session, get_session

from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    # For the types only: Lambda has no such packages.
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from passcode.adapters.secrets_manager import SecretsManagerClient


@cache
def session() -> Session:
    """Return the session of all clients. It holds the credentials and the loaded AWS models.

    `boto3` would add S3 transfers and resources, a quarter of a handler's import time.
    """
    return get_session()


@overload
def client(
    service: Literal["cognito-idp"], *, attempts: int, read_timeout: float = ...
) -> "CognitoIdentityProviderClient": ...
@overload
def client(service: Literal["dynamodb"], *, attempts: int, read_timeout: float = ...) -> "DynamoDBClient": ...
@overload
def client(service: Literal["kms"], *, attempts: int, read_timeout: float = ...) -> "KMSClient": ...
@overload
def client(
    service: Literal["secretsmanager"], *, attempts: int, read_timeout: float = ...
) -> "SecretsManagerClient": ...
@overload
def client(service: Literal["sesv2"], *, attempts: int, read_timeout: float = ...) -> "SESV2Client": ...
@overload
def client(service: Literal["sns"], *, attempts: int, read_timeout: float = ...) -> "SNSClient": ...
@overload
def client(service: Literal["sqs"], *, attempts: int, read_timeout: float = ...) -> "SQSClient": ...
def client(service: str, *, attempts: int, read_timeout: float = 0.7) -> object:
    """A client of `service`.

    `attempts` is the largest number of attempts: 1 if a retry could count or send something twice.
    `read_timeout` is the wait for a response, in seconds. The two calls of a trigger take less than five
    seconds with one lost response. If all attempts of both calls time out, the sum is longer, and Cognito
    ends the call first. It does not include the third and fourth call of `verify`, after an SMS.
    """
    config = Config(
        connect_timeout=0.5,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
        # By default botocore builds its user agent again at each call, and validates parameters that AWS also
        # validates. Both together take a quarter of the token service's time (benchmarks/token_api.py).
        user_agent="cognito-passcode",
        parameter_validation=False,
    )
    return session().create_client(service, config=config)


def error_code(error: ClientError) -> str:
    """Return the error code of AWS."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def unavailable(service: str) -> Iterator[None]:
    """Turn botocore's errors into `Unavailable`. Their text may contain the request, so it is dropped."""
    try:
        yield
    except ClientError as error:
        refused = 400 <= error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) < 500
        raise Unavailable(f"{service} answered {error_code(error)}", nothing_was_done=refused) from None
    except BotoCoreError as error:
        raise Unavailable(
            f"{service} failed with {type(error).__name__}", nothing_was_done=isinstance(error, NoConnection)
        ) from None


def write_if(call: Callable[..., Any], **request: Any) -> tuple[bool, Any]:
    """Make one conditional write to DynamoDB: `call` is the client's operation, with its `request`.

    Returns (True, the response), or (False, the old item) if the condition failed. The old item is empty
    unless the request asks for it. Raises `Unavailable`.
    """
    with unavailable("the table"):
        try:
            return True, call(**request)
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False, error.response.get("Item", {})
