"""Checks of requests to the page's server.

Loopback alone is no protection, because every web site in the user's browser can send requests to it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

NONCE_HEADER: Final = "X-Page-Nonce"
MAX_BODY_BYTES: Final = 1024

_SAME_SITE: Final = ("same-origin", "none")


def hosts(port: int) -> tuple[str, ...]:
    """Return the values of the Host header that are accepted."""
    return (f"localhost:{port}", f"127.0.0.1:{port}")


def rejection(path: str, headers: Mapping[str, str], port: int) -> str | None:
    """Return the reason to refuse a request, as a sentence, or None.

    The Host header shows DNS rebinding: a name of an attacker that points to 127.0.0.1. Sec-Fetch-Site shows
    a request from another site. Such a request may open the page itself, by a link or a redirect, and
    nothing else.
    """
    if headers.get("Host") not in hosts(port):
        return f"Open this page as http://localhost:{port}/."
    if path != "/" and headers.get("Sec-Fetch-Site", "none") not in _SAME_SITE:
        return "Only the demo page may request this."
    return None


def post_rejection(headers: Mapping[str, str], nonce: str) -> str | None:
    """Return the reason to refuse a request that changes the stack, or None.

    Only the served page may send one.
    """
    if headers.get("Origin") != f"http://{headers.get('Host')}":
        return "Only the demo page may do this."
    if not hmac.compare_digest(headers.get(NONCE_HEADER, "").encode(), nonce.encode()):
        return "This page is from an earlier demo. Reload it."
    if headers.get("Content-Type") != "application/json":
        return "Content-Type must be application/json."
    if not headers.get("Content-Length", "").isdecimal() or int(headers["Content-Length"]) > MAX_BODY_BYTES:
        return f"Content-Length must be at most {MAX_BODY_BYTES} bytes."
    return None
