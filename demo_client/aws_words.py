"""What Cognito says, and what a person is told instead. No logic: three tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
