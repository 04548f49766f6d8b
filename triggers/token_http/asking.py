"""The endpoints that send a code: /createToken and /step-up."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from passcode.adapters.jwt_tokens import ChallengeTokens
from passcode.channels.channel import Channel, Destination, parse
from passcode.confirmation.idempotency import Claim
from passcode.token_service.issue import Issued
from passcode.token_service.refusal import Refusal
from passcode.token_service.telemetry import Telemetry
from token_http import problems
from token_http.bodies import Created, CreateToken, StepUp
from token_http.call import STEP_UP_VERIFY, VERIFY_TOKEN, Call, Pool, SignedIn
from token_http.problems import Problem
from token_service.address import keyed
from token_service.confirmation import Confirmations, Wish
from token_service.recipient import Recipient, of_address
from token_service.ticket import Ticket, ticket_claims


@dataclass(frozen=True)
class Asking:
    """Sends codes. `country_of` answers the country of a number that SMS may go to, else None."""

    confirmations: Confirmations
    tokens: ChallengeTokens
    pool: Pool
    order: Sequence[Channel]
    country_of: Callable[[str], str | None]
    salt: str
    issuer: str
    tell: Telemetry

    def create(self, body: CreateToken, call: Call) -> Created:
        """Send a code to an address. Raises `Problem`, `Refused` or `Unavailable`."""
        destination = _destination(body, self.order)
        if self._country(destination) is None:
            raise Problem(problems.DESTINATION_NOT_ALLOWED)
        recipient = of_address(destination, body.locale or "", self.salt)
        wish = Wish("", body.purpose, body.audience or self.issuer)
        return self._ask(recipient, wish, call, VERIFY_TOKEN, body.model_dump_json())

    def step_up(self, body: StepUp, signed_in: SignedIn, call: Call) -> Created:
        """Send a code to the user who is signed in. Raises `Problem`, `Refused` or `Unavailable`."""
        recipient = self.pool.user(signed_in)
        if not recipient.destinations:
            raise problems.of_refusal(Refusal.NO_DESTINATION)
        if body.channel and Channel(body.channel) not in recipient.destinations:
            raise Problem(problems.CHANNEL_NOT_OFFERED)
        if body.audience == self.issuer:
            # What a back end's proofs have for one by default. A user's own would pass for them.
            raise Problem(problems.INVALID_REQUEST, detail="Name another `audience`, or none.")
        wish = Wish(body.channel or "", body.purpose, body.audience or signed_in.client_id)
        return self._ask(recipient, wish, call, STEP_UP_VERIFY, body.model_dump_json())

    def _ask(self, recipient: Recipient, wish: Wish, call: Call, endpoint: str, content: str) -> Created:
        self.tell.about(recipient.subject)
        claim = self._claim(call, endpoint, content)
        issued = self.confirmations.ask(recipient, wish, call.nonce, call.now, claim)
        challenge = issued.challenge
        self.tell.about(recipient.subject, challenge)
        if issued.sent:
            self.tell.issued(challenge.channel)
        destination = recipient.destinations[Channel(challenge.channel)]
        ticket = Ticket(challenge, recipient.sub, wish.audience, self._country(destination) or "")
        token = self.tokens.write(ticket_claims(ticket, self.issuer, endpoint))
        return _created(issued, token, destination, recipient.sub, call.now)

    def _claim(self, call: Call, endpoint: str, content: str) -> Claim | None:
        if call.key is None:
            return None
        return Claim(self._keyed(call.caller, endpoint, call.key), self._keyed(content))

    def _keyed(self, *parts: str) -> str:
        return keyed(json.dumps(parts), self.salt)

    def _country(self, destination: Destination) -> str | None:
        return self.country_of(destination.value) if destination.channel is Channel.SMS else ""


def _destination(body: CreateToken, order: Sequence[Channel]) -> Destination:
    given = {Channel.EMAIL: body.email, Channel.SMS: body.phone_number}
    if not any(given.values()):
        raise Problem(problems.INVALID_REQUEST, detail="Send an `email` or a `phone_number`.")
    usable = [channel for channel in order if given[channel] and body.channel in (None, channel.value)]
    if not usable:
        raise Problem(problems.CHANNEL_NOT_OFFERED)
    destination = parse(usable[0], given[usable[0]] or "")
    if destination is None:
        raise Problem(problems.INVALID_REQUEST, detail=_UNREADABLE[usable[0]])
    return destination


def _created(issued: Issued, token: str, destination: Destination, sub: str, now: int) -> Created:
    return Created(
        token=token,
        expires_in=max(0, issued.challenge.expires_at - now),
        channel="sms" if destination.channel is Channel.SMS else "email",
        destination=destination.masked,
        status="SENT" if issued.sent else "WAITING",
        resend_in=max(0, issued.resend_at - now),
        subject=sub,
    )


_UNREADABLE = {
    Channel.EMAIL: "`email` has to be one plain address in ASCII letters, such as ann@example.com.",
    Channel.SMS: "`phone_number` has to be in E.164, such as +12065550100.",
}
