"""Who may ask the page's server what. Loopback alone is no fence: every web site in the person's browser can
send requests there."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

NONCE_HEADER: Final = "X-Page-Nonce"
LONGEST_BODY: Final = 1024

_FROM_HERE: Final = ("same-origin", "none")


def hosts(port: int) -> tuple[str, ...]:
    """The names under which the page may be asked for."""
    return (f"localhost:{port}", f"127.0.0.1:{port}")


def rejection(path: str, headers: Mapping[str, str], port: int) -> str | None:
    """Why a request is refused, as a sentence, or None.

    A name that somebody let point to 127.0.0.1 (DNS rebinding) stands in Host. Whatever the browser says
    comes from another site gets the page itself, which a link or a redirect may open, and nothing else.
    """
    if headers.get("Host") not in hosts(port):
        return f"Open this page as http://localhost:{port}/."
    if path != "/" and headers.get("Sec-Fetch-Site", "none") not in _FROM_HERE:
        return "Only the page itself may ask for this."
    return None


def post_rejection(headers: Mapping[str, str], nonce: str) -> str | None:
    """Why something that changes the stack is refused, or None: only the page as it was served may do it."""
    if headers.get("Origin") != f"http://{headers.get('Host')}":
        return "Only the page itself may do this."
    if not hmac.compare_digest(headers.get(NONCE_HEADER, "").encode(), nonce.encode()):
        return "The page was served by an earlier demo. Reload it."
    if headers.get("Content-Type") != "application/json":
        return "This takes JSON."
    if not headers.get("Content-Length", "").isdecimal() or int(headers["Content-Length"]) > LONGEST_BODY:
        return "This takes at most a kilobyte."
    return None
