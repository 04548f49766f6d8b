"""The responses of the demo page's server. This module uses no sockets."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import asdict, dataclass
from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from demo_client.web.stack_data import StackData, message_id
from tools.local_stack.inbox import Message

_FOLDER: Final = Path(__file__).parent
BUILT: Final = _FOLDER / "built" / "app.js"

_CONTENT_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Paths are looked up and never joined, so no path can lead out of the folder.
_FILES: Final = {
    f"/{file.name}": file for file in (_FOLDER / "static").iterdir() if file.suffix in _CONTENT_TYPES
} | {
    "/": _FOLDER / "static" / "index.html",
    "/app.js": BUILT,
}
_MAIL: Final = re.compile(r"/mail/([0-9a-f]{16})")

# An email is shown in a frame that may run no script and load nothing. It may use its own styles, and it has
# its own images inside.
_MAIL_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
_IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_CID: Final = re.compile(r"\bcid:([^\"'\s<>()]+)")


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response. `policy` is its Content-Security-Policy; empty means that of the page."""

    status: int
    content_type: str
    body: bytes
    policy: str = ""


def page_policy(endpoint: str) -> str:
    """Return the Content-Security-Policy. It allows the page's files, and the local Cognito at `endpoint`."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; "
        f"connect-src 'self' {endpoint}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def get(stack_data: StackData, path: str, nonce: str) -> Response:
    """Return the response to GET `path`. Raises one of STACK_UNAVAILABLE if the stack is not running."""
    if path == "/facts":
        more = {"channels": stack_data.channels(), "nonce": nonce, "form": BUILT.exists()}
        return _json(200, stack_data.facts() | more)
    if mail := _MAIL.fullmatch(path):
        return _mail(stack_data, mail[1])
    file = _FILES.get(path)
    if file is None or not file.exists():
        return plain_text(404, "Not found.")
    return Response(200, _CONTENT_TYPES[file.suffix], file.read_bytes())


def post(stack_data: StackData, path: str, body: bytes) -> Response:
    """Return the response to POST `path`. Raises one of STACK_UNAVAILABLE if the stack is not running."""
    if path != "/users":
        return plain_text(404, "Not found.")
    try:
        channel = json.loads(body)["channel"]
    except (ValueError, TypeError, KeyError):
        channel = None
    channels = stack_data.channels()
    if channel not in channels:
        return plain_text(400, f"channel must be one of these: {', '.join(channels)}.")
    return _json(201, asdict(stack_data.make_user(channel)))


def plain_text(status: int, text: str) -> Response:
    """Return a response with a sentence for people."""
    return Response(status, "text/plain; charset=utf-8", text.encode())


def _mail(stack_data: StackData, message_hash: str) -> Response:
    for message in stack_data.messages():
        if message.html and message_id(message) == message_hash:
            return Response(200, _CONTENT_TYPES[".html"], _with_images(message).encode(), _MAIL_POLICY)
    return plain_text(404, "No such message. Reload the page.")


def _with_images(message: Message) -> str:
    """Return the HTML of an email with its attached images in it: the frame cannot load them (RFC 2392)."""
    images = {
        each.content_id: f"data:{each.content_type};base64,{b64encode(each.content).decode()}"
        for each in message.attachments
        if each.content_type in _IMAGES
    }
    return _CID.sub(lambda cid: images.get(unquote(unescape(cid[1])), cid[0]), message.html)


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(status, "application/json", json.dumps(content).encode())
