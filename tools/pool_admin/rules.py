"""The functions' own rules, so that what an operator reads is what a user meets."""

from passcode.channels.email import EMAIL
from passcode.channels.phone_number import country_for_sms
from passcode.channels.sms import SMS
from passcode.token_service.challenge import SIGN_IN, STEP_UP, TOKEN
from passcode.token_service.policy import Policy, answer_wait, send_wait

__all__ = [
    "EMAIL",
    "SIGN_IN",
    "SMS",
    "STEP_UP",
    "TOKEN",
    "Policy",
    "answer_wait",
    "counted",
    "country_for_sms",
    "key_of",
    "send_wait",
]
