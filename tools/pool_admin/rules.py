"""The functions' own rules, so that what an operator reads is what a user meets."""

from passcode.channels.phone_number import country_for_sms
from token_service.address import counted
from token_service.destination import Channel, parse
from token_service.policy import Policy
from token_service.purpose import SIGN_IN, STEP_UP, TOKEN
from token_service.record import key_of
from token_service.throttle import answer_wait, send_wait

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
