"""An answer that is brought back with its challenge token: for whom it is, and whether it is right."""

from dataclasses import dataclass

from passcode.token_service.challenge import STEP_UP, TOKEN, kind_of, words_of
from passcode.token_service.check import Verdict, judge
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal
from passcode.token_service.store import CodeMac, Store
from token_service.recipient import Recipient, bound_to
from token_service.ticket import Ticket


@dataclass(frozen=True)
class Judge:
    """The rules of answering, with what they need."""

    code_mac: CodeMac
    store: Store
    policy: Policy

    def of_address(self, ticket: Ticket, answer: object, now: int) -> Verdict:
        """Judge an answer that a back end brings. Raises `Unavailable`."""
        if kind_of(ticket.challenge.purpose) != TOKEN:
            return Verdict(Refusal.INVALID_TOKEN)
        return self._judge(ticket, answer, now)

    def of_user(self, ticket: Ticket, user: Recipient, answer: object, now: int) -> Verdict:
        """Judge an answer that `user` brings, as the pool knows them now. Raises `Unavailable`.

        A code that went to an address which is no longer theirs opens nothing.
        """
        challenge = ticket.challenge
        if kind_of(challenge.purpose) != STEP_UP:
            return Verdict(Refusal.INVALID_TOKEN)
        if challenge.subject != user.subject:
            return Verdict(Refusal.WRONG_USER)
        if challenge.bound != bound_to(user, words_of(challenge.purpose), ticket.audience):
            return Verdict(Refusal.MOVED)
        return self._judge(ticket, answer, now)

    def _judge(self, ticket: Ticket, answer: object, now: int) -> Verdict:
        return judge(
            ticket.challenge, answer, code_mac=self.code_mac, store=self.store, policy=self.policy, now=now
        )
