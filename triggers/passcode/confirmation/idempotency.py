"""Idempotency-Keys: the claim that a request makes, and the port to the store of claims."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Claim:
    """An Idempotency-Key: `key` names it and its caller, `content` what was asked with it.

    `nonce` is that of the challenge it led to, once it is held.
    """

    key: str
    content: str
    nonce: str = ""


class Requests(Protocol):
    """The claims of a day. Raises `Unavailable` if the store is out."""

    def hold(self, claim: Claim, nonce: str, now: int) -> Claim | None:
        """Make the claim; answers None, or the claim that was made before and stands."""

    def give_back(self, claim: Claim, nonce: str) -> None:
        """Take the claim back that was made with `nonce`, if it stands: it led to nothing."""
