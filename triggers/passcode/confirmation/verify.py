"""/verifyToken and /step-up/verify check an answer; /introspect marks a proof as used."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from passcode.channels.channel import Destination
from passcode.channels.registry import CHANNELS
from passcode.confirmation import problems
from passcode.confirmation.problems import Problem
from passcode.confirmation.recipient import Recipient, UserRecipients
from passcode.confirmation.requests import (
    STEP_UP_VERIFY,
    VERIFY_TOKEN,
    IdTokenUser,
    Introspect,
    RequestContext,
    Verified,
    VerifyToken,
)
from passcode.confirmation.tokens import (
    ChallengeToken,
    Proof,
    TokenSigner,
    parse_challenge_token,
    parse_proof,
    proof_claims,
)
from passcode.token_service.challenge import STEP_UP, TOKEN, kind_of, words_of
from passcode.token_service.check import Verdict, check
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal
from passcode.token_service.store import CodeMac, RecordStore
from passcode.token_service.telemetry import Telemetry


class UsedProofStore(Protocol):
    """The used proofs. Raises `Unavailable` if the store does not respond."""

    def use(self, proof: Proof, use_id: str, now: int) -> bool:
        """Mark the proof as used. Returns False if it was marked before.

        A repeat with the same `use_id` returns True for 15 seconds. `now` is in seconds since the epoch.
        """


@dataclass(eq=False, repr=False)
class CodeAnswers:
    """Checks answers by the rules for answers."""

    code_mac: CodeMac
    store: RecordStore
    policy: Policy

    def of_address(self, challenge_token: ChallengeToken, answer: object, context: RequestContext) -> Verdict:
        """Check an answer that a back end sends. Raises `Unavailable`."""
        if kind_of(challenge_token.challenge.purpose) != TOKEN:
            return Verdict(Refusal.INVALID_TOKEN)
        # The code was derived for one address, and its id is the `sub` of the proof.
        return self._check(
            challenge_token, {challenge_token.challenge.channel: challenge_token.sub}, answer, context
        )

    def of_user(
        self, challenge_token: ChallengeToken, user: Recipient, answer: object, context: RequestContext
    ) -> Verdict:
        """Check an answer that `user` sends, with the pool's current attributes. Raises `Unavailable`.

        A code that was sent to an address which the user no longer has is not accepted.
        """
        challenge = challenge_token.challenge
        if kind_of(challenge.purpose) != STEP_UP:
            return Verdict(Refusal.INVALID_TOKEN)
        if challenge.subject != user.subject:
            return Verdict(Refusal.WRONG_USER)
        return self._check(challenge_token, user.ids, answer, context)

    def _check(
        self,
        challenge_token: ChallengeToken,
        destinations: Mapping[str, str],
        answer: object,
        context: RequestContext,
    ) -> Verdict:
        return check(
            challenge_token.challenge,
            answer,
            # The same answer from the same session is a repeat, for example after a lost response.
            round_id=f"{challenge_token.challenge.pack()}\n{context.caller}",
            destinations=destinations,
            code_mac=self.code_mac,
            store=self.store,
            policy=self.policy,
            now=context.now,
        )


def _use_id(context: RequestContext) -> str:
    """Return 32 hex digits that identify this use of a proof, in the table too.

    Without a key, a repeat by the same caller cannot be distinguished from a replay of the proof.
    """
    if context.key is None:
        return context.nonce
    return hashlib.sha256(f"{context.caller}\n{context.key}".encode()).hexdigest()[:32]


_CODE_ALONE = "A code by itself does not identify a user. Send the `token` returned by /createToken as well."


@dataclass(eq=False, repr=False)
class ConfirmationVerifier:
    """Checks answers. `life` is the proof's, in seconds.

    `country_of` returns the country of a number that may get SMS, else None. `record_sms_answer` gets the
    kind, the id of the number and the country of each answered SMS.
    """

    checker: CodeAnswers
    tokens: TokenSigner
    proofs: TokenSigner
    used: UsedProofStore
    pool: UserRecipients
    country_of: Callable[[str], str | None]
    record_sms_answer: Callable[[str, str, str], None]
    issuer: str
    life: int
    telemetry: Telemetry

    def verify(self, body: VerifyToken, context: RequestContext) -> Verified:
        """Check the answer to a challenge of /createToken. Raises `Problem` or `Unavailable`."""
        challenge_token = self._read_token(body, VERIFY_TOKEN)
        verdict = self.checker.of_address(challenge_token, body.verification_code, context)
        return self._verified(challenge_token, challenge_token.sub, verdict, context)

    def verify_step_up(self, body: VerifyToken, signed_in: IdTokenUser, context: RequestContext) -> Verified:
        """Check the answer to a challenge of /step-up. Raises `Problem` or `Unavailable`."""
        challenge_token = self._read_token(body, STEP_UP_VERIFY)
        # A sign-in that was recent enough for the request is so until the code expires.
        user = self.pool.user(signed_in, challenge_token.challenge.issued_at)
        verdict = self.checker.of_user(challenge_token, user, body.verification_code, context)
        if verdict.accepted:
            # Not that of the challenge token: the code may have been sent to the user's other destination.
            challenge_token = challenge_token._replace(
                country=self._country(user.destinations[CHANNELS[verdict.channel]])
            )
        return self._verified(challenge_token, user.ids.get(verdict.channel, ""), verdict, context)

    def introspect(self, body: Introspect, context: RequestContext) -> dict[str, object]:
        """Use a proof: returns its claims the first time, later `active: false`. Raises `Unavailable`.

        A repeat by the same caller with the same Idempotency-Key gets the claims again for 15 seconds.
        A proof that is not valid for this caller stays unused. A request with a wrong audience must not use
        up the proof of another caller.
        """
        proof = self._valid_proof(body, context.now)
        if proof is None or not self.used.use(proof, _use_id(context), context.now):
            self.telemetry.count("proofs", outcome="refused")
            return {"active": False}
        self.telemetry.count("proofs", outcome="used")
        return {"active": True, **proof.claims}

    def _read_token(self, body: VerifyToken, endpoint: str) -> ChallengeToken:
        if body.token is None:
            raise Problem(problems.INVALID_REQUEST, detail=_CODE_ALONE)
        claims = self.tokens.read(body.token)
        try:
            challenge_token = parse_challenge_token(claims or {}, self.issuer, endpoint)
        except ValueError:
            self.telemetry.count("refused", reason=Refusal.INVALID_TOKEN.value)
            raise problems.of_refusal(Refusal.INVALID_TOKEN) from None
        self.telemetry.set_context(challenge_token.challenge.subject, challenge_token.challenge)
        return challenge_token

    def _verified(
        self, challenge_token: ChallengeToken, number_id: str, verdict: Verdict, context: RequestContext
    ) -> Verified:
        if verdict.refusal:
            self.telemetry.refused(verdict.refusal)
            raise problems.of_refusal(verdict.refusal, attempts_left=verdict.attempts_left)
        # The channel of the accepted code: it may have been sent on another one than the newest message.
        challenge_token = challenge_token._replace(
            challenge=challenge_token.challenge._replace(channel=verdict.channel)
        )
        if not verdict.is_repeat:
            self.telemetry.verified(challenge_token.challenge, context.now)
            # Once only: a repeated answer must not reduce the counts again.
            if challenge_token.country:
                kind = kind_of(challenge_token.challenge.purpose)
                self.record_sms_answer(kind, number_id, challenge_token.country)
        purpose_text = words_of(challenge_token.challenge.purpose)
        proof = self.proofs.write(
            proof_claims(challenge_token, purpose_text, self.issuer, verdict.accepted_at, self.life)
        )
        return Verified(
            verified=True,
            proof=proof,
            expires_in=verdict.accepted_at + self.life - context.now,
            channel=challenge_token.challenge.channel,
            subject=challenge_token.sub,
        )

    def _country(self, destination: Destination) -> str:
        billed = destination.channel.billed_by_country
        return (self.country_of(destination.value) or "") if billed else ""

    def _valid_proof(self, body: Introspect, now: int) -> Proof | None:
        """Return the proof if it is signed here, not expired, and for the caller's values; else None."""
        try:
            proof = parse_proof(self.proofs.read(body.proof) or {})
        except ValueError:
            return None
        expected = {"iss": self.issuer, "aud": body.audience or self.issuer}
        if body.purpose is not None:
            expected["purpose"] = body.purpose
        if body.subject is not None:
            expected["sub"] = body.subject
        fits = all(proof.claims.get(name) == value for name, value in expected.items())
        return proof if fits and now < proof.expires_at else None
