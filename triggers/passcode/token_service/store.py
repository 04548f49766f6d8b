"""The record of a subject, and the ports of the token service: the store of records and the MAC."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Record:
    """The counters of one subject and kind of purpose. Times are seconds since the epoch; 0 means never."""

    issued: int = 0  # counter of the newest challenge
    spent: int = 0  # highest counter accepted
    nonce: str = ""
    issued_at: int = 0
    expires_at: int = 0
    channel: str = ""  # of the newest message
    bound: str = ""  # fingerprint of the destinations of the newest challenge
    sent_at: int = 0
    send_tat: int = 0  # theoretical arrival time of GCRA: the quota of messages as one time
    failures: int = 0  # wrong answers in a row since the last right one
    failed_at: int = 0


@dataclass(frozen=True)
class Evidence:
    """One accepted code: its time, in seconds since the epoch, and its channel."""

    verified_at: int
    channel: str


CodeMac = Callable[[bytes], bytes]


@dataclass(frozen=True)
class VerifiedCode:
    """The app client and channel of a code. The write that spends the code keeps them, for token claims."""

    client_id: str
    channel: str


@dataclass(frozen=True)
class WriteResult:
    """The result of one conditional write.

    `record` is the record after the write. If the write was refused, it is the unchanged record, or an empty
    Record if there is none.
    """

    accepted: bool
    record: Record


class RecordStore(Protocol):
    """The port to the records. `key` comes from `record_key`; `now` is in seconds since the epoch.

    Each method that writes is one atomic conditional write. All raise `Unavailable` if the store fails.
    """

    def start_challenge(self, key: str, draft: Record, now: int) -> WriteResult:
        """Start a challenge with the next counter, if no limit and no open challenge prevents it.

        Takes nonce, times, channel, bound, sent_at and send_tat from `draft`.
        """

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        """Replace the challenge of `seen` by that of `new`, if the record has not changed since `seen`."""

    def read(self, key: str) -> Record:
        """Return the current record; an empty Record if there is none."""

    def record_attempt(
        self, key: str, counter: int, *, right: bool, now: int, given: VerifiedCode | None = None
    ) -> WriteResult:
        """Spend `counter` if the answer is `right`, else count one failure.

        Refused if the counter is spent or no answer is allowed now. `given` is kept with a right answer.
        """

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
        """Do the same for a subject whose pause is over: the count of failures starts again.

        Refused if the record has changed since `seen`.
        """
