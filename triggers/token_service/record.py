"""What is remembered of a subject: counters and times, never a code or a digest of one."""

from dataclasses import dataclass

from token_service.purpose import kind_of


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
    def settled(self) -> bool:
        """True if no challenge is open: none was issued, or the newest one is spent."""
        return self.spent == self.issued


def key_of(purpose: str, subject: str) -> str:
    """The key of the record of one subject for purposes of one kind."""
    return f"{kind_of(purpose)}#{subject}"
