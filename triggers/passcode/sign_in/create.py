"""The rounds of a sign-in from `create`'s side: which challenge comes next, and what the app is told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from passcode.channels.channel import choose_destination
from passcode.delivery.envelope import Delivery, delivery_for
from passcode.sign_in.events import asks_for_message
from passcode.sign_in.rounds import History, count_rounds, decode_metadata, encode_metadata
from passcode.sign_in.steps import RoundLimits
from passcode.sign_in.users import User
from passcode.token_service.challenge import SIGN_IN, Challenge
from passcode.token_service.issue import IssueRequest, issue
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import RecordStore


class ChallengeStatus(Enum):
    """What happened just now, for the app to tell its user."""

    SENT = "SENT"
    WAITING = "WAITING"  # a message went out moments ago; nothing new was sent and its code is still good
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    CHOOSE = "CHOOSE"  # nothing was sent yet: the app is to ask for a channel


@dataclass(frozen=True)
class ChallengeRound:
    """One CUSTOM_CHALLENGE: what the app, `verify` and the next `create` get to know."""

    status: ChallengeStatus
    challenge: Challenge | None
    answers: int
    resends: int
    resend_at: int

    @property
    def metadata(self) -> str:
        """The challengeMetadata: all that the next round needs, so that asking again costs no AWS call."""
        return encode_metadata(
            self.resends, f"{self.resend_at}|{self.challenge.pack() if self.challenge else ''}"
        )

    @property
    def private(self) -> dict[str, str]:
        """The privateChallengeParameters."""
        return {"challenge": self.challenge.pack() if self.challenge else ""}


@dataclass(frozen=True)
class SignInCreator:
    """The rules of `create`, with what they need. `choice_asked`: the app picks the channel first."""

    store: RecordStore
    put: Callable[[Delivery], None]
    policy: Policy
    limits: RoundLimits
    choice_asked: bool = False

    def next_round(
        self, user: User, rounds: History, metadata: Mapping[str, object], nonce: str, now: int
    ) -> ChallengeRound:
        """The round that follows `rounds`, the CUSTOM_CHALLENGE entries so far.

        Raises `Refused` with a sentence for the caller, `Unavailable`, or ValueError for a foreign label.
        """
        if not user.destinations:
            raise Refused(Refusal.NO_DESTINATION)
        asks = asks_for_message(metadata)
        if not rounds:
            if self.choice_asked:
                return ChallengeRound(ChallengeStatus.CHOOSE, None, answers=0, resends=-1, resend_at=now)
            return self._send(user, (user.preferred,), (0, 0), nonce, now)
        # The whole history is read before anything is sent: a foreign label anywhere in it is a refusal.
        counts = count_rounds(rounds, asks)
        resend_at, last = _last_of(rounds)
        if not asks:
            return _asked_again(last, counts, resend_at, now)
        wish = metadata.get("channel")
        used = last.channel if last else user.preferred
        return self._send(user, (wish if isinstance(wish, str) else "", used), counts, nonce, now)

    def _send(
        self, user: User, wishes: tuple[str, ...], counts: tuple[int, int], nonce: str, now: int
    ) -> ChallengeRound:
        ask = IssueRequest(
            purpose=SIGN_IN,
            subject=user.subject,
            channel=choose_destination(user.destinations, *wishes).channel.value,
            bound=user.bound,
            decoy=user.decoy,
            nonce=nonce,
            now=now,
        )
        issued = issue(ask, self.store, self.policy)
        if issued.sent:
            self.put(delivery_for(issued.challenge, user.destinations, user.locale))
        status = ChallengeStatus.SENT if issued.sent else ChallengeStatus.WAITING
        return ChallengeRound(status, issued.challenge, *counts, issued.resend_at)

    def public(self, user: User, this: ChallengeRound, now: int) -> dict[str, str]:
        """The publicChallengeParameters of `this` round: the same keys for everybody."""
        channel = this.challenge.channel if this.challenge else ""
        return {
            "status": this.status.value,
            "channel": channel,
            "destination": user.masks.get(channel, ""),
            "channels": json.dumps(dict(user.masks), separators=(",", ":")),
            "codeLength": str(self.policy.code_digits),
            "expiresIn": str(max(0, this.challenge.expires_at - now) if this.challenge else 0),
            "resendIn": str(max(0, this.resend_at - now)),
            "attemptsLeft": str(max(0, self.limits.answers - this.answers)),
            "resendsLeft": str(max(0, self.limits.resends - max(0, this.resends))),
        }


def _last_of(rounds: History) -> tuple[int, Challenge | None]:
    """When the last round said a resend may be, and its challenge; none if it only asked for a channel."""
    _, state = decode_metadata(rounds[-1].get("challengeMetadata"))
    resend_at, _, packed = state.partition("|")
    return int(resend_at), Challenge.unpack(packed) if packed else None


def _asked_again(last: Challenge | None, counts: tuple[int, int], resend_at: int, now: int) -> ChallengeRound:
    """The same challenge once more, after an answer that was not right. Costs nothing and sends nothing."""
    if last is None:
        return ChallengeRound(ChallengeStatus.CHOOSE, None, *counts, resend_at)
    return ChallengeRound(
        ChallengeStatus.EXPIRED if now >= last.expires_at else ChallengeStatus.WRONG, last, *counts, resend_at
    )
