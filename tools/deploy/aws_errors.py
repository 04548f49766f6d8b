"""Errors of AWS as one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NoConnection

from tools.deploy.errors import DeployError
from tools.pool_admin.errors import DENIED, THROTTLED, error_code

_SIGN_IN = "Sign in again, for example with `aws sso login` or `aws configure`, or set AWS_PROFILE."
_BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
    }
)
# AWS answers so for a region that the account has not enabled.
_REGION_OFF = frozenset({"OptInRequired", "RegionDisabledException", "InvalidRegion"})


@contextmanager
def one_sentence(region: str) -> Iterator[None]:
    """Raise `DeployError` with one sentence for each error of AWS in the body."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise DeployError(sentence(error, region)) from None


def sentence(error: Exception, region: str) -> str:
    """Return what happened at a call of AWS in `region`, and what to do next."""
    if isinstance(error, ClientError):
        return _refused(error, region)
    if isinstance(error, NoCredentialsError):
        return f"No AWS credentials were found. {_SIGN_IN}"
    if isinstance(error, PartialCredentialsError):
        return f"The AWS credentials are incomplete. {_SIGN_IN}"
    if isinstance(error, EndpointConnectionError):
        return (
            f"AWS does not answer at {error.kwargs.get('endpoint_url')}. Check that the region {region} "
            "exists and has this service, and the network."
        )
    if isinstance(error, (NoConnection, HTTPClientError)):
        return "AWS does not answer. Check the network, and run the command again."
    # An expired single sign-on, a wrong profile, or a failed credential_process. The text names it.
    return f"The AWS credentials cannot be used: {str(error).rstrip('.')}. {_SIGN_IN}"


def _refused(error: ClientError, region: str) -> str:
    code, call = error_code(error), error.operation_name
    if code in DENIED:
        return f"These credentials may not call {call}. Add that permission, or use other credentials."
    if code in _BAD_CREDENTIALS:
        return f"The AWS credentials have expired or are not valid. {_SIGN_IN}"
    if code in _REGION_OFF:
        return f"The account has not enabled the region {region}. Enable it, or choose another one."
    if code in THROTTLED:
        return f"AWS throttles {call}. Wait a minute, and run the command again."
    message = " ".join(str(error.response.get("Error", {}).get("Message", "")).split()).rstrip(".")
    return f"AWS refused {call}: {message or code}. Fix that, and run the command again."
