"""The users, the clock and the events of these tests, and small fakes for AWS."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.imports import SETTINGS
from passcode.channels.channel import Destination, destination_id
from passcode.channels.registry import CHANNELS
from passcode.sign_in.events import Event
from passcode.token_service.challenge import SIGN_IN_CODE, Challenge, derive_code, record_key
from tests.support.memory_stores import code_mac
from tools.lambda_functions import COMMON_SETTINGS

EVENTS = Path(__file__).parent.parent / "events"

# 2026-01-01T00:00:00Z, when the challenge in the golden events was issued.
NOW = 1_767_225_600
SUB = "6f1d2a52-6c1e-4f0e-9d3a-2b7c9f0a1e44"
EMAIL = "ada@people.example"
PHONE = "+12025550147"
NONCE = "00112233445566778899aabbccddeeff"
CODE_ONLY_CLIENT = "2v6codeonlyclientexample01"
PASSWORD_CLIENT = "7hpasswordclientexample002"
SALT = "salt"
# The record of the golden user for sign-ins of CODE_ONLY_CLIENT.
SIGN_IN_KEY = record_key(SIGN_IN_CODE, SUB)
ADDRESSES = {"email": EMAIL, "sms": PHONE, "voice": PHONE}

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "CODE_ONLY_CLIENTS": CODE_ONLY_CLIENT,
    "TABLE_NAME": "passcode-table",
    **{name: url for name, url in SETTINGS.items() if name.endswith(("_QUEUE_URL", "_LETTERS_URL"))},
    "CHANNEL_ORDER": "email,sms",
    "SALT": SALT,
    "CODE_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "USER_POOL_ID": "eu-central-1_Ex4mpl3Aa",
    **{name: SETTINGS[name] for name in COMMON_SETTINGS if name in SETTINGS},
    "CHANNEL_CHOICE": "PREFERENCE",
    "ASSURANCE_CLAIMS": "OFF",
    "APP_NAME": "Example",
    "DEFAULT_LOCALE": "en",
    "SENDER_EMAIL": "no-reply@app.example",
    "SIGN_IN_HOST": "app.example",
    "CONFIGURATION_SET": "passcode-mail",
    "SES_REGION": "eu-central-1",
    "SMS_COUNTRIES": "US,DE",
    "EMAILS_PER_DAY": "50000",
    "SMS_PER_DAY": "1000",
    "SMS_PER_COUNTRY_PER_DAY": "500",
    "SMS_UNANSWERED_PER_COUNTRY": "100",
    "SMS_MAX_PRICE": "0.20",
    "SMS_GATEWAY": "SNS",
    "BRAND_COLOR": "#0b6e6e",
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
    return Challenge.unpack(packed)._replace(**changes)


def code_of(of: Challenge, channel: str = "", address: str = "") -> str:
    """The code of a challenge under the key of the tests, for a destination of the golden user or of a decoy.

    Without `channel`, it is the code of the newest message. `address` replaces the address on the channel.
    """
    to = CHANNELS[channel or of.channel]
    value = address or (to.decoy_value if of.decoy else ADDRESSES[to.name])
    mac = code_mac(of.mac_message())
    return derive_code(mac, to.name, destination_id(Destination(to, value), SALT), of.digits).reveal()


def wrong_code_of(of: Challenge) -> str:
    """A code that is wrong for the challenge."""
    return str((int(code_of(of)) + 1) % 10**of.digits).zfill(of.digits)


class FixedClock:
    """The `time` of a module, with a fixed time."""

    def __init__(self, now: int) -> None:
        self.time = lambda: float(now)


NAMES = sorted(p.stem for p in EVENTS.glob("*.json") if not p.stem.startswith("deliver"))
TOKENS = [name for name in NAMES if name.startswith("pre_token_")]
SENDERS = [name for name in NAMES if name.startswith("custom_")]
VERIFIED = {
    "sub": SUB,
    "email": EMAIL,
    "email_verified": "true",
    "phone_number": PHONE,
    "phone_number_verified": "true",
    "locale": "de",
}
WITH_A_CODE = [name for name in SENDERS if name != "custom_email_account_take_over"]
NOTICE = "custom_email_account_take_over"
