"""Make botocore clients whose calls end with the invocation: a deadline, time-outs, and repeated attempts.

botocore alone does not do this. Its read time-out is for each byte, so a slow response can take minutes. Its
retries wait up to a second after the first throttling response, and they have no deadline.
"""

import io
import json
import math
import os
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.response import StreamingBody
from botocore.session import Session, get_session
from botocore.utils import get_environ_proxies

from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    # For the types only: Lambda has no such packages.
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from passcode.adapters.end_user_messaging import EndUserMessagingClient
    from passcode.adapters.secrets_manager import SecretsManagerClient


# The models of the operations that the functions call. `make build` and `make setup` write them.
_MODELS = Path(__file__).with_name("aws_models")
# Amazon's own certificate authorities.
_AUTHORITIES = _MODELS / "authorities.pem"
# The most seconds for the AWS calls of a trigger. Cognito waits five seconds for its response.
COGNITO_SECONDS = 4.5
# These seconds before Lambda stops a function are for the response to an error.
_MARGIN = 0.3
# With fewer seconds left, the client does not start an attempt.
_LEAST = 0.05
# The seconds between two attempts. A random pause separates the callers that AWS throttled together.
_PAUSE = (0.05, 0.2)
# Marks an error if AWS may have done the work in an earlier attempt of the same call.
_UNCLEAR = "unclear"
_UNREADABLE = "unreadable"
# Marks a call whose endpoint reads botocore's list of authorities now.
_LONG_LIST = "long list"
_NOT_REACHED = (ConnectTimeoutError, EndpointConnectionError)
_THROTTLES = {
    *("TooManyRequestsException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"),
    *("LimitExceededException", "SlowDown", "BandwidthLimitExceeded"),
}


class OutOfTimeError(BotoCoreError):
    """The invocation has no time left, so nothing was sent."""

    fmt = "the invocation has no time left"


class UnreadableResponseError(BotoCoreError):
    """AWS answered, but not with JSON in UTF-8."""

    fmt = "the response is not readable"


class _Invocation:
    """The deadline of the current invocation. Lambda runs one invocation at a time in each process."""

    ends_at = math.inf

    def seconds_left(self) -> float:
        return self.ends_at - time.monotonic()


class _AttemptTimer:
    """Ends one attempt with TimeoutError, as a socket does that gets no byte for too long.

    Only the main thread gets signals. In another thread, the client's read time-out is the only limit.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._former: tuple[Any, tuple[float, float]] = (signal.SIG_DFL, (0.0, 0.0))

    def start(self, seconds: float) -> None:
        self.stop()
        if _in_main_thread():
            handler = signal.signal(signal.SIGALRM, self._end)
            self._is_set = True
            self._former = handler, signal.setitimer(signal.ITIMER_REAL, seconds)

    def stop(self) -> None:
        if self._is_set and _in_main_thread():
            # First, so that a signal that arrives now is ignored.
            self._is_set = False
            handler, timer = self._former
            signal.setitimer(signal.ITIMER_REAL, *timer)
            signal.signal(signal.SIGALRM, handler)

    def _end(self, *_: object) -> None:
        if self._is_set:
            raise TimeoutError


_INVOCATION, _TIMER = _Invocation(), _AttemptTimer()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def with_deadline(
    handle: Callable[[Any, Any], Any], most_seconds: float = math.inf
) -> Callable[[Any, Any], Any]:
    """Return a handler whose AWS calls end within `most_seconds`, and before Lambda stops the function."""

    def handler(event: Any, context: Any) -> Any:
        _INVOCATION.ends_at = time.monotonic() + seconds_for(context, most_seconds)
        try:
            return handle(event, context)
        finally:
            _INVOCATION.ends_at = math.inf
            _TIMER.stop()

    return handler


def seconds_for(context: Any, most_seconds: float) -> float:
    """Return the seconds for the AWS calls of an invocation. `context` is Lambda's.

    A test that passes no context has no deadline, so that it does not depend on the speed of the machine.
    """
    if context is None:
        return math.inf
    remaining: int = context.get_remaining_time_in_millis()
    return min(most_seconds, remaining / 1000 - _MARGIN)


@dataclass(eq=False, repr=False)
class CallLimits:
    """The limits of each call of a client.

    `attempts` is the largest number of attempts. `read_timeout` is the most seconds for one of them. The
    operations in `once` are repeated only after a response that says that nothing was done.
    """

    attempts: int
    read_timeout: float
    once: tuple[str, ...] = ()

    def register(self, events: Any, service_id: str) -> None:
        """Set these limits for a client with its events."""
        events.register(f"before-send.{service_id}", self._start)
        events.register(f"before-parse.{service_id}", self._read)
        events.register(f"response-received.{service_id}", self._stop)
        events.register(f"needs-retry.{service_id}", self._pause)

    def patience(self, operation: str, left: float) -> float:
        """Return the seconds for an attempt, if `left` seconds are left for all calls of the invocation.

        It is half of them, so that there is time for another attempt after a lost response.
        """
        share = left / 2 if self.attempts > 1 and operation not in self.once else left
        return min(self.read_timeout, share)

    def _start(self, event_name: str, **_: object) -> None:
        left = _INVOCATION.seconds_left()
        if left < _LEAST:
            raise OutOfTimeError
        _TIMER.start(self.patience(event_name.rpartition(".")[2], left))

    def _read(
        self, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
    ) -> None:
        try:
            is_stream = _read_stream(response_dict)
        finally:
            _TIMER.stop()
        if not is_stream and not _is_readable(response_dict):
            # botocore would raise the error of a parser, and not repeat the call.
            response_dict["body"] = b""
            customized_response_dict[_UNREADABLE] = True

    def _stop(self, **_: object) -> None:
        _TIMER.stop()

    def _pause(
        self,
        response: tuple[Any, dict[str, Any]] | None,
        caught_exception: Any,
        attempts: int,
        operation: Any,
        endpoint: Any,
        request_dict: dict[str, Any],
        **_: object,
    ) -> float | None:
        """Return the seconds until the next attempt, or None."""
        if _reads_long_list_next(caught_exception, endpoint, request_dict["context"]):
            # Nothing was sent, so even a call with one attempt can be repeated.
            return 0
        parsed: Any = response[1] if response else {}
        is_unreadable = parsed.pop(_UNREADABLE, False) and response and response[0].status_code < 300
        error = UnreadableResponseError() if is_unreadable else caught_exception
        outcome = ClientError(parsed, operation.name) if error is None and "Error" in parsed else error
        if outcome is None:
            return None
        nothing_was_done, context = _did_nothing(outcome), request_dict["context"]
        pause = _random_pause()
        # An attempt that met an unknown authority has sent nothing, and does not count.
        if (
            attempts - (_LONG_LIST in context) < self.attempts
            and _is_temporary(outcome)
            and (nothing_was_done or operation.name not in self.once)
            and _INVOCATION.seconds_left() > pause + (_LEAST if _in_main_thread() else self.read_timeout)
        ):
            context[_UNCLEAR] = context.get(_UNCLEAR) or not nothing_was_done
            return pause
        if context.get(_UNCLEAR):
            parsed[_UNCLEAR] = True
            if error is not None:
                setattr(error, _UNCLEAR, True)
        if is_unreadable:
            raise error
        return None


def _reads_long_list_next(error: Exception | None, endpoint: Any, context: dict[str, Any]) -> bool:
    """Let an endpoint read botocore's list if no authority in the short list signed its certificate.

    The certificate can also be that of a proxy. Returns False if `error` has another reason, or if the call
    changed the list before.
    """
    reached: Any = error.kwargs["error"] if isinstance(error, (SSLError, ProxyConnectionError)) else None
    # urllib3 has the reason in the arguments of an error, and that error in the one of a proxy.
    reasons = getattr(getattr(reached, "original_error", reached), "args", ())
    is_untrusted = any(isinstance(reason, ssl.SSLCertVerificationError) for reason in reasons)
    if not is_untrusted or context.get(_LONG_LIST) or not _authorities():
        return False
    config, context[_LONG_LIST] = context["client_config"], True
    timeouts: Any = config.connect_timeout, config.read_timeout
    endpoint.http_session = URLLib3Session(
        proxies=get_environ_proxies(endpoint.host),
        timeout=timeouts,
        max_pool_connections=config.max_pool_connections,
    )
    return True


def _random_pause() -> float:
    """Return the seconds until the next attempt."""
    least, most = _PAUSE
    # Not from `random`: a test forbids that module, so that no code or nonce comes from it.
    return least + (most - least) * os.urandom(1)[0] / 255


def _read_stream(response: dict[str, Any]) -> bool:
    """Read the body of a response that botocore passes on as a stream. Returns whether it was one.

    The time of the attempt includes the body. A caller would read it after the end of the attempt.
    """
    if not isinstance(response["body"], StreamingBody):
        return False
    content = response["body"].read()
    response["body"] = StreamingBody(io.BytesIO(content), len(content))
    return True


def _is_readable(response: dict[str, Any]) -> bool:
    headers, body = response["headers"], response["body"]
    if int(headers.get("content-length", len(body))) != len(body):
        return False
    if not body or "json" not in headers.get("content-type", ""):
        return True
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _is_temporary(error: Exception) -> bool:
    if isinstance(error, ClientError):
        return _status(error) >= 500 or _is_throttle(error)
    return isinstance(error, (*_NOT_REACHED, HTTPClientError, UnreadableResponseError, TimeoutError))


def _did_nothing(error: Exception) -> bool:
    """Return True if AWS certainly did not do the work of this attempt."""
    if isinstance(error, ClientError):
        return 400 <= _status(error) < 500 or _is_throttle(error)
    return isinstance(error, (*_NOT_REACHED, OutOfTimeError))


def _is_throttle(error: ClientError) -> bool:
    code = error_code(error)
    return code in _THROTTLES or "throttl" in code.lower() or _status(error) == 429


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@cache
def session() -> Session:
    """Return the session of all clients. It holds the credentials and the loaded AWS models.

    `boto3` would add S3 transfers and resources, a quarter of a handler's import time. botocore's own models
    would add another quarter (docs/decisions/0043).
    """
    # botocore reads the second variable too, but only without a list from its caller.
    found = get_session({"ca_bundle": ("ca_bundle", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], None, None)})
    if _MODELS.is_dir():
        found.register_component("data_loader", ModelLoader(_MODELS))
    return found


def _authorities() -> str | None:
    """Return the short list of certificate authorities, or None for botocore's choice.

    Each new connection reads the list again. OpenSSL 3 needs about 40 ms of CPU time for botocore's list of
    126 authorities, and 2 ms for Amazon's five (docs/decisions/0045). A list in AWS_CA_BUNDLE or
    REQUESTS_CA_BUNDLE has precedence.
    """
    is_chosen = session().get_config_variable("ca_bundle") or not _AUTHORITIES.exists()
    return None if is_chosen else str(_AUTHORITIES)


class ModelLoader(Loader):
    """Loads the AWS models in `folder`, and no others."""

    def __init__(self, folder: Path) -> None:
        super().__init__(extra_search_paths=[str(folder)], include_default_search_paths=False)

    def is_builtin_path(self, path: str) -> bool:  # noqa: ARG002 - botocore names its argument
        """Return True, because the models are botocore's. Endpoints of others would replace its rules."""
        return True


@overload
def client(
    service: Literal["cognito-idp"], *, attempts: int, read_timeout: float = ..., once: tuple[str, ...] = ...
) -> "CognitoIdentityProviderClient": ...
@overload
def client(service: Literal["dynamodb"], *, attempts: int, read_timeout: float = ...) -> "DynamoDBClient": ...
@overload
def client(service: Literal["kms"], *, attempts: int, read_timeout: float = ...) -> "KMSClient": ...
@overload
def client(service: Literal["lambda"], *, attempts: int, read_timeout: float = ...) -> "LambdaClient": ...
@overload
def client(
    service: Literal["pinpoint-sms-voice-v2"], *, attempts: int, read_timeout: float = ...
) -> "EndUserMessagingClient": ...
@overload
def client(
    service: Literal["secretsmanager"], *, attempts: int, read_timeout: float = ...
) -> "SecretsManagerClient": ...
@overload
def client(
    service: Literal["sesv2"], *, attempts: int, read_timeout: float = ..., region: str | None = ...
) -> "SESV2Client": ...
@overload
def client(service: Literal["sns"], *, attempts: int, read_timeout: float = ...) -> "SNSClient": ...
@overload
def client(service: Literal["sqs"], *, attempts: int, read_timeout: float = ...) -> "SQSClient": ...
def client(
    service: str,
    *,
    attempts: int,
    read_timeout: float = 2.5,
    once: tuple[str, ...] = (),
    region: str | None = None,
) -> object:
    """A client of `service`, with the limits of `CallLimits`.

    `attempts` is 1 if a repeat could count or send something twice. Without a `region`, it is the function's.
    """
    config: Any = Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        # `CallLimits` repeats attempts.
        retries={"mode": "standard", "total_max_attempts": 1},
        # By default botocore builds its user agent again at each call, and validates parameters that AWS also
        # validates. Both together take a quarter of the token service's time (benchmarks/warm.py).
        user_agent="cognito-passcode",
        parameter_validation=False,
    )
    made = session().create_client(service, region, config=config, verify=_authorities())
    limits = CallLimits(attempts, config.read_timeout, once)
    limits.register(made.meta.events, made.meta.service_model.service_id.hyphenize())
    return made


def error_code(error: ClientError) -> str:
    """Return the error code of AWS."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def unavailable(service: str) -> Iterator[None]:
    """Turn errors of calls into `Unavailable`. Their text may contain the request, so it is dropped.

    The block makes calls and reads the responses. A response that lacks a value is an error too.
    """
    try:
        yield
    except ClientError as error:
        certain = _did_nothing(error) and _UNCLEAR not in error.response
        raise Unavailable(f"{service} answered {error_code(error)}", nothing_was_done=certain) from None
    except (BotoCoreError, TimeoutError) as error:
        certain = _did_nothing(error) and not hasattr(error, _UNCLEAR)
        text = f"{service} failed with {type(error).__name__}"
        raise Unavailable(text, nothing_was_done=certain) from None
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable(f"{service} gave an unreadable answer: {type(error).__name__}") from None


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


def read_item(call: Callable[..., Any], **request: Any) -> Any:
    """Read one item of DynamoDB: `call` is the client's `get_item`, with its `request`.

    Returns the item, empty if there is none. Raises `Unavailable`.
    """
    with unavailable("the table"):
        response = call(**request, ReturnConsumedCapacity="TOTAL")
        # An empty response would otherwise look like a missing item.
        if "Item" not in response and "ConsumedCapacity" not in response:
            raise Unavailable("the table gave an empty answer")
        return response.get("Item", {})
