"""Idempotency-Keys: the claim that a request writes, and the port to the store of claims."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class IdempotencyClaim:
    """An Idempotency-Key. `key` identifies the key and its caller, `content` is the content of the request.

    `nonce` is the nonce of the challenge that the request led to, once the claim is stored.
    """

    key: str
    content: str
    nonce: str = ""


class IdempotencyStore(Protocol):
    """Keeps claims for one day. Raises `Unavailable` if the store does not respond."""

    def claim(self, claim: IdempotencyClaim, nonce: str, now: int) -> IdempotencyClaim | None:
        """Write the claim. Returns None, or the earlier claim that is still valid."""

    def release(self, claim: IdempotencyClaim, nonce: str) -> None:
        """Delete the claim that was written with `nonce`, if it is still there: no message was sent."""
