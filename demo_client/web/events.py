"""What happens on the stack, as server-sent events: each message and each step once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, Final

from demo_client.web.stack_data import Backstage, message_id
from tools.local_stack.inbox import Message

PAUSE: Final = 0.3
# Enough to find one's code again after a reload.
_OLD_MESSAGES: Final = 5
# So often something is sent even when nothing happens: a page that was closed is noticed by that.
_ROUNDS_OF_SILENCE: Final = 50


def events(backstage: Backstage, since: int, wait: Callable[[float], bool]) -> Iterator[bytes]:
    """Endless events `message` and `step`; steps from `since` (ms since 1970) on, and the latest messages.

    `wait` pauses for some seconds and answers whether this is to end.
    """
    # Asked before anything is said: to begin with a stack that is gone is no beginning.
    told = {message_id(message) for message in backstage.messages()[:-_OLD_MESSAGES]}
    silent = 0
    yield b"retry: 1000\n\n"
    while True:
        fresh = [message for message in backstage.messages() if message_id(message) not in told]
        steps = [step for step in backstage.steps(since) if step.id not in told]
        told.update(map(message_id, fresh))
        told.update(step.id for step in steps)
        since = max([since, *(step.at for step in steps)])
        yield from (_event("message", since, _message(message)) for message in fresh)
        yield from (_event("step", since, asdict(step)) for step in steps)
        silent = 0 if fresh or steps else silent + 1
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
