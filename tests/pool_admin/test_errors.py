"""The sentence for each error."""

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from tests.support.account_in_memory import refusal
from tools.pool_admin.errors import to_admin_error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            refusal("AccessDeniedException", "UpdateUserPool"),
            "may not call UpdateUserPool. Add that",
        ),
        (refusal("TooManyRequestsException", "UpdateUserPool"), "Wait a minute, and run the command again"),
        (refusal("ThrottlingException", "DescribeStacks"), "AWS throttles DescribeStacks"),
        (refusal("ExpiredTokenException", "GetParameter"), "Sign in with the AWS CLI again"),
        (refusal("ConcurrentModificationException", "UpdateUserPool"), "Another change is in progress"),
        (
            refusal("InvalidParameterException", "UpdateUserPool", "The message is invalid."),
            "The message is invalid.",
        ),
        (ProfileNotFound(profile="x"), "no such AWS profile"),
        (NoRegionError(), "--region"),
        (NoCredentialsError(), "No AWS credentials"),
        (EndpointConnectionError(endpoint_url="http://x"), "AWS does not respond"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (KeyError("secret"), "Unexpected error (KeyError)"),
    ],
)
def test_every_error_is_one_sentence_with_the_next_step(error: Exception, text: str) -> None:
    sentence = str(to_admin_error(error))
    assert text in sentence
    assert "\n" not in sentence
    assert "secret" not in sentence
