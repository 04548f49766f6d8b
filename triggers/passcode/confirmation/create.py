"""/createToken and /step-up: send a code outside a sign-in, for a back end or for a signed-in user.

Both use the same `issue`, the same rules for counters and the same queue as a sign-in.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from passcode.channels.channel import (
    AddressFault,
    Channel,
    Destination,
    accepted_per_day,
    choose_destination,
    keyed_hash,
)
from passcode.channels.registry import CHANNELS
from passcode.confirmation import problems
from passcode.confirmation.idempotency import IdempotencyClaim, IdempotencyStore
from passcode.confirmation.problems import Problem
from passcode.confirmation.recipient import Recipient, UserRecipients, context_of, of_address
from passcode.confirmation.requests import (
    STEP_UP_VERIFY,
    VERIFY_TOKEN,
    Created,
    CreateToken,
    IdTokenUser,
    RequestContext,
    StepUp,
    addresses,
)
from passcode.confirmation.tokens import ChallengeToken, TokenSigner, challenge_token_claims
from passcode.delivery.envelope import Delivery, delivery_for
from passcode.delivery.notices import Notices
from passcode.token_service.challenge import purpose_of, record_key
from passcode.token_service.issue import (
    IssueRequest,
    IssueResult,
    is_open,
    issue,
    queue_message,
    rejoined,
)
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused
from passcode.token_service.store import RecordStore
from passcode.token_service.telemetry import Telemetry


class CodeRequest(NamedTuple):
    """The request for a code: the channel (or none), the purpose, and the audience of the proof."""

    channel: str
    purpose_text: str
    audience: str


@dataclass(eq=False, repr=False)
class CodeRequests:
    """Issues codes outside a sign-in by the rules for requests."""

    store: RecordStore
    idempotency: IdempotencyStore
    put: Callable[[Delivery], None]
    notices: Notices
    policy: Policy

    def send_code(
        self, recipient: Recipient, request: CodeRequest, nonce: str, now: int, claim: IdempotencyClaim | None
    ) -> IssueResult:
        """Issue a code to `recipient`, who has a destination. Raises `Refused` or `Unavailable`.

        With a `claim` (an Idempotency-Key) the calls send one message together. The function writes the claim
        first, and deletes it only if the request is refused. The claim holds the nonce of the first call.
        A later call returns the challenge of that call, or issues it with that nonce if the first one failed.
        """
        issue_request = self._issue_request(recipient, request, nonce, now)
        if claim is None:
            return self._send(issue_request, recipient)
        earlier = self.idempotency.claim(claim, nonce, now)
        if earlier is not None:
            open_one = self._open_challenge(issue_request, claim, earlier)
            if open_one:
                if not open_one.must_queue:
                    # No call can find out any more whether the queue has the message.
                    raise Refused(Refusal.KEY_IN_USE)
                self._queue(open_one, recipient)
                return open_one
            issue_request = issue_request._replace(nonce=earlier.nonce)
        try:
            return self._send(issue_request, recipient)
        except Refused:
            self.idempotency.release(claim, issue_request.nonce)
            raise

    def _issue_request(
        self, recipient: Recipient, request: CodeRequest, nonce: str, now: int
    ) -> IssueRequest:
        channel = choose_destination(recipient.destinations, request.channel, recipient.preferred).channel
        return IssueRequest(
            purpose=purpose_of(recipient.kind, request.purpose_text),
            subject=recipient.subject,
            channel=channel.name,
            destinations=recipient.ids,
            decoy=False,
            nonce=nonce,
            now=now,
            accepted_per_day=channel.accepted_per_day,
            context=context_of(request.purpose_text, request.audience),
            fallbacks=accepted_per_day(recipient.destinations, channel),
            is_chosen=channel.name == request.channel,
        )

    def _send(self, issue_request: IssueRequest, recipient: Recipient) -> IssueResult:
        issued = issue(issue_request, self.store, self.policy)
        self._queue(issued, recipient)
        return issued

    def _queue(self, issued: IssueResult, recipient: Recipient) -> None:
        # Before the code, so that no code goes to a changed address without an attempt to queue the notice.
        if issued.changed:
            self.notices.queue(issued, recipient.destinations, recipient.ids, recipient.locale)
        if issued.must_queue:
            delivery = delivery_for(issued, recipient.destinations, recipient.locale)
            queue_message(issued, lambda: self.put(delivery), self.store, self.notices.telemetry)

    def _open_challenge(
        self, issue_request: IssueRequest, claim: IdempotencyClaim, earlier: IdempotencyClaim
    ) -> IssueResult | None:
        """Return the challenge of the call that wrote `earlier`; None if that call has issued none."""
        if earlier.content != claim.content:
            raise Refused(Refusal.KEY_REUSED)
        record = self.store.read(record_key(issue_request.purpose, issue_request.subject))
        # Open for the same address, purpose and audience: this is the challenge of the first request.
        if is_open(record, issue_request, self.policy):
            return rejoined(record, issue_request, self.policy)
        # A message since the claim may be the one of this key, or one that replaced it. A challenge that was
        # open at the claim may be one that this key has joined. So this key must not send another message.
        then = issue_request._replace(now=earlier.made_at)
        unspent = record if record.spent_at < earlier.made_at else record._replace(spent=0)
        if record.sent_at >= earlier.made_at or is_open(unspent, then, self.policy):
            raise Refused(Refusal.KEY_IN_USE)
        return None


@dataclass(eq=False, repr=False)
class ConfirmationCreator:
    """Sends codes. `country_of` returns the country of a number that may get SMS, else None.

    `fault_of` returns why a number gets no SMS, else None. Its second argument is true if the number is
    verified.
    """

    confirmations: CodeRequests
    tokens: TokenSigner
    pool: UserRecipients
    order: Sequence[Channel]
    country_of: Callable[[str], str | None]
    fault_of: Callable[[str, bool], AddressFault | None]
    salt: str
    issuer: str
    telemetry: Telemetry

    def create(self, body: CreateToken, context: RequestContext) -> Created:
        """Send a code to an address. Raises `Problem`, `Refused` or `Unavailable`."""
        destination = _destination(body, self.order)
        self._refuse_numbers((destination,), is_verified=False)
        recipient = of_address(destination, self.order, body.locale or "", self.salt)
        request = CodeRequest(destination.channel.name, body.purpose, body.audience or self.issuer)
        return self._create(recipient, request, context, VERIFY_TOKEN, body.model_dump_json())

    def step_up(self, body: StepUp, signed_in: IdTokenUser, context: RequestContext) -> Created:
        """Send a code to the user who is signed in. Raises `Problem`, `Refused` or `Unavailable`."""
        recipient = self.pool.user(signed_in, context.now)
        if not recipient.destinations:
            raise problems.of_refusal(Refusal.NO_DESTINATION)
        self._refuse_numbers(recipient.destinations.values(), is_verified=True)
        if body.channel and CHANNELS[body.channel] not in recipient.destinations:
            raise Problem(problems.CHANNEL_NOT_OFFERED)
        if body.audience == self.issuer:
            # This is the default audience of a back end's proofs. A user's proof could be mistaken for one.
            raise Problem(problems.INVALID_REQUEST, detail="Send another `audience`, or none.")
        request = CodeRequest(body.channel or "", body.purpose, body.audience or signed_in.client_id)
        return self._create(recipient, request, context, STEP_UP_VERIFY, body.model_dump_json())

    def _create(
        self, recipient: Recipient, request: CodeRequest, context: RequestContext, endpoint: str, content: str
    ) -> Created:
        self.telemetry.set_context(recipient.subject)
        claim = self._claim(context, endpoint, content)
        issued = self.confirmations.send_code(recipient, request, context.nonce, context.now, claim)
        challenge = issued.challenge
        self.telemetry.set_context(recipient.subject, challenge)
        if issued.sent:
            self.telemetry.issued(challenge.channel)
            if issued.resend_at - context.now > self.confirmations.policy.cooldown_seconds:
                self.telemetry.rate_used_up(challenge)
        else:
            self.telemetry.waiting(challenge.channel)
        destination = recipient.destinations[CHANNELS[challenge.channel]]
        challenge_token = ChallengeToken(
            challenge, recipient.sub, request.audience, self._country(destination) or ""
        )
        token = self.tokens.write(challenge_token_claims(challenge_token, self.issuer, endpoint))
        return _created(issued, token, destination, recipient.sub, context.now)

    def _claim(self, context: RequestContext, endpoint: str, content: str) -> IdempotencyClaim | None:
        if context.key is None:
            return None
        return IdempotencyClaim(
            self._keyed_hash(context.caller, endpoint, context.key), self._keyed_hash(content)
        )

    def _keyed_hash(self, *parts: str) -> str:
        return keyed_hash(json.dumps(parts), self.salt)

    def _refuse_numbers(self, destinations: Collection[Destination], *, is_verified: bool) -> None:
        """Raise `Problem` if all destinations are numbers, and no SMS goes to any of them."""
        if all(to.channel.billed_by_country for to in destinations):
            faults = [self.fault_of(to.value, is_verified) for to in destinations]
            if faults[0] and all(faults):
                raise problems.of_number(faults[0])

    def _country(self, destination: Destination) -> str | None:
        return self.country_of(destination.value) if destination.channel.billed_by_country else ""


def _destination(body: CreateToken, order: Sequence[Channel]) -> Destination:
    values = addresses(body)
    if not values:
        fields = " or ".join(f"`{name}`" for name in dict.fromkeys(c.attribute for c in CHANNELS.values()))
        raise Problem(problems.INVALID_REQUEST, detail=f"Send {fields}.")
    usable = [c for c in order if c.attribute in values and body.channel in (None, c.name)]
    if not usable:
        raise Problem(problems.CHANNEL_NOT_OFFERED)
    channel = usable[0]
    destination = channel.destination(values[channel.attribute])
    if destination is None:
        raise problems.of_address(channel, values[channel.attribute])
    return destination


def _created(issued: IssueResult, token: str, destination: Destination, sub: str, now: int) -> Created:
    return Created(
        token=token,
        expires_in=max(0, issued.challenge.expires_at - now),
        channel=destination.channel.name,
        destination=destination.masked,
        status="SENT" if issued.sent else "WAITING",
        resend_in=max(0, issued.resend_at - now),
        subject=sub,
    )
