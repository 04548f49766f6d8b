"""FIFO queues and their event source mappings."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import lambda_svc, sqs

Json = dict[str, Any]
# The characters of MessageDeduplicationId and MessageGroupId: printable ASCII without the space.
_ID = re.compile(r"[!-~]{1,128}")


def patch() -> None:
    """Check the ids of messages as SQS does, and read a FIFO queue with the concurrency of its mapping."""
    sqs._HANDLERS["SendMessage"] = _with_checked_ids(sqs._HANDLERS["SendMessage"])
    for action in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility"):
        sqs._HANDLERS[action] = _locked(sqs._HANDLERS[action])
    lambda_svc._sqs_esm_concurrency = _with_concurrent_groups(lambda_svc._sqs_esm_concurrency)


def _with_checked_ids(send: Callable[[Json, str], Json]) -> Callable[[Json, str], Json]:
    """SQS refuses an id of another length or with other characters."""

    def send_checked(data: Json, url: str) -> Json:
        for name in ("MessageGroupId", "MessageDeduplicationId"):
            if name in data and not _ID.fullmatch(str(data[name])):
                raise sqs._Err(
                    "InvalidParameterValue",
                    f"Value {data[name]} for parameter {name} is invalid. Reason: {name} can only include "
                    "alphanumeric and punctuation characters. 1 to 128 in length.",
                )
        return send(data, url)

    return send_checked


def _locked(act: Callable[[Json, str], Json]) -> Callable[[Json, str], Json]:
    """SQS loses no message. ministack's event source mappings replace the list of messages in a thread."""

    def act_locked(data: Json, url: str) -> Json:
        with sqs._queues_lock:
            return act(data, url)

    return act_locked


def _with_concurrent_groups(limit: Callable[..., int]) -> Callable[..., int]:
    """Lambda reads as many groups of a FIFO queue at the same time as the mapping allows.

    With batches of one message, the queue itself never gives out two messages of a group. ministack cannot
    divide a larger batch by group, so it still reads those one after the other.
    """

    def limit_of_groups(
        mapping: Mapping[str, Any], function: Json, config: Json, queue: Json | None = None
    ) -> int:
        is_one_group = mapping.get("BatchSize") == 1
        return limit(mapping, function, config, None if is_one_group else queue)

    return limit_of_groups
