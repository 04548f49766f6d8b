"""Messages to a Lambda function of the operator, which passes them on to a provider outside this stack.

docs/gateways.md describes the event, the answer, and how each error is read.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as NoConnection

from passcode.adapters.aws_gateway import Outcome, Outcomes, refusal_result
from passcode.adapters.botocore_clients import OutOfTimeError
from passcode.channels.channel import Channel
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken, Unknown

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

VERSION = 1
# The reason of every message that the function refuses for good. It is a dimension of a metric, and each new
# value of a dimension costs money, so the function's reason is in the log only.
REFUSED = "gateway_refused"
# The errors of Lambda's operation `Invoke`. In most of them, Lambda did not start the function.
OUTCOMES: Outcomes = {
    # The function may have run before these errors. EFSIOException is an error of its file system.
    "ServiceException": Outcome.UNKNOWN,
    "EFSIOException": Outcome.UNKNOWN,
    # GatewayFunctionArn names no function.
    "ResourceNotFoundException": Outcome.STOPPED,
    # The message will not become smaller.
    "RequestTooLargeException": Outcome.FINAL,
    "SerializedRequestEntityTooLargeException": Outcome.FINAL,
    **dict.fromkeys(
        (
            "CodeArtifactUserDeletedException",
            "CodeArtifactUserFailedException",
            "CodeArtifactUserPendingException",
            "DurableExecutionAlreadyStartedException",
            "EC2AccessDeniedException",
            "EC2ThrottledException",
            "EC2UnexpectedException",
            "EFSMountConnectivityException",
            "EFSMountFailureException",
            "EFSMountTimeoutException",
            "ENILimitReachedException",
            "ENINotReadyException",
            "InvalidParameterValueException",
            "InvalidRequestContentException",
            "InvalidRuntimeException",
            "InvalidSecurityGroupIDException",
            "InvalidSubnetIDException",
            "InvalidZipFileException",
            "KMSAccessDeniedException",
            "KMSDisabledException",
            "KMSInvalidStateException",
            "KMSNotFoundException",
            "ModeNotSupportedException",
            "NoPublishedVersionException",
            "RecursiveInvocationException",
            "ResourceConflictException",
            "ResourceNotReadyException",
            "RuntimeAliasDeletedException",
            "RuntimeVersionDeletedException",
            "S3FilesMountConnectivityException",
            "S3FilesMountFailureException",
            "S3FilesMountTimeoutException",
            "ServiceQuotaExceededException",
            "SnapStartException",
            "SnapStartNotReadyException",
            "SnapStartRegenerationFailureException",
            "SnapStartTimeoutException",
            "SubnetIPAddressLimitReachedException",
            "TooManyRequestsException",
            "UnsupportedMediaTypeException",
        ),
        Outcome.LATER,
    ),
}
_REASON = re.compile(r"[A-Za-z0-9_.-]{1,40}")
# A code has at least six digits. Error numbers of providers, such as 21610, have fewer.
_MOST_DIGITS = 5


@dataclass(frozen=True)
class FunctionGateway:
    """Sends the messages of `channel` to the function `arn`. `client` is a botocore Lambda client.

    `app` is the name of the app, for the event.
    """

    client: "LambdaClient"
    arn: str
    channel: Channel
    app: str

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        """Invoke the function once with one message, and wait for its answer."""
        try:
            response = self.client.invoke(
                FunctionName=self.arn, InvocationType="RequestResponse", Payload=self._event(outgoing)
            )
            answer = _parse_object(response["Payload"].read())
        except ClientError as error:
            return refusal_result("Lambda", error, OUTCOMES)
        except (NoConnection, OutOfTimeError) as error:
            return NotTaken(f"Lambda failed with {type(error).__name__}", final=False)
        except Exception as error:  # botocore does not expect every response that it cannot parse
            return Unknown(f"Lambda failed with {type(error).__name__}")
        if response.get("FunctionError"):
            return Unknown(f"the function failed with {_reason_for_log(answer.get('errorType'))}")
        return _read(answer)

    def _event(self, outgoing: Outgoing[Any]) -> bytes:
        event = {
            "version": VERSION,
            "delivery_id": f"{outgoing.delivery_id}-{self.channel.name}",
            "channel": self.channel.name,
            "to": outgoing.to,
            "message": _parts(outgoing.message),
            "app": self.app,
            "locale": outgoing.language,
            "expires_at": outgoing.expires_at or None,
        }
        return json.dumps(event).encode()


def _parts(message: Any) -> dict[str, str]:
    """Return the parts of a channel's message by name, without empty ones. Bytes are in base64."""
    parts = {field.name: getattr(message, field.name) for field in fields(message)}
    return {
        name: b64encode(part).decode() if isinstance(part, bytes) else part
        for name, part in parts.items()
        if part
    }


def _parse_object(payload: bytes) -> Mapping[str, Any]:
    """Return the JSON object in `payload`, or an empty one."""
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _read(answer: Mapping[str, Any]) -> SendResult:
    result, reason = answer.get("result"), _reason_for_log(answer.get("reason"))
    if result == "TAKEN":
        return Taken()
    if result == "NOT_TAKEN":
        if answer.get("final") is True:
            return NotTaken(REFUSED, final=True, detail=reason)
        return NotTaken(f"the function answered NOT_TAKEN with {reason}", final=False)
    if result == "UNKNOWN":
        return Unknown(f"the function answered UNKNOWN with {reason}")
    return Unknown("the function gave no valid answer")


def _reason_for_log(value: object) -> str:
    """Return `value` if it can be in a log. It is not this project's text, so it could contain a code."""
    if not isinstance(value, str) or not _REASON.fullmatch(value):
        return "no valid reason"
    has_code = sum(sign.isdigit() for sign in value) > _MOST_DIGITS
    return "no valid reason" if has_code else value
