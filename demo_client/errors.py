"""Every way a command can fail, as one plain sentence and one exit code.

0  done                          3  the pool refused the sign-in or the request
1  something to put right here   4  not now: wait, or do what the sentence says
2  the command was mistyped      5  nobody answers: network, or no stack running
"""

from __future__ import annotations

import re
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnection

from demo_client.aws_words import BY_MESSAGE, REFUSALS, WAITS

HERE: Final = 1
REFUSED: Final = 3
WAIT: Final = 4
UNREACHABLE: Final = 5

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
