"""The environment of each function, and the command of a process that imports its handler."""

import os
import sys
from pathlib import Path

from tools.lambda_functions import COMMON_SETTINGS, FUNCTIONS

ROOT = Path(__file__).parents[1]
TRIGGERS = ROOT / "triggers"
# A valid value for each environment variable that a function needs.
SETTINGS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    # Lambda passes the credentials in the environment. Without them botocore would search other sources.
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "an example",
    "TABLE_NAME": "table",
    "EMAIL_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/email.fifo",
    "PHONE_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/phone.fifo",
    "COGNITO_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/cognito.fifo",
    "DEAD_LETTERS_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters.fifo",
    "CODE_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000000",
    "SALT": "salt",
    "CHANNEL_ORDER": "email,sms",
    "ANSWERS_PER_SESSION": "5",
    "METRICS_NAMESPACE": "CognitoPasscode",
    "MONITORING": "FULL",
    "CODE_LIFE_SECONDS": "300",
    "COOLDOWN_SECONDS": "30",
    "SEND_BURST": "5",
    "SEND_INTERVAL_SECONDS": "600",
    "WRONG_ANSWERS_PER_DAY": "10",
    "HARD_LIMIT": "100",
    "CHANNEL_CHOICE": "PREFERENCE",
    "ASSURANCE_CLAIMS": "OFF",
    "CODE_DIGITS": "6",
    "CODE_ONLY_DIGITS": "8",
    "SENDER_EMAIL": "no-reply@example.com",
    "CONFIGURATION_SET": "set",
    "SES_REGION": "eu-central-1",
    "EMAILS_PER_DAY": "50000",
    "SMS_PER_DAY": "1",
    "SMS_PER_COUNTRY_PER_DAY": "1",
    "SMS_UNANSWERED_PER_COUNTRY": "1",
    "SMS_COUNTRIES": "US",
    "SMS_MAX_PRICE": "0.20",
    "SMS_GATEWAY": "SNS",
    "APP_NAME": "App",
    "DEFAULT_LOCALE": "en",
    "SIGN_IN_HOST": "app.example.com",
    "TOKEN_KEY_ID": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000001",
    "PROOF_KEY_IDS": "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000002",
    "PROOF_LIFE_SECONDS": "300",
    "STEP_UP_MAX_AUTH_AGE": "43200",
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
    """Return the command of an interpreter that runs `statement`."""
    return [sys.executable, "-c", statement]


def environment(function: str) -> dict[str, str]:
    """Return the environment of the function with this name. Imports start at triggers/, as in Lambda."""
    names = {*FUNCTIONS[function].settings, *COMMON_SETTINGS}
    settings = {name: value for name, value in SETTINGS.items() if name in names or name.startswith("AWS_")}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(TRIGGERS)} | settings
