"""Every way a command can fail, as one plain sentence and one exit code.

0  done                          3  the pool refused the sign-in or the request
1  something to put right here   4  not now: wait, or do what the sentence says
2  the command was mistyped      5  nobody answers: network, or no stack running
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnection

HERE: Final = 1
REFUSED: Final = 3
WAIT: Final = 4
UNREACHABLE: Final = 5

_AGAIN: Final = "Your sign-in has run out or was signed out. Sign in again: `sign-in EMAIL`."
# One sentence for both, so that this client does not tell who has an account, whatever the pool does.
_NOT_YOU: Final = (
    "The sign-in has ended. Check the email address, and the password if you gave one, and start again."
)

# By the beginning of the message, in lower case: NotAuthorizedException alone means many things.
BY_MESSAGE: Final[tuple[tuple[str, str], ...]] = (
    ("invalid session", "This sign-in has ended, because it took too long or was refused. Start it again."),
    ("invalid refresh token", _AGAIN),
    ("refresh token", _AGAIN),
    ("invalid access token", _AGAIN),
    ("access token", _AGAIN),
    ("user is disabled", "This account is switched off. Ask the people who run the pool."),
)

REFUSALS: Final[Mapping[str, str]] = {
    "NotAuthorizedException": _NOT_YOU,
    "UserNotFoundException": _NOT_YOU,
    "UserNotConfirmedException": (
        "This address is not confirmed yet. Type the code that Cognito mailed: `confirm EMAIL`."
    ),
    "PasswordResetRequiredException": (
        "This account needs a new password first. Ask the people who run the pool to reset it."
    ),
    "UsernameExistsException": "This address already has an account. Sign in: `sign-in EMAIL`.",
    "AliasExistsException": "This address already belongs to another account. Use another one.",
    "InvalidPasswordException": (
        "The pool wants a stronger password. Choose a longer one (12 characters at least) and try again."
    ),
    "InvalidParameterException": (
        "The pool did not accept what was entered. Check the email address, the phone number "
        "(+ and the country code first) and the password, and that the app client allows this."
    ),
    "CodeMismatchException": "That confirmation code is not right. Try again: `confirm EMAIL`.",
    "ExpiredCodeException": (
        "That confirmation code is no longer good. Ask for a new one: `confirm EMAIL --resend`."
    ),
    "CodeDeliveryFailureException": "The message could not be sent. Check the address and try again.",
    "ResourceNotFoundException": (
        "This pool or app client does not exist. Start the local stack (`make up`), or check --stack "
        "or the PASSCODE_ settings."
    ),
    "InvalidLambdaResponseException": (
        "The pool's functions answered with something unfit. Read their logs and deploy them again."
    ),
    "InvalidUserPoolConfigurationException": (
        "The pool has no passcode triggers. Deploy the stack, or attach its functions to this pool."
    ),
}

WAITS: Final[Mapping[str, str]] = {
    "ForbiddenException": "The pool's firewall refused this request. Wait a while and try again.",
    "TooManyRequestsException": "The pool is busy. Wait a few seconds and try again.",
    "LimitExceededException": "That was too often. Wait a while and try again.",
    "TooManyFailedAttemptsException": "That was wrong too often. Wait a while and try again.",
    "UnexpectedLambdaException": "The pool's functions did not answer. Try again in a minute.",
    "InternalErrorException": "The pool had a fault of its own. Try again in a minute.",
}

_TRIGGER_SAYS = re.compile(r"\A\w+ failed with error (?P<sentence>[^\x00-\x1f<>()/_={}]{3,240}?)[.\s]*\Z")
_TRIGGER_FAILED: Final = "The pool could not send or check a code just now. Try again in a minute."


class PlainError(Exception):
    """What a person is told: `sentence` says what to do next; `exit_code` is for scripts."""

    def __init__(self, sentence: str, exit_code: int = HERE) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code


def plain(error: Exception) -> PlainError:
    """The sentence for any error; one that nobody foresaw is named by its type and nothing else.

    Its text stays out on purpose: nobody can promise that it has no password or code in it.
    """
    if isinstance(error, PlainError):
        return error
    if isinstance(error, ClientError):
        return _from_aws(error)
    if isinstance(error, HTTPClientError | NoConnection):
        return PlainError(
            "The pool does not answer. Check the network, or start the local stack: `make up`.", UNREACHABLE
        )
    if isinstance(error, ParamValidationError):
        return PlainError(
            "What was entered does not fit. Check the email address and the code, and try again."
        )
    if isinstance(error, BotoCoreError):
        return PlainError(f"AWS could not be asked ({type(error).__name__}). Check the pool's settings.")
    if isinstance(error, OSError):
        return PlainError(
            f"A file could not be read or written: {error.strerror}. Check the state directory."
        )
    return PlainError(
        f"This should not have happened ({type(error).__name__}). Please report what you typed."
    )


def _from_aws(error: ClientError) -> PlainError:
    described = error.response.get("Error", {})
    code, message = described.get("Code", ""), described.get("Message", "")
    if code == "UserLambdaValidationException":
        return _from_trigger(message)
    for start, sentence in BY_MESSAGE:
        if message.lower().startswith(start):
            return PlainError(sentence, REFUSED)
    if code in WAITS:
        return PlainError(WAITS[code], WAIT)
    unknown = f"The pool refused this ({code or 'no reason given'}). Check the pool's settings."
    return PlainError(REFUSALS.get(code, unknown), REFUSED)


def _from_trigger(message: str) -> PlainError:
    # The triggers answer with sentences meant for people; what does not look like one stays unsaid.
    match = _TRIGGER_SAYS.match(message)
    said = match["sentence"] if match and " " in match["sentence"] else None
    return PlainError(f"{said}." if said else _TRIGGER_FAILED, WAIT)
