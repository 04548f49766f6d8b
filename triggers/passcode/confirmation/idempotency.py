"""Idempotency-Keys: the claim that a request makes, and the port to the store of claims."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class IdempotencyClaim:
    """An Idempotency-Key: `key` names it and its caller, `content` what was asked with it.

    `nonce` is that of the challenge it led to, once it is held.
    """

    key: str
    content: str
    nonce: str = ""


class IdempotencyStore(Protocol):
    """The claims of a day. Raises `Unavailable` if the store is out."""

    def claim(self, claim: IdempotencyClaim, nonce: str, now: int) -> IdempotencyClaim | None:
        """Make the claim; answers None, or the claim that was made before and stands."""

    def release(self, claim: IdempotencyClaim, nonce: str) -> None:
        """Take the claim back that was made with `nonce`, if it stands: it led to nothing."""
