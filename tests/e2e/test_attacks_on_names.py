"""Attacks that distinguish unknown names from those of users, on the local stack with both app clients."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.support.live_attacks import TimedStack
from tests.support.live_handlers import event, live_handlers
from tests.support.live_sign_in import code_only
from tests.support.live_token_api import unused_address
from tests.support.live_users import add_user
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e

ANSWERS = [
    ("0000", {}),
    ("00000000", {}),
    ("again", {"action": "resend"}),
    ("again", {"action": "resend", "channel": "sms"}),
    ("again", {"action": "resend", "channel": "email"}),
    ("again", {"action": "resend"}),
]
SECONDS = ("expiresIn", "resendIn")


def public_answers(stack: Stack, name: str) -> list[object]:
    """All that Cognito returns to a stranger in a sign-in by code alone, without the random values.

    Of times, only whether they are over: they count down. `USERNAME` is from Cognito.
    """
    sign_in = code_only(stack)
    seen: list[object] = []
    try:
        sign_in.start(name)
        for answer, metadata in (*ANSWERS, ("", {})):
            shown = {key: value for key, value in sign_in.parameters.items() if key != "USERNAME"}
            seen.append(shown | {key: shown[key] != "0" for key in SECONDS})
            sign_in.answer(answer, **metadata)
    except ClientError as error:
        seen.append((error.response["Error"]["Code"], error.response["Error"]["Message"]))
    return seen


def test_answers_tell_no_unknown_names(product: TimedStack) -> None:
    """Compare an unknown name with users who have other addresses and states."""
    stack = product.stack
    known = [
        add_user(stack),
        add_user(stack, channel="sms"),
        add_user(stack, phone=False),
        add_user(stack, phone=False, email_verified="false"),
    ]
    unknown = public_answers(stack, unused_address())
    assert [public_answers(stack, user.email) for user in known] == [unknown] * len(known)


def test_letter_case_tells_no_unknown_names(product: TimedStack) -> None:
    """With a record for each spelling, the second start of an unknown name is SENT."""
    for name in (unused_address(), add_user(product.stack).email):
        spellings = (name, name.upper(), name.title())
        found = [code_only(product.stack).start(each).parameters["status"] for each in spellings]
        assert found == ["SENT", "WAITING", "WAITING"]


def test_letters_that_only_look_alike_are_other_names(product: TimedStack) -> None:
    """With wider folding than Cognito's, the second of two unknown names is WAITING."""
    name = unused_address()
    for each in (f"stra\u00dfe-{name}", f"strasse-{name}"):
        assert code_only(product.stack).start(each).parameters["status"] == "SENT"


def test_calls_and_lengths_tell_no_unknown_names(
    product: TimedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`create` and `verify` make the same calls, and what Cognito stores has the same length.

    Without the work for decoys, the calls of an unknown user are fewer.
    """
    handlers, calls = live_handlers(product.stack), []
    make_call: Callable[..., Any] = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        calls.append(operation)
        return make_call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)

    def observed(**unknown: Any) -> list[object]:
        calls.clear()
        sub = str(uuid4())
        create = event("CreateAuthChallenge", sub, session=[], **unknown)
        response = handlers.create.handler(create, None)["response"]
        private = response["privateChallengeParameters"]
        answer = {"privateChallengeParameters": private, "challengeAnswer": "00000000"}
        handlers.verify.handler(event("VerifyAuthChallengeResponse", sub, **answer, **unknown), None)
        return [*calls, len(response["challengeMetadata"]), *map(len, private.values())]

    known, unknown = observed(), observed(userNotFound=True, userAttributes={})
    assert {"UpdateItem", "SendMessage", "GenerateMac"} <= set(calls)
    assert unknown == known
