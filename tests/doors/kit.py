"""The people, the clock and the events of these tests, and small stand-ins for AWS."""

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes import code_mac
from token_service.challenge import Challenge
from token_service.code import code_from_mac
from token_service.trigger_event import Event

EVENTS = Path(__file__).parent.parent / "events"

# 2026-01-01T00:00:00Z, when the challenge in the golden events was issued.
NOW = 1_767_225_600
SUB = "6f1d2a52-6c1e-4f0e-9d3a-2b7c9f0a1e44"
EMAIL = "ada@people.example"
PHONE = "+12025550147"
NONCE = "00112233445566778899aabbccddeeff"
CODE_ONLY_CLIENT = "2v6codeonlyclientexample01"
SALT = "salt"
SIGN_IN_KEY = f"sign_in#{SUB}"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "CODE_ONLY_CLIENTS": CODE_ONLY_CLIENT,
    "TABLE_NAME": "passcode-table",
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/passcode-deliveries",
    "CHANNEL_ORDER": "email,sms",
    "SALT": SALT,
    "CODE_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "USER_POOL_ID": "eu-central-1_Ex4mpl3Aa",
    "CODE_DIGITS": "6",
    "ANSWERS_PER_SESSION": "5",
    "RESENDS_PER_SESSION": "3",
    "APP_NAME": "Example",
    "SENDER_EMAIL": "no-reply@app.example",
    "SIGN_IN_HOST": "app.example",
    "CONFIGURATION_SET": "passcode-mail",
    "SMS_COUNTRIES": "US,DE",
    "SMS_PER_DAY": "1000",
    "SMS_PER_COUNTRY_PER_DAY": "500",
    "SMS_UNANSWERED_PER_COUNTRY": "100",
    "SMS_MAX_PRICE": "0.20",
}


@cache
def _text(name: str) -> str:
    return (EVENTS / f"{name}.json").read_text("utf-8")


def golden(name: str, **request: object) -> Event:
    """The golden event `name`, with keys of its request replaced."""
    event: Event = json.loads(_text(name))
    if request:
        event["request"] |= copy.deepcopy(request)
    return event


def attributes(**changes: str) -> dict[str, str]:
    """The attributes of the user in the golden events, changed."""
    found: dict[str, str] = golden("create_first")["request"]["userAttributes"]
    return found | {name.replace("otp_channel", "custom:otp_channel"): v for name, v in changes.items()}


def entry(name: str, result: object, metadata: object = None) -> dict[str, object]:
    """One ChallengeResult of a history."""
    return {"challengeName": name, "challengeResult": result, "challengeMetadata": metadata}


def challenge(**changes: Any) -> Challenge:
    """The challenge in the golden events, changed."""
    packed = golden("verify_plain")["request"]["privateChallengeParameters"]["challenge"]
    found = dict(zip(Challenge.__dataclass_fields__, json.loads(packed), strict=True))
    return Challenge(**(found | changes))


def code_of(of: Challenge) -> str:
    """The code of a challenge under the key of the tests."""
    return code_from_mac(code_mac(of.mac_message()), 6).reveal()


def wrong_code_of(of: Challenge) -> str:
    """A code that is not the challenge's."""
    return f"{(int(code_of(of)) + 1) % 10**6:06d}"


def refused_by_aws(code: str, operation: str = "Call") -> ClientError:
    """An error of AWS whose text holds what no log and no caller may see."""
    return ClientError({"Error": {"Code": code, "Message": f"no: {EMAIL} {PHONE} 123456"}}, operation)


class Clock:
    """The `time` of a module, standing still."""

    def __init__(self, now: int) -> None:
        self.time = lambda: float(now)


class Wire:
    """A boto3 client that remembers its calls.

    An operation answers what `answers` holds for it, or what that makes of the call; with an error it raises.
    """

    def __init__(self, answers: Mapping[str, object] | None = None, **errors: Exception) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._answers = answers or {}
        self._errors = errors

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> object:
            self.calls.append((operation, arguments))
            if operation in self._errors:
                raise self._errors[operation]
            answer = self._answers.get(operation, {})
            return answer(arguments) if callable(answer) else answer

        return call

    def sent(self, operation: str) -> list[dict[str, Any]]:
        """The arguments of each call of `operation`."""
        return [arguments for name, arguments in self.calls if name == operation]


def kms() -> Wire:
    """A KMS client with the key of the tests."""
    return Wire({"generate_mac": lambda call: {"Mac": code_mac(call["Message"])}})
