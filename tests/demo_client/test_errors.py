"""Every failure is one sentence that says what to do, and one exit code."""

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
        (refusal("NotAuthorizedException", "Invalid Refresh Token"), "Your sign-in has run out", REFUSED),
        (
            refusal("NotAuthorizedException", "Access Token has been revoked"),
            "Your sign-in has run out",
            REFUSED,
        ),
        (refusal("TooManyRequestsException", "Rate exceeded"), "The pool is busy.", RETRY_LATER),
        (refusal("NewException", "x"), "The pool refused this (NewException).", REFUSED),
        (ClientError({}, "InitiateAuth"), "The pool refused this (no reason given).", REFUSED),
        (EndpointConnectionError(endpoint_url=URL), "The pool does not answer.", UNREACHABLE),
        (ConnectTimeoutError(endpoint_url=URL), "The pool does not answer.", UNREACHABLE),
        (ReadTimeoutError(endpoint_url=URL), "The pool does not answer.", UNREACHABLE),
        (SSLError(endpoint_url=URL, error=OSError("x")), "The pool does not answer.", UNREACHABLE),
        (ParamValidationError(report="hunter2"), "What was entered does not fit.", FIX_INPUT),
        (PermissionError(13, "Permission denied", "/x"), "A file could not be read or written", FIX_INPUT),
        (RuntimeError("hunter2"), "This should not have happened (RuntimeError).", FIX_INPUT),
        (CliError("As it is.", RETRY_LATER), "As it is.", RETRY_LATER),
    ],
)
def test_a_failure_is_a_sentence_and_an_exit_code(error: Exception, beginning: str, exit_code: int) -> None:
    told = to_cli_error(error)
    assert told.message.startswith(beginning)
    assert told.exit_code == exit_code
    assert "hunter2" not in told.message


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (
            "CreateAuthChallenge failed with error Too many codes were asked for. Try again in 12 minutes.",
            "Too many codes were asked for. Try again in 12 minutes.",
        ),
        (
            "CreateAuthChallenge failed with error Too many codes were asked for. Try again in 12 minutes..",
            "Too many codes were asked for. Try again in 12 minutes.",
        ),
        ("DefineAuthChallenge failed with error 'userAttributes'.", "The pool could not send or check"),
        ("X failed with error cannot import name (/var/task/a.py)", "The pool could not send or check"),
        ("", "The pool could not send or check"),
    ],
)
def test_a_trigger_is_quoted_only_when_it_speaks_plainly(message: str, sentence: str) -> None:
    told = to_cli_error(refusal("UserLambdaValidationException", message))
    assert told.message.startswith(sentence)
    assert not told.message.endswith("..")
    assert told.exit_code == RETRY_LATER


def test_every_sentence_of_the_tables_is_one_that_a_person_can_act_on() -> None:
    for sentence in [
        *REFUSED_SENTENCES.values(),
        *RETRY_SENTENCES.values(),
        *(said for _, said in SENTENCES_BY_MESSAGE),
    ]:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "Exception" not in sentence
