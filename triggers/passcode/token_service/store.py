"""The record of a subject, and the ports of the token service: the store of records, and the MAC."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Record:
    """One item per kind of purpose and subject. Times are seconds since the epoch; 0 means never."""

    issued: int = 0  # counter of the newest challenge
    spent: int = 0  # highest counter accepted
    nonce: str = ""
    issued_at: int = 0
    expires_at: int = 0
    channel: str = ""  # of the newest message
    bound: str = ""  # fingerprint of the destinations of the newest challenge
    sent_at: int = 0
    send_tat: int = 0  # GCRA: quota of sends as one timestamp
    failures: int = 0  # wrong answers in a row since the last right one
    failed_at: int = 0

    @property
    def has_no_open_challenge(self) -> bool:
        """True if no challenge is open: none was issued, or the newest one is spent."""
        return self.spent == self.issued


@dataclass(frozen=True)
class Evidence:
    """One accepted code: when, in seconds since the epoch, and on which channel."""

    verified_at: int
    channel: str


CodeMac = Callable[[bytes], bytes]


@dataclass(frozen=True)
class VerifiedCode:
    """Where an accepted code was given: kept with the write that spends it, as evidence for tokens."""

    client_id: str
    channel: str


@dataclass(frozen=True)
class WriteResult:
    """The outcome of one conditional write.

    Accepted: `record` is as it is now. Refused: as it is instead (an empty Record if there is none).
    """

    accepted: bool
    record: Record


class RecordStore(Protocol):
    """The records. Each method is one atomic conditional write. Raises `Unavailable` if the store is out."""

    def start_challenge(self, key: str, draft: Record, now: int) -> WriteResult:
        """Begin a challenge with the next counter, if nothing stands in its way.

        Takes nonce, times, channel, bound, sent_at and send_tat from `draft`.
        """

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        """Put the challenge of `new` in place of that of `seen`, if it is still as it was seen."""

    def read(self, key: str) -> Record:
        """The record as it is now; an empty one if there is none."""

    def record_attempt(
        self, key: str, counter: int, *, right: bool, now: int, given: VerifiedCode | None = None
    ) -> WriteResult:
        """Spend `counter` (right) or count one failure (wrong), if it is unspent and an answer is allowed."""

    def record_attempt_after_pause(
        self,
        key: str,
        counter: int,
        seen: Record,
        *,
        right: bool,
        now: int,
        given: VerifiedCode | None = None,
    ) -> WriteResult:
        """The same for a subject whose pause is over, if still as seen: the count begins anew."""
