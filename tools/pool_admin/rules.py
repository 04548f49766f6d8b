"""The functions' own rules, so that what an operator reads is what a user meets."""

from passcode.channels.channel import Channel, parse
from passcode.channels.phone_number import country_for_sms
from passcode.confirmation.recipient import counted
from passcode.token_service.challenge import SIGN_IN, STEP_UP, TOKEN, key_of
from passcode.token_service.policy import Policy, answer_wait, send_wait

__all__ = [
    "SIGN_IN",
    "STEP_UP",
    "TOKEN",
    "Channel",
    "Policy",
    "answer_wait",
    "counted",
    "country_for_sms",
    "key_of",
    "parse",
    "send_wait",
]
