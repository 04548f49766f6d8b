"""Every way a call of the token service can fail, from its problem documents (RFC 9457) or without one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

UNREACHABLE: Final = "unreachable"
_TYPE: Final = "urn:cognito-passcode:problem:"
_LONGEST: Final = 300
# Shorter strings than this are words like "sms", and blanking them would only spoil a sentence.
_SHORTEST_SECRET: Final = 4

_ANOTHER_CODE: Final = {"code-spent", "code-expired", "address-changed", "no-challenge"}
# A gateway or a firewall can answer before the service does, and then in words of its own.
_NAMES: Final[Mapping[int, str]] = {
    401: "not-authorised",
    403: "not-authorised",
    404: "not-found",
    413: "too-large",
    429: "throttled",
}
_SENTENCES: Final[Mapping[str, str]] = {
    "not-authorised": "This call is not allowed. Check the right to execute-api:Invoke, or sign in again.",
    "not-found": "There is no such call. Check the URL of the token service.",
    "too-large": "The request is too large. Send less.",
    "throttled": "The token service is asked too often. Wait a few seconds and try again.",
    UNREACHABLE: "The token service does not answer. Check the network and its URL, and try again.",
    "unfit-answer": "The answer was not the token service's. Check the URL, and what stands between.",
}


class TokenApiError(Exception):
    """A call that failed. `problem` is the stable name, such as `wrong-code`, and `status` that of HTTP,
    0 without an answer; `title` and `detail` are sentences for people; `retry_after` is in seconds."""

    def __init__(
        self,
        problem: str,
        status: int = 0,
        title: str = "",
        detail: str = "",
        attempts_left: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(problem, status, title, detail, attempts_left, retry_after)
        self.problem = problem
        self.status = status
        self.title = title
        self.detail = detail or _SENTENCES.get(problem, "" if title else "The token service refused this.")
        self.attempts_left = attempts_left
        self.retry_after = retry_after

    @property
    def message(self) -> str:
        """What happened and what to do, for people."""
        return f"{self.title}. {self.detail}".strip() if self.title else self.detail

    def __str__(self) -> str:
        return f"{self.message} ({self.problem})"


class WrongCode(TokenApiError):
    """Ask the person again. After `attempts_left` more wrong ones each answer has to wait."""


class TooSoon(TokenApiError):
    """Wait for `retry_after` seconds, or without them for an operator."""


class CodeGone(TokenApiError):
    """No answer can be right any more. Create another token."""


class Unreachable(TokenApiError):
    """No answer came, or one that the service failed to give. What was asked for may have been done."""


def unfit(status: int = 0) -> TokenApiError:
    """The error for an answer that the token service cannot have meant."""
    return TokenApiError("unfit-answer", status)


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, redact: Iterable[str] = ()
) -> TokenApiError:
    """The error for an answer that is no success; no string of `redact` is repeated in its sentences."""
    found = _document(body)
    problem = found.get("type", "").removeprefix(_TYPE) or _name(status)
    return _class(problem, status)(
        problem,
        status,
        _clean(found.get("title"), redact),
        _clean(found.get("detail"), redact),
        _whole(found.get("attempts_left")),
        _whole(found.get("retry_after"), headers.get("Retry-After")),
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    kind = found.get("type") if isinstance(found, dict) else None
    ours = isinstance(kind, str) and re.fullmatch(_TYPE + r"[a-z0-9-]{1,40}", kind)
    return found if ours else {}


def _name(status: int) -> str:
    return _NAMES.get(status, UNREACHABLE if status >= 500 else "unfit-answer")


def _class(problem: str, status: int) -> type[TokenApiError]:
    if problem == "wrong-code":
        return WrongCode
    if problem in _ANOTHER_CODE or status == 410:
        return CodeGone
    if status == 429:
        return TooSoon
    return Unreachable if status >= 500 else TokenApiError


def _clean(said: object, redact: Iterable[str]) -> str:
    # Errors end in logs. The service repeats nothing of what it was sent; whatever else answers might.
    text = said if isinstance(said, str) else ""
    for secret in redact:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "…")
    return "".join(char if char.isprintable() else " " for char in text)[:_LONGEST]


def _whole(*candidates: object) -> int | None:
    for found in candidates:
        if isinstance(found, str) and re.fullmatch(r"[0-9]{1,6}", found):
            return int(found)
        if isinstance(found, int) and not isinstance(found, bool):
            return max(found, 0)
    return None
