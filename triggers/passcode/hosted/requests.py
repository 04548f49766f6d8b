"""Read forms and the cookie from requests, and set the cookie and the security headers of pages."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

COOKIE = "__Host-sign-in"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_FORM = 8_192


def cookie_of(event: Mapping[str, Any]) -> str | None:
    """Return the value of the sign-in cookie; None if it does not have the format of our cookies."""
    values = [value for line in _headers(event, "cookie") for value in _named(line)]
    # An attacker may have set one of two cookies, although the `__Host-` prefix should prevent that. So the
    # function uses neither.
    return values[0] if len(values) == 1 and _COOKIE_VALUE.fullmatch(values[0]) else None


def _named(line: str) -> Iterable[str]:
    pairs = (part.strip().partition("=") for part in line.split(";"))
    return [value for name, _, value in pairs if name == COOKIE]


def set_cookie(value: str, life: int) -> str:
    """Return the Set-Cookie header of a sign-in. `life` is in seconds; 0 deletes the cookie.

    SameSite is Lax, not Strict, because users arrive by a redirect from Cognito.
    """
    return f"{COOKIE}={value}; Max-Age={life}; Path=/; Secure; HttpOnly; SameSite=Lax"


def form_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a form. Raises ValueError if it is not a form, or if a field occurs twice."""
    body = event.get("body") or ""
    kinds = _headers(event, "content-type")
    if len(body) > _LONGEST_FORM or not all(
        kind.lower().startswith("application/x-www-form-urlencoded") for kind in kinds
    ):
        raise ValueError("the body is not a form")
    fields = parse_qs(body, keep_blank_values=True, strict_parsing=bool(body), max_num_fields=20)
    if any(len(values) != 1 for values in fields.values()):
        raise ValueError("a field occurs twice")
    return {name: values[0] for name, values in fields.items()}


def bearer_of(event: Mapping[str, Any]) -> str:
    """Return the Bearer token (RFC 6750), or an empty string."""
    values = _headers(event, "authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def language_of(event: Mapping[str, Any]) -> str:
    """Return the Accept-Language header."""
    return ",".join(_headers(event, "accept-language"))[:256]


def page_headers(return_urls: Iterable[str]) -> dict[str, str]:
    """Return the headers of every page. `return_urls` are the URLs to which a sign-in may return.

    Browsers apply form-action to a redirect after a form too, so the header allows these URLs.
    """
    origins = sorted({_origin(url) for url in return_urls})
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {' '.join(origins)}"
    )
    return {
        "Content-Security-Policy": policy.strip(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "otp-credentials=(self)",
        "Strict-Transport-Security": "max-age=31536000",
    }


def _origin(address: str) -> str:
    url = urlsplit(address)
    # The redirect URI of a mobile app may have a custom scheme. Its host has no meaning for the browser.
    return f"{url.scheme}://{url.netloc}" if url.scheme in ("https", "http") else f"{url.scheme}:"


def _headers(event: Mapping[str, Any], name: str) -> list[str]:
    all_headers = event.get("multiValueHeaders") or {}
    return [value for key, values in all_headers.items() if key.lower() == name for value in values]
