"""Emails with their headers and attachments."""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from ministack import app
from ministack.services import ses_v2

Response = tuple[int, dict[str, str], bytes]
Handle = Callable[..., Coroutine[Any, Any, Response]]
Inspect = Callable[..., Coroutine[Any, Any, Response | None]]

_PARTS = ("Headers", "Attachments")
# The headers and attachments of each sent email, by the id of the message.
_parts: dict[str, dict[str, list[Mapping[str, str]]]] = {}


def patch() -> None:
    """SES sends the headers and attachments of simple content. ministack drops them."""
    ses_v2.handle_request = _keeping_parts(ses_v2.handle_request)
    app._handle_ses_messages_request = _with_parts(app._handle_ses_messages_request)


def _keeping_parts(handle: Handle) -> Handle:
    async def handled(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Response:
        response = await handle(method, path, headers, body, query_params)
        if response[0] == 200 and method == "POST" and path.rstrip("/").endswith("/outbound-emails"):
            simple = json.loads(body).get("Content", {}).get("Simple", {})
            _parts[json.loads(response[2])["MessageId"]] = {name: simple.get(name) or [] for name in _PARTS}
        return response

    return handled


def _with_parts(inspect: Inspect) -> Inspect:
    """Add the parts to the emails in the list that the inbox reads."""

    async def inspected(*request: Any) -> Response | None:
        response = await inspect(*request)
        if response is None or response[0] != 200:
            return response
        status, headers, body = response
        content = json.loads(body)
        for mails in content["messages"].values():
            for mail in mails:
                mail.update(_parts.get(mail["MessageId"], {name: [] for name in _PARTS}))
        return status, headers, json.dumps(content).encode()

    return inspected
