"""Errors of the token service, read from its problem documents (RFC 9457) or from the HTTP status."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

UNREACHABLE: Final = "unreachable"
_TYPE_PREFIX: Final = "urn:cognito-passcode:problem:"
_MAX_LENGTH: Final = 300
# Shorter strings are words such as "sms". A sentence without them could not be understood.
_MIN_SECRET_LENGTH: Final = 4

_CODE_GONE: Final = {"code-spent", "code-expired", "longer-code", "no-challenge"}
# A gateway or a firewall can respond before the service does, without a problem document.
_NAME_BY_STATUS: Final[Mapping[int, str]] = {
    401: "not-authorised",
    403: "not-authorised",
    404: "not-found",
    413: "too-large",
    429: "throttled",
}
_SENTENCES: Final[Mapping[str, str]] = {
    "not-authorised": "This call is not allowed. Check the permission execute-api:Invoke, or sign in again.",
    "not-found": "No such endpoint. Check the URL of the token service.",
    "too-large": "The request is too large. Send less data.",
    "throttled": "Too many requests. Wait a few seconds and try again.",
    UNREACHABLE: "The token service does not respond. Check the network and its URL, and try again.",
    "invalid-response": "The response is not from the token service. Check the URL, and any proxy.",
}


class TokenApiError(Exception):
    """A call that failed.

    `problem` is a stable name such as `wrong-code`. `status` is the HTTP status, 0 without a response.
    `title` and `detail` are sentences for people. `retry_after` is in seconds. `reason` is the stable reason
    of a refusal, such as `quota`, as in the errors of a sign-in. It is empty for other problems.
    """

    def __init__(
        self,
        problem: str,
        status: int = 0,
        title: str = "",
        detail: str = "",
        attempts_left: int | None = None,
        retry_after: int | None = None,
        reason: str = "",
    ) -> None:
        super().__init__(problem, status, title, detail, attempts_left, retry_after, reason)
        self.problem = problem
        self.status = status
        self.title = title
        self.detail = detail or _SENTENCES.get(
            problem, "" if title else "The token service refused this request."
        )
        self.attempts_left = attempts_left
        self.retry_after = retry_after
        self.reason = reason

    @property
    def message(self) -> str:
        """The sentences for people. They say what happened and what to do next."""
        return f"{self.title}. {self.detail}".strip() if self.title else self.detail

    def __str__(self) -> str:
        return f"{self.message} ({self.problem})"


class WrongCode(TokenApiError):
    """The code is wrong: ask the user again.

    After `attempts_left` more wrong codes, create another challenge: it has a longer code. It is None for
    such a code, because wrong answers to it are not limited.
    """


class TooSoon(TokenApiError):
    """Wait `retry_after` seconds."""


class CodeGone(TokenApiError):
    """The code is spent, expired, invalid or too short by now. Create another challenge."""


class Unreachable(TokenApiError):
    """No response, or a server error. The request may nevertheless have taken effect."""


def invalid_response(status: int = 0) -> TokenApiError:
    """Return the error for a response that does not have the form of the token service."""
    return TokenApiError("invalid-response", status)


def from_response(
    status: int, headers: Mapping[str, str], body: bytes, redact: Iterable[str] = ()
) -> TokenApiError:
    """Return the error for a response whose status is not 200.

    Its texts contain none of the strings `redact`.
    """
    document = _document(body)
    problem = document.get("type", "").removeprefix(_TYPE_PREFIX) or _name(status)
    return _class(problem, status)(
        problem,
        status,
        _clean(document.get("title"), redact),
        _clean(document.get("detail"), redact),
        _integer(document.get("attempts_left")),
        _integer(document.get("retry_after"), headers.get("Retry-After")),
        _reason(document.get("reason")),
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    kind = document.get("type") if isinstance(document, dict) else None
    is_problem = isinstance(kind, str) and re.fullmatch(_TYPE_PREFIX + r"[a-z0-9-]{1,40}", kind)
    return document if is_problem else {}


def _reason(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[a-z_]{1,32}", value) else ""


def _name(status: int) -> str:
    return _NAME_BY_STATUS.get(status, UNREACHABLE if status >= 500 else "invalid-response")


def _class(problem: str, status: int) -> type[TokenApiError]:
    if problem == "wrong-code":
        return WrongCode
    if problem in _CODE_GONE or status == 410:
        return CodeGone
    if status == 429:
        return TooSoon
    return Unreachable if status >= 500 else TokenApiError


def _clean(value: object, redact: Iterable[str]) -> str:
    # Callers log errors. The service never repeats the request, but a proxy or a gateway might.
    text = value if isinstance(value, str) else ""
    for secret in redact:
        if len(secret) >= _MIN_SECRET_LENGTH:
            text = text.replace(secret, "…")
    return "".join(char if char.isprintable() else " " for char in text)[:_MAX_LENGTH]


def _integer(*candidates: object) -> int | None:
    for value in candidates:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return max(value, 0)
    return None
