"""Every error is one sentence that says what to do next, and one exit code."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from demo_client.errors import (
    FIX_INPUT,
    REFUSED,
    REFUSED_SENTENCES,
    RETRY_LATER,
    RETRY_SENTENCES,
    SENTENCES_BY_MESSAGE,
    UNREACHABLE,
    CliError,
    to_cli_error,
)
from tests.support.demo_pool import refusal

URL = "http://127.0.0.1:1/"


@pytest.mark.parametrize(
    ("error", "beginning", "exit_code"),
    [
        (
            refusal("NotAuthorizedException", "Incorrect username or password."),
            "The sign-in has ended.",
            REFUSED,
        ),
        (refusal("UserNotFoundException", "User does not exist."), "The sign-in has ended.", REFUSED),
        (
            refusal("NotAuthorizedException", "Invalid session for the user."),
            "This sign-in has ended",
            REFUSED,
        ),
        (refusal("NotAuthorizedException", "Invalid Refresh Token"), "Your session has expired", REFUSED),
        (
            refusal("NotAuthorizedException", "Access Token has been revoked"),
            "Your session has expired",
            REFUSED,
        ),
        (refusal("TooManyRequestsException", "Rate exceeded"), "The pool is busy.", RETRY_LATER),
        (refusal("NewException", "x"), "The pool refused this request (NewException).", REFUSED),
        (ClientError({}, "InitiateAuth"), "The pool refused this request (no reason given).", REFUSED),
        (EndpointConnectionError(endpoint_url=URL), "The pool does not respond.", UNREACHABLE),
        (ConnectTimeoutError(endpoint_url=URL), "The pool does not respond.", UNREACHABLE),
        (ReadTimeoutError(endpoint_url=URL), "The pool does not respond.", UNREACHABLE),
        (SSLError(endpoint_url=URL, error=OSError("x")), "The pool does not respond.", UNREACHABLE),
        (ParamValidationError(report="hunter2"), "The input is not valid.", FIX_INPUT),
        (PermissionError(13, "Permission denied", "/x"), "A file could not be read or written", FIX_INPUT),
        (RuntimeError("hunter2"), "Unexpected error (RuntimeError).", FIX_INPUT),
        (CliError("As it is.", RETRY_LATER), "As it is.", RETRY_LATER),
    ],
)
def test_an_error_is_a_sentence_and_an_exit_code(error: Exception, beginning: str, exit_code: int) -> None:
    cli_error = to_cli_error(error)
    assert cli_error.message.startswith(beginning)
    assert cli_error.exit_code == exit_code
    assert "hunter2" not in cli_error.message


def test_every_sentence_of_the_tables_is_complete() -> None:
    for sentence in [
        *REFUSED_SENTENCES.values(),
        *RETRY_SENTENCES.values(),
        *(sentence for _, sentence in SENTENCES_BY_MESSAGE),
    ]:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "Exception" not in sentence
