"""The functions' own rules, so that what an operator reads is what a user meets."""

from passcode.channels.channel import Channel, parse
from passcode.channels.phone_number import country_for_sms
from passcode.confirmation.recipient import rate_limit_id
from passcode.token_service.challenge import SIGN_IN, STEP_UP, TOKEN, record_key
from passcode.token_service.policy import Policy, answer_wait, send_wait

__all__ = [
    "SIGN_IN",
    "STEP_UP",
    "TOKEN",
    "Channel",
    "Policy",
    "answer_wait",
    "country_for_sms",
    "parse",
    "rate_limit_id",
    "record_key",
    "send_wait",
]
