"""Many simultaneous calls of the token service on the local table and keys.

The tests call the endpoints without the routes, because Powertools supports only one request at a time in a
process. The clients have longer timeouts, so that a race on a busy machine does not end in a timeout.
"""

import secrets
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from passcode.adapters.confirmation_tables import IdempotencyTable, UsedProofTable
from passcode.adapters.jwt_tokens import MacJwts, SignedJwts
from passcode.adapters.kms import KmsMac, KmsSigningKeys
from passcode.adapters.record_table import RecordTable
from passcode.confirmation.create import ConfirmationCreator
from passcode.confirmation.problems import Problem
from passcode.confirmation.requests import (
    VERIFY_TOKEN,
    Created,
    CreateToken,
    Introspect,
    RequestContext,
    VerifyToken,
)
from passcode.confirmation.tokens import parse_challenge_token
from passcode.confirmation.verify import ConfirmationVerifier
from passcode.token_service.challenge import derive_code
from passcode.token_service.refusal import Refused
from tests.support.fifo_queue import FifoQueue
from tests.support.live_handlers import client_with_long_timeouts, live_handler
from tests.support.threads import run_at_once
from tools.local_stack.stack import Stack

NOW = 1_900_000_000


@dataclass
class StackEndpoints:
    """The endpoints, the key of the codes, and every queued delivery."""

    asking: ConfirmationCreator
    answering: ConfirmationVerifier
    code_mac: KmsMac
    queued: FifoQueue

    def create(self, email: str, key: str | None = None, now: int = NOW, **body: str) -> Created | str:
        """Call /createToken once. Returns its response, or the reason of the refusal."""
        try:
            return self.asking.create(CreateToken.model_validate({"email": email} | body), _call(now, key))
        except Refused as refused:
            return refused.refusal.value

    def verify(self, token: str, code: str, caller: str = "caller") -> str:
        """Call /verifyToken once. Returns the proof, or the name of the problem."""
        call = _call(NOW, caller=caller)
        try:
            return self.answering.verify(VerifyToken(token=token, verification_code=code), call).proof
        except Problem as problem:
            return problem.kind.name

    def introspect(self, proof: str) -> bool:
        """Call /introspect once. Returns whether the proof is active."""
        return self.answering.introspect(Introspect(proof=proof), _call(NOW))["active"] is True

    def begun(self) -> tuple[str, str]:
        """A token for a new address, and its code."""
        created = self.create(f"{secrets.token_hex(8)}@people.example")
        assert isinstance(created, Created)
        claims = self.answering.tokens.read(created.token)
        assert claims is not None
        challenge_token = parse_challenge_token(claims, self.answering.issuer, VERIFY_TOKEN)
        mac = self.code_mac(challenge_token.challenge.mac_message())
        # The `sub` of the token is the id of its one destination.
        return created.token, derive_code(
            mac, "email", challenge_token.sub, challenge_token.challenge.digits
        ).reveal()


def _call(now: int, key: str | None = None, caller: str = "caller") -> RequestContext:
    return RequestContext(caller, key, secrets.token_hex(16), now)


@pytest.fixture(scope="module")
def endpoints(local_stack: Stack) -> StackEndpoints:
    module, settings = live_handler(local_stack, "token_api")
    kms, dynamodb = (client_with_long_timeouts(local_stack, service) for service in ("kms", "dynamodb"))
    name = settings["TABLE_NAME"]
    table, code_mac = RecordTable(dynamodb, name, module._POLICY), KmsMac(kms, settings["CODE_KEY_ID"])
    tokens = MacJwts(KmsMac(kms, settings["TOKEN_KEY_ID"]))
    proofs = SignedJwts(KmsSigningKeys(kms, tuple(settings["PROOF_KEY_IDS"].split(","))))
    queued = FifoQueue()
    confirmations = replace(
        module._CREATOR.confirmations,
        store=table,
        idempotency=IdempotencyTable(dynamodb, name),
        put=queued.put,
    )
    checker = replace(module._VERIFIER.checker, code_mac=code_mac, store=table)
    used = UsedProofTable(dynamodb, name)
    return StackEndpoints(
        replace(module._CREATOR, confirmations=confirmations, tokens=tokens),
        replace(module._VERIFIER, checker=checker, tokens=tokens, proofs=proofs, used=used),
        code_mac,
        queued,
    )


def test_50_simultaneous_right_answers_of_50_sessions_get_one_proof(endpoints: StackEndpoints) -> None:
    token, code = endpoints.begun()
    results = Counter(run_at_once(50, lambda n: endpoints.verify(token, code, f"AROAEXAMPLE:session-{n}")))
    assert results.pop("code-spent") == 49
    assert list(results.values()) == [1], "one proof"


def test_a_repeated_request_gets_the_same_proof(endpoints: StackEndpoints) -> None:
    token, code = endpoints.begun()
    proofs = set(run_at_once(20, lambda _: endpoints.verify(token, code)))
    claims = [endpoints.answering.proofs.read(proof) for proof in proofs]
    assert None not in claims
    assert all(each == claims[0] for each in claims)


def test_100_simultaneous_guesses_get_no_extra_attempts(endpoints: StackEndpoints) -> None:
    token, code = endpoints.begun()
    wrong = [guess for n in range(101) if (guess := f"{n:06d}") != code]
    results = Counter(run_at_once(100, lambda n: endpoints.verify(token, wrong[n])))
    free = endpoints.answering.checker.policy.wrong_answers_per_day
    assert results == {"wrong-code": free, "longer-code": 100 - free}


def test_simultaneous_guesses_for_several_purposes_share_one_budget(endpoints: StackEndpoints) -> None:
    """Each purpose has another code. Together they get no more attempts than one purpose."""
    mailbox = secrets.token_hex(8)
    free = endpoints.answering.checker.policy.wrong_answers_per_day
    tokens = []
    for n in range(3):
        created = endpoints.create(
            f"{mailbox}+{n}@people.example", now=NOW - 120 + 40 * n, purpose=f"purpose {n}"
        )
        assert isinstance(created, Created)
        tokens.append(created.token)
    results = Counter(run_at_once(60, lambda n: endpoints.verify(tokens[n % 3], f"{n:06d}")))
    assert results["wrong-code"] <= free
    assert set(results) <= {"wrong-code", "longer-code", "no-challenge"}


def test_50_simultaneous_requests_with_one_key_send_one_message(endpoints: StackEndpoints) -> None:
    endpoints.queued.clear()
    email, key = f"{secrets.token_hex(8)}@people.example", secrets.token_hex(8)
    responses = run_at_once(50, lambda _: endpoints.create(email, key))
    assert len(endpoints.queued) == 1
    # Several may recognise the one write of this key, and return SENT.
    created = [response for response in responses if isinstance(response, Created)]
    assert len(created) == 50
    assert len({response.token for response in created}) == 1


def test_50_simultaneous_requests_with_50_keys_send_one_message(endpoints: StackEndpoints) -> None:
    endpoints.queued.clear()
    email = f"{secrets.token_hex(8)}@people.example"
    results = run_at_once(50, lambda n: endpoints.create(email, f"{email}-{n}"))
    assert len(endpoints.queued) == 1
    assert len({result.token for result in results if isinstance(result, Created)}) == 1


def test_one_of_50_simultaneous_introspections_uses_the_proof(endpoints: StackEndpoints) -> None:
    proof = endpoints.verify(*endpoints.begun())
    assert Counter(run_at_once(50, lambda _: endpoints.introspect(proof))) == {True: 1, False: 49}
