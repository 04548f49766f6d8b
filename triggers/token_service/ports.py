"""What the domain needs from the world, named for the need."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from token_service.record import Record

CodeMac = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Given:
    """Where an accepted code was given: kept with the write that spends it, as evidence for tokens."""

    client_id: str
    channel: str


@dataclass(frozen=True)
class Write:
    """The outcome of one conditional write.

    Accepted: `record` is as it is now. Refused: as it is instead (an empty Record if there is none).
    """

    accepted: bool
    record: Record


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


class Store(Protocol):
    """The records. Each method is one atomic conditional write. Raises `Unavailable` if the store is out."""

    def issue_if_clear(self, key: str, draft: Record, now: int) -> Write:
        """Begin a challenge with the next counter, if nothing stands in its way (`issue.is_clear`).

        Takes nonce, times, channel, bound, sent_at and send_tat from `draft`.
        """

    def issue_over(self, key: str, seen: Record, new: Record, now: int) -> Write:
        """Put the challenge of `new` in place of that of `seen`, if it is still as it was seen."""

    def read(self, key: str) -> Record:
        """The record as it is now; an empty one if there is none."""

    def charge(self, key: str, counter: int, *, right: bool, now: int, given: Given | None = None) -> Write:
        """Spend `counter` (right) or count one failure (wrong), if it is unspent and an answer is allowed."""

    def charge_after_pause(
        self, key: str, counter: int, seen: Record, *, right: bool, now: int, given: Given | None = None
    ) -> Write:
        """The same for a subject whose pause is over, if still as seen: the count begins anew."""
