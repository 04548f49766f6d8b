"""New messages and invocations of the stack as server-sent events, each one once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, Final

from demo_client.web.stack_data import StackData, message_id
from tools.local_stack.inbox import Message, secret_in

PAUSE: Final = 0.3
# Enough to find a code again after a reload.
_OLD_MESSAGES: Final = 5
# After so many rounds without an event a comment is sent. It shows whether the page was closed.
_KEEP_ALIVE_ROUNDS: Final = 50


def events(stack_data: StackData, since: int, wait: Callable[[float], bool]) -> Iterator[bytes]:
    """Yield events without end: `message` for new messages, `invocation` for invocations since `since`.

    `since` is in ms since 1970. `wait` pauses for a number of seconds and returns whether to end. Raises one
    of STACK_UNAVAILABLE.
    """
    # Read before the first event, so that the caller can still send an error status.
    sent = {message_id(message) for message in stack_data.messages()[:-_OLD_MESSAGES]}
    idle_rounds = 0
    yield b"retry: 1000\n\n"
    while True:
        new_messages = [message for message in stack_data.messages() if message_id(message) not in sent]
        invocations = [each for each in stack_data.invocations(since) if each.id not in sent]
        sent.update(map(message_id, new_messages))
        sent.update(each.id for each in invocations)
        since = max([since, *(each.ended_at for each in invocations)])
        yield from (_event("message", since, _message(message)) for message in new_messages)
        yield from (_event("invocation", since, asdict(each)) for each in invocations)
        idle_rounds = 0 if new_messages or invocations else idle_rounds + 1
        if idle_rounds == _KEEP_ALIVE_ROUNDS:
            idle_rounds = 0
            yield b": keep-alive\n\n"
        if wait(PAUSE):
            return


def _event(kind: str, since: int, content: dict[str, Any]) -> bytes:
    # After an interruption the browser sends the last id, and misses no event.
    return f"event: {kind}\nid: {since}\ndata: {json.dumps(content)}\n\n".encode()


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message_id(message),
        "channel": message.channel,
        "to": message.to,
        "sender": message.sender,
        "headers": message.headers,
        "code": secret_in(message),
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "sentAt": message.sent_at.isoformat(),
    }
