"""Responses in the format that API Gateway requires."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from passcode.hosted.requests import page_headers, set_cookie
from passcode.hosted.state import LIFE

Answer = dict[str, Any]
_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PUBLIC = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
_TRY_AGAIN = (
    "<!doctype html><html lang=en><title>Not just now</title>"
    "<p>The sign-in could not be completed just now. Go back and try again in half a minute."
)


@dataclass(frozen=True)
class PageResponses:
    """Responses for browsers. `returns` are the URLs to which a sign-in may return."""

    returns: tuple[str, ...]

    def page(self, html: str, status: int, *, forget: bool = False) -> Answer:
        """A page; with `forget` the response deletes the cookie."""
        headers = page_headers(self.returns) | {"Content-Type": "text/html; charset=utf-8"}
        return _answer(status, headers | (_cookie("", 0) if forget else {}), html)

    def to_page(self, cookie: str | None = None) -> Answer:
        """Redirect to the page, with the cookie of a new sign-in if there is one.

        The URL is relative, because its start depends on the domain that the browser used.
        """
        headers = {**_PRIVATE, "Location": "sign-in", "Referrer-Policy": "no-referrer"}
        return _answer(303, headers | (_cookie(cookie, LIFE) if cookie else {}), "")

    def leave(self, url: str, *, forget: bool = False) -> Answer:
        """Redirect back to the client; with `forget` the response deletes the cookie."""
        headers = page_headers(self.returns) | {"Location": url}
        return _answer(303, headers | (_cookie("", 0) if forget else {}), "")


def unavailable() -> Answer:
    """The response if everything else fails: it needs no texts and no templates."""
    headers = page_headers(()) | {"Content-Type": "text/html; charset=utf-8", "Retry-After": "30"}
    return _answer(503, headers, _TRY_AGAIN)


def secret_json(body: Mapping[str, object], status: int = 200) -> Answer:
    """A response that must not be cached (RFC 6749, 5.1)."""
    headers = {**_PRIVATE, "Content-Type": "application/json", "Pragma": "no-cache"}
    return _answer(status, headers, json.dumps(body))


def public_json(body: Mapping[str, object]) -> Answer:
    """A response that caches may keep for a short time."""
    return _answer(200, {**_PUBLIC, "Content-Type": "application/json"}, json.dumps(body))


def no_bearer(*, given: bool) -> Answer:
    """The refusal of /userinfo (RFC 6750, 3)."""
    said = 'Bearer error="invalid_token"' if given else "Bearer"
    return _answer(401, {**_PRIVATE, "WWW-Authenticate": said}, "")


def asset(content: bytes, media_type: str, *, for_good: bool) -> Answer:
    """A file of the page; `for_good` if its URL changes with its content."""
    headers = {
        "Content-Type": media_type,
        "Cache-Control": "public, max-age=31536000, immutable" if for_good else "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        # An SVG that is opened as a document must not run scripts either.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    if "charset" in media_type:
        return _answer(200, headers, content.decode())
    return _answer(200, headers, base64.b64encode(content).decode(), is_base64=True)


def _cookie(value: str, life: int) -> dict[str, str]:
    return {"Set-Cookie": set_cookie(value, life)}


def _answer(status: int, headers: Mapping[str, str], body: str, *, is_base64: bool = False) -> Answer:
    return {"statusCode": status, "headers": dict(headers), "body": body, "isBase64Encoded": is_base64}
