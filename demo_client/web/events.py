"""What happens on the stack, as server-sent events: each message and each step once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, Final

from demo_client.web.stack_data import StackData, message_id
from tools.local_stack.inbox import Message

PAUSE: Final = 0.3
# Enough to find one's code again after a reload.
_OLD_MESSAGES: Final = 5
# So often something is sent even when nothing happens: a page that was closed is noticed by that.
_ROUNDS_OF_SILENCE: Final = 50


def events(stack_data: StackData, since: int, wait: Callable[[float], bool]) -> Iterator[bytes]:
    """Endless events `message` and `invocation`; calls from `since` (ms since 1970) on, and the
    latest messages.

    `wait` pauses for some seconds and answers whether this is to end.
    """
    # Asked before anything is said: to begin with a stack that is gone is no beginning.
    told = {message_id(message) for message in stack_data.messages()[:-_OLD_MESSAGES]}
    silent = 0
    yield b"retry: 1000\n\n"
    while True:
        fresh = [message for message in stack_data.messages() if message_id(message) not in told]
        invocations = [each for each in stack_data.invocations(since) if each.id not in told]
        told.update(map(message_id, fresh))
        told.update(each.id for each in invocations)
        since = max([since, *(each.ended_at for each in invocations)])
        yield from (_event("message", since, _message(message)) for message in fresh)
        yield from (_event("invocation", since, asdict(each)) for each in invocations)
        silent = 0 if fresh or invocations else silent + 1
        if silent == _ROUNDS_OF_SILENCE:
            silent = 0
            yield b": nothing happens\n\n"
        if wait(PAUSE):
            return


def _event(kind: str, since: int, content: dict[str, Any]) -> bytes:
    # After a break the browser sends back the last id that it had, and misses nothing.
    return f"event: {kind}\nid: {since}\ndata: {json.dumps(content)}\n\n".encode()


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message_id(message),
        "channel": message.channel,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "html": bool(message.html),
        "sentAt": message.sent_at.isoformat(),
    }
