"""Idempotency-Keys: the claim that a request writes, and the port to the store of claims."""

from typing import NamedTuple, Protocol


class IdempotencyClaim(NamedTuple):
    """An Idempotency-Key. `key` identifies the key and its caller, `content` is the content of the request.

    Once the claim is stored, `nonce` is the nonce of each request with this key, and `made_at` the time of
    the first one, in seconds since the epoch.
    """

    key: str
    content: str
    nonce: str = ""
    made_at: int = 0


class IdempotencyStore(Protocol):
    """Keeps claims for one day. Raises `Unavailable` if the store does not respond."""

    def claim(self, claim: IdempotencyClaim, nonce: str, now: int) -> IdempotencyClaim | None:
        """Write the claim. Returns None, or the earlier claim that is still valid."""

    def release(self, claim: IdempotencyClaim, nonce: str) -> None:
        """Delete the claim that was written with `nonce`, if it is still there: its request was refused."""
