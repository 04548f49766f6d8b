"""Responses in the format that API Gateway requires."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from passcode.hosted.requests import page_headers, set_cookie
from passcode.hosted.state import LIFE

HttpResponse = dict[str, Any]
_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PUBLIC = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
_TRY_AGAIN = (
    "<!doctype html><html lang=en><title>Temporarily unavailable</title>"
    "<p>The sign-in could not be completed. Go back and try again in half a minute."
)


@dataclass(frozen=True)
class PageResponses:
    """Responses for browsers. `return_urls` are the URLs to which a sign-in may return."""

    return_urls: tuple[str, ...]

    def page(self, html: str, status: int, *, delete_cookie: bool = False) -> HttpResponse:
        """Return a page. With `delete_cookie` the response deletes the cookie."""
        headers = page_headers(self.return_urls) | {"Content-Type": "text/html; charset=utf-8"}
        return _response(status, headers | (_cookie("", 0) if delete_cookie else {}), html)

    def redirect_to_page(self, cookie: str | None = None) -> HttpResponse:
        """Redirect to the page, with the cookie of a new sign-in if there is one.

        The URL is relative, because its start depends on the domain that the browser used.
        """
        headers = {**_PRIVATE, "Location": "sign-in", "Referrer-Policy": "no-referrer"}
        return _response(303, headers | (_cookie(cookie, LIFE) if cookie else {}), "")

    def redirect_to_client(self, url: str, *, delete_cookie: bool = False) -> HttpResponse:
        """Redirect back to the client; with `delete_cookie` the response deletes the cookie."""
        headers = page_headers(self.return_urls) | {"Location": url}
        return _response(303, headers | (_cookie("", 0) if delete_cookie else {}), "")


def unavailable() -> HttpResponse:
    """Return the response to an unexpected error. It needs no texts and no templates."""
    headers = page_headers(()) | {"Content-Type": "text/html; charset=utf-8", "Retry-After": "30"}
    return _response(503, headers, _TRY_AGAIN)


def secret_json(body: Mapping[str, object], status: int = 200) -> HttpResponse:
    """Return a response that must not be cached (RFC 6749, 5.1)."""
    headers = {**_PRIVATE, "Content-Type": "application/json", "Pragma": "no-cache"}
    return _response(status, headers, json.dumps(body))


def public_json(body: Mapping[str, object]) -> HttpResponse:
    """Return a response that caches may keep for a short time."""
    return _response(200, {**_PUBLIC, "Content-Type": "application/json"}, json.dumps(body))


def not_authorized(*, has_token: bool) -> HttpResponse:
    """Return the refusal of /userinfo (RFC 6750, 3). `has_token` is true if the request had a token."""
    challenge = 'Bearer error="invalid_token"' if has_token else "Bearer"
    return _response(401, {**_PRIVATE, "WWW-Authenticate": challenge}, "")


def asset(content: bytes, media_type: str, *, is_immutable: bool) -> HttpResponse:
    """Return a file of the page.

    If `is_immutable`, the URL changes with the content, so browsers may keep the file forever.
    """
    headers = {
        "Content-Type": media_type,
        "Cache-Control": "public, max-age=31536000, immutable" if is_immutable else "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        # An SVG that is opened as a document must not run scripts either.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    if "charset" in media_type:
        return _response(200, headers, content.decode())
    return _response(200, headers, base64.b64encode(content).decode(), is_base64=True)


def _cookie(value: str, life: int) -> dict[str, str]:
    return {"Set-Cookie": set_cookie(value, life)}


def _response(status: int, headers: Mapping[str, str], body: str, *, is_base64: bool = False) -> HttpResponse:
    return {"statusCode": status, "headers": dict(headers), "body": body, "isBase64Encoded": is_base64}
