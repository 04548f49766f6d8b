"""Changes of the functions of a local stack: a clock, and faults. Each handler calls them before its imports.

Each fault imports only the module that it changes, because another module could keep the right function.
"""
# ruff: noqa: PLC0415

import logging
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any


def use_clock(file: str) -> None:
    """Not a fault: add the seconds in `file` to the time of the machine."""
    now = time.time
    time.time = lambda: now() + int(Path(file).read_text("utf-8"))


def root_logger_at_debug() -> None:
    """Not a fault: Lambda does the same before the handler, if the log level of a function is DEBUG."""
    os.environ["LOG_LEVEL"] = "DEBUG"
    logging.basicConfig(level=logging.DEBUG)
    logging.debug("the root logger is at DEBUG")


def libraries_log_too() -> None:
    """Fault: the level of the root logger applies to all libraries."""
    from passcode.adapters import telemetry

    root_logger_at_debug()
    telemetry._LIBRARIES = ()  # type: ignore[assignment]


def short_codes_only() -> None:
    """Fault: after too many wrong answers the short codes stay, so they are refused."""
    from passcode.token_service import policy

    policy.needs_long_code = lambda *_: False


def a_thousand_guesses() -> None:
    """Fault: the limit of wrong answers is too high."""
    from passcode.token_service import policy

    policy.BOUNDS["wrong_answers_per_day"] = (1, 1000)
    read = policy.Policy.read

    def read_with_fault(whole_number: Any) -> policy.Policy:
        return replace(read(whole_number), wrong_answers_per_day=1000)

    policy.Policy.read = read_with_fault  # type: ignore[method-assign]


def no_cap_on_accepted_codes() -> None:
    """Fault: one account may draw a message every five seconds."""
    from passcode.channels.email import EMAIL

    object.__setattr__(EMAIL, "accepted_per_day", 10**6)


def one_code_for_all_destinations() -> None:
    """Fault: the code does not depend on the address."""
    from passcode.token_service import challenge

    derive = challenge.derive_code

    def derive_with_fault(mac: bytes, channel: str, destination_id: str, digits: int) -> challenge.Code:
        return derive(mac, "", "", digits)

    challenge.derive_code = derive_with_fault


def unknown_names_fail() -> None:
    """Fault: an unknown user gets an error."""
    from passcode.sign_in import events

    found = events.user_not_found

    def checked(event: Any) -> bool:
        if found(event):
            raise LookupError("User does not exist")
        return False

    events.user_not_found = checked
