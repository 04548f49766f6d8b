"""The record of a subject, and the ports of the token service: the store of records and the MAC."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

CodeMac = Callable[[bytes], bytes]


class Failure(NamedTuple):
    """A message that did not arrive, after which a repeat would not arrive either.

    `at` is its time in seconds since the epoch. In a record to write, 0 removes the failure of the channel.
    """

    at: int = 0
    to: str = ""  # the id of the destination, as in `Record.sent_to`


class Record(NamedTuple):
    """The counters of one subject and kind of purpose. Times are seconds since the epoch; 0 means never."""

    issued: int = 0  # counter of the newest challenge
    spent: int = 0  # highest counter accepted
    nonce: str = ""
    prev_nonce: str = ""  # of the challenge before, whose code is accepted too
    digits: int = 0
    issued_at: int = 0
    expires_at: int = 0
    channel: str = ""  # of the newest message
    context: str = ""  # hash of the purpose's text and the proof's audience; empty for a sign-in
    sent_at: int = 0
    send_tat: int = 0  # theoretical arrival time of GCRA: the message rate as one time
    issue_id: str = ""  # id of the request that wrote the newest message
    refund_id: str = ""  # id of the newest request whose message was given back to the message rate
    failures: int = 0  # wrong answers to short codes in a row
    failed_id: str = ""  # id of the newest wrong answer
    spent_id: str = ""  # id of the newest accepted answer
    spent_at: int = 0
    # The ids of the user's destinations at the newest message, and those at the message before, by the type
    # of the address (`address_type`).
    sent_to: Mapping[str, str] = MappingProxyType({})
    sent_to_before: Mapping[str, str] = MappingProxyType({})
    # The count of wrong answers to short codes, by day: each counts once for each code it was compared with.
    wrong: Mapping[int, int] = MappingProxyType({})
    accepted: Mapping[tuple[str, int], int] = MappingProxyType({})  # by type of the address, and day
    # The failed deliveries, by channel. The Lambda function `delivery_events` writes them.
    failed: Mapping[str, Failure] = MappingProxyType({})


class Evidence(NamedTuple):
    """One accepted code: its time, in seconds since the epoch, and its channel."""

    verified_at: int
    channel: str


class Attempt(NamedTuple):
    """An answer that was compared. `now` is in seconds since the epoch.

    `id` identifies the answer in its round, so that a repeated write recognises itself. `channel` is the
    channel whose code matched; it is empty for a wrong answer. `client_id` is the app client whose tokens
    show the accepted code, or empty. `weight` is the count of a wrong answer to a short code.
    """

    counter: int
    nonce: str
    id: str
    is_short: bool
    channel: str
    now: int
    client_id: str = ""
    weight: int = 1


class WriteResult(NamedTuple):
    """The result of one conditional write.

    `record` is the record after the write. If the write was refused, it is the unchanged record, or an empty
    Record if there is none.
    """

    accepted: bool
    record: Record


class RecordStore(Protocol):
    """The port to the records. `key` comes from `record_key`; `now` is in seconds since the epoch.

    Each method that writes is one atomic conditional write. It may be repeated after a lost response: the
    record has the id of the write. All raise `Unavailable` if the store fails.
    """

    def start_challenge(self, key: str, draft: Record, cap: int, now: int) -> WriteResult:
        """Start a challenge with the next counter, if no limit and no open challenge prevents it.

        `draft` has the new challenge and its message. `cap` is the most codes that may be accepted on its
        channel in one UTC day. Of `draft.failed`, only a removal is written.
        """

    def replace_challenge(self, key: str, seen: Record, new: Record, now: int) -> WriteResult:
        """Replace the challenge of `seen` by that of `new`, if the record has not changed since `seen`."""

    def refund_message(self, key: str, issue_id: str) -> None:
        """Give the message of the request `issue_id` back to the message rate, once, if it is the newest."""

    def read(self, key: str) -> Record:
        """Return the current record; an empty Record if there is none."""

    def record_attempt(self, key: str, attempt: Attempt) -> WriteResult:
        """Spend the counter if the attempt is right, else count a wrong answer to a short code.

        A right answer also removes the failure of its channel, because the message arrived.
        Refused if the counter is spent, if the record is of another challenge, if the attempt was written
        before, or if no more answers to short codes are checked.
        """
