"""The rounds of a sign-in from `create`'s side: which challenge comes next, and what the app is told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from passcode.channels.channel import choose
from passcode.delivery.envelope import Delivery, delivery_for
from passcode.sign_in.events import asks_for_message
from passcode.sign_in.rounds import History, label, read_label, tally
from passcode.sign_in.steps import Limits
from passcode.sign_in.users import Person
from passcode.token_service.challenge import SIGN_IN, Challenge
from passcode.token_service.issue import Ask, issue
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import Store


class Status(Enum):
    """What happened just now, for the app to tell its user."""

    SENT = "SENT"
    WAITING = "WAITING"  # a message went out moments ago; nothing new was sent and its code is still good
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    CHOOSE = "CHOOSE"  # nothing was sent yet: the app is to ask for a channel


@dataclass(frozen=True)
class Round:
    """One CUSTOM_CHALLENGE: what the app, `verify` and the next `create` get to know."""

    status: Status
    challenge: Challenge | None
    answers: int
    resends: int
    resend_at: int

    @property
    def label(self) -> str:
        """The challengeMetadata: all that the next round needs, so that asking again costs no AWS call."""
        return label(self.resends, f"{self.resend_at}|{self.challenge.pack() if self.challenge else ''}")

    @property
    def private(self) -> dict[str, str]:
        """The privateChallengeParameters."""
        return {"challenge": self.challenge.pack() if self.challenge else ""}


@dataclass(frozen=True)
class SignIn:
    """The rules of `create`, with what they need. `choice_asked`: the app picks the channel first."""

    store: Store
    put: Callable[[Delivery], None]
    policy: Policy
    limits: Limits
    choice_asked: bool = False

    def next_round(
        self, person: Person, rounds: History, metadata: Mapping[str, object], nonce: str, now: int
    ) -> Round:
        """The round that follows `rounds`, the CUSTOM_CHALLENGE entries so far.

        Raises `Refused` with a sentence for the caller, `Unavailable`, or ValueError for a foreign label.
        """
        if not person.destinations:
            raise Refused(Refusal.NO_DESTINATION)
        asks = asks_for_message(metadata)
        if not rounds:
            if self.choice_asked:
                return Round(Status.CHOOSE, None, answers=0, resends=-1, resend_at=now)
            return self._send(person, (person.preferred,), (0, 0), nonce, now)
        # The whole history is read before anything is sent: a foreign label anywhere in it is a refusal.
        counts = tally(rounds, asks)
        resend_at, last = _last_of(rounds)
        if not asks:
            return _asked_again(last, counts, resend_at, now)
        wish = metadata.get("channel")
        used = last.channel if last else person.preferred
        return self._send(person, (wish if isinstance(wish, str) else "", used), counts, nonce, now)

    def _send(
        self, person: Person, wishes: tuple[str, ...], counts: tuple[int, int], nonce: str, now: int
    ) -> Round:
        ask = Ask(
            purpose=SIGN_IN,
            subject=person.subject,
            channel=choose(person.destinations, *wishes).channel.value,
            bound=person.bound,
            decoy=person.decoy,
            nonce=nonce,
            now=now,
        )
        issued = issue(ask, self.store, self.policy)
        if issued.sent:
            self.put(delivery_for(issued.challenge, person.destinations, person.locale))
        status = Status.SENT if issued.sent else Status.WAITING
        return Round(status, issued.challenge, *counts, issued.resend_at)

    def public(self, person: Person, this: Round, now: int) -> dict[str, str]:
        """The publicChallengeParameters of `this` round: the same keys for everybody."""
        channel = this.challenge.channel if this.challenge else ""
        return {
            "status": this.status.value,
            "channel": channel,
            "destination": person.masks.get(channel, ""),
            "channels": json.dumps(dict(person.masks), separators=(",", ":")),
            "codeLength": str(self.policy.code_digits),
            "expiresIn": str(max(0, this.challenge.expires_at - now) if this.challenge else 0),
            "resendIn": str(max(0, this.resend_at - now)),
            "attemptsLeft": str(max(0, self.limits.answers - this.answers)),
            "resendsLeft": str(max(0, self.limits.resends - max(0, this.resends))),
        }


def _last_of(rounds: History) -> tuple[int, Challenge | None]:
    """When the last round said a resend may be, and its challenge; none if it only asked for a channel."""
    _, state = read_label(rounds[-1].get("challengeMetadata"))
    resend_at, _, packed = state.partition("|")
    return int(resend_at), Challenge.unpack(packed) if packed else None


def _asked_again(last: Challenge | None, counts: tuple[int, int], resend_at: int, now: int) -> Round:
    """The same challenge once more, after an answer that was not right. Costs nothing and sends nothing."""
    if last is None:
        return Round(Status.CHOOSE, None, *counts, resend_at)
    return Round(Status.EXPIRED if now >= last.expires_at else Status.WRONG, last, *counts, resend_at)
