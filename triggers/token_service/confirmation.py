"""A code outside a sign-in: asked for by a back end or by a signed-in user, for a purpose.

The same `issue` as a sign-in's, with the same counters' rules and the same queue behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from passcode.channels.channel import choose
from passcode.confirmation.idempotency import Claim, Requests
from passcode.delivery.envelope import Delivery, delivery_for
from passcode.token_service.challenge import key_of, purpose_of
from passcode.token_service.issue import Ask, Issued, is_open, issue, rejoined
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import Store
from token_service.recipient import Recipient, bound_to


@dataclass(frozen=True)
class Wish:
    """What the caller wants of a code: its channel (or none), what it is for, and who will be shown it."""

    channel: str
    words: str
    audience: str


@dataclass(frozen=True)
class Confirmations:
    """The rules of asking, with what they need."""

    store: Store
    requests: Requests
    put: Callable[[Delivery], None]
    policy: Policy

    def ask(self, recipient: Recipient, wish: Wish, nonce: str, now: int, claim: Claim | None) -> Issued:
        """Issue a code to `recipient`, who has a destination. Raises `Refused` or `Unavailable`.

        With a `claim` (an Idempotency-Key) at most one call ever sends: the claim is made before anything
        else, and given back only if it is certain that nothing was sent. Whoever finds it made gets the
        challenge that it led to.
        """
        ask = self._ask(recipient, wish, nonce, now)
        if claim is None:
            return self._send(ask, recipient)
        held = self.requests.hold(claim, nonce, now)
        if held is not None:
            return self._again(ask, claim, held)
        try:
            return self._send(ask, recipient)
        except Refused:
            self.requests.give_back(claim, nonce)
            raise

    def _ask(self, recipient: Recipient, wish: Wish, nonce: str, now: int) -> Ask:
        return Ask(
            purpose=purpose_of(recipient.kind, wish.words),
            subject=recipient.subject,
            channel=choose(recipient.destinations, wish.channel, recipient.preferred).channel.value,
            bound=bound_to(recipient, wish.words, wish.audience),
            decoy=False,
            nonce=nonce,
            now=now,
        )

    def _send(self, ask: Ask, recipient: Recipient) -> Issued:
        issued = issue(ask, self.store, self.policy)
        if issued.sent:
            # It goes nowhere but where it says: a proof tells the channel, and a second one would be a lie.
            only = {c: d for c, d in recipient.destinations.items() if c.value == issued.challenge.channel}
            self.put(delivery_for(issued.challenge, only, recipient.locale))
        return issued

    def _again(self, ask: Ask, claim: Claim, held: Claim) -> Issued:
        if held.content != claim.content:
            raise Refused(Refusal.KEY_REUSED)
        record = self.store.read(key_of(ask.purpose, ask.subject))
        # Open for its very address, purpose and audience: that is what the first request began or joined.
        if not is_open(record, ask):
            raise Refused(Refusal.KEY_IN_USE)
        return rejoined(record, ask, self.policy)
