"""What a cold start imports: each door as a whole process, beside a bare interpreter.

    python benchmarks/imports.py [--json]

The doors are imported with the environment of a function and no network: what is timed is the import and the
building of the clients. Medians of ten processes each, in milliseconds. A machine's own speed is in every
number, so compare the factors.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TRIGGERS = Path(__file__).parents[1] / "triggers"
RUNS = 10
DOORS = (
    "define_auth_challenge",
    "create_auth_challenge",
    "verify_auth_challenge",
    "pre_token_generation",
    "deliver",
    "custom_sender",
    "token_api",
    "hosted_sign_in",
)
# Values of the right shape for every variable that a door reads.
SETTINGS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    # Lambda gives a function its credentials in the environment; without them botocore goes looking.
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "an example",
    "TABLE_NAME": "table",
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/queue",
    "CODE_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "SALT": "salt",
    "CHANNEL_ORDER": "email,sms",
    "ANSWERS_PER_SESSION": "5",
    "RESENDS_PER_SESSION": "3",
    "CODE_DIGITS": "6",
    "SENDER_EMAIL": "no-reply@example.com",
    "CONFIGURATION_SET": "set",
    "SMS_PER_DAY": "1",
    "SMS_PER_COUNTRY_PER_DAY": "1",
    "SMS_UNANSWERED_PER_COUNTRY": "1",
    "SMS_COUNTRIES": "US",
    "SMS_MAX_PRICE": "0.20",
    "APP_NAME": "App",
    "SIGN_IN_HOST": "app.example.com",
    "TOKEN_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000001",
    "PROOF_KEY_IDS": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000002",
    "PROOF_LIFE_SECONDS": "300",
    "ISSUER": "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/v1",
    "USER_POOL_ID": "eu-central-1_AbCdEfGhI",
    "INNER_CLIENT_ID": "1example23456789",
    "MODE": "PASSWORD_AND_CODE",
    "PROVIDER_NAME": "OneTimeCode",
    "RP_CLIENT_ID": "cognito",
    "RP_SECRET_ID": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stack-hosted-sign-in-1-AbCdEf",
    "REDIRECT_URIS": "https://app.auth.eu-central-1.amazoncognito.com/oauth2/idpresponse",
    "CALLBACK_URLS": "https://app.example.com/callback",
    "STATE_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000003",
    "SIGN_KEY_IDS": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000004",
    "BRAND_COLOR": "#1f5fbf",
}


def command(statement: str) -> list[str]:
    """An interpreter that runs `statement` as Lambda would: the triggers' folder is the import root."""
    return [sys.executable, "-c", statement]


def environment() -> dict[str, str]:
    """The environment of a function."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(TRIGGERS)} | SETTINGS


def median_ms(statement: str) -> float:
    """The median wall time of a whole process that runs `statement`."""
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(command(statement), env=environment(), check=True)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[1:])  # the first one fills the file cache


def main() -> None:
    """Measure, and print a table or JSON."""
    measured = {"bare interpreter": median_ms("pass")} | {d: median_ms(f"import {d}") for d in DOORS}
    if "--json" in sys.argv:
        print(json.dumps({name: round(value, 1) for name, value in measured.items()}))
        return
    bare = measured["bare interpreter"]
    for name, value in measured.items():
        print(f"{name:24}{value:8.1f} ms{value / bare:8.2f} x")


if __name__ == "__main__":
    main()
