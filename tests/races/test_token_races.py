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
from passcode.delivery.envelope import Delivery
from passcode.token_service.code import derive_code
from passcode.token_service.refusal import Refused
from tests.support.live_handlers import live_handler, patient_client
from tests.support.threads import at_once
from tools.local_stack.stack import Stack

NOW = 1_900_000_000


@dataclass
class World:
    """The endpoints, the key of the codes, and every queued delivery."""

    asking: ConfirmationCreator
    answering: ConfirmationVerifier
    code_mac: KmsMac
    queued: list[Delivery]

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
        ticket = parse_challenge_token(claims, self.answering.issuer, VERIFY_TOKEN)
        mac = self.code_mac(ticket.challenge.mac_message())
        # The `sub` of the token is the id of its one destination.
        return created.token, derive_code(mac, "email", ticket.sub, ticket.challenge.digits).reveal()


def _call(now: int, key: str | None = None, caller: str = "caller") -> RequestContext:
    return RequestContext(caller, key, secrets.token_hex(16), now)


@pytest.fixture(scope="module")
def world(local_stack: Stack) -> World:
    module, settings = live_handler(local_stack, "token_api")
    kms, dynamodb = (patient_client(local_stack, service) for service in ("kms", "dynamodb"))
    name = settings["TABLE_NAME"]
    table, code_mac = RecordTable(dynamodb, name, module._POLICY), KmsMac(kms, settings["CODE_KEY_ID"])
    tokens = MacJwts(KmsMac(kms, settings["TOKEN_KEY_ID"]))
    proofs = SignedJwts(KmsSigningKeys(kms, tuple(settings["PROOF_KEY_IDS"].split(","))))
    queued: list[Delivery] = []
    confirmations = replace(
        module._CREATOR.confirmations,
        store=table,
        requests=IdempotencyTable(dynamodb, name),
        put=queued.append,
    )
    checker = replace(module._VERIFIER.checker, code_mac=code_mac, store=table)
    used = UsedProofTable(dynamodb, name)
    return World(
        replace(module._CREATOR, confirmations=confirmations, tokens=tokens),
        replace(module._VERIFIER, checker=checker, tokens=tokens, proofs=proofs, used=used),
        code_mac,
        queued,
    )


def test_50_simultaneous_right_answers_of_50_sessions_get_one_proof(world: World) -> None:
    token, code = world.begun()
    answers = Counter(at_once(50, lambda n: world.verify(token, code, f"AROAEXAMPLE:session-{n}")))
    assert answers.pop("code-spent") == 49
    assert list(answers.values()) == [1], "one proof"


def test_a_repeated_request_gets_the_same_proof(world: World) -> None:
    token, code = world.begun()
    proofs = set(at_once(20, lambda _: world.verify(token, code)))
    claims = [world.answering.proofs.read(proof) for proof in proofs]
    assert None not in claims
    assert all(each == claims[0] for each in claims)


def test_100_simultaneous_guesses_get_no_extra_attempts(world: World) -> None:
    token, code = world.begun()
    wrong = [guess for n in range(101) if (guess := f"{n:06d}") != code]
    answers = Counter(at_once(100, lambda n: world.verify(token, wrong[n])))
    free = world.answering.checker.policy.wrong_answers_per_day
    assert answers == {"wrong-code": free, "longer-code": 100 - free}


def test_simultaneous_guesses_for_several_purposes_share_one_budget(world: World) -> None:
    """Each purpose has another code. Together they get no more attempts than one purpose."""
    mailbox = secrets.token_hex(8)
    free = world.answering.checker.policy.wrong_answers_per_day
    tokens = []
    for n in range(3):
        created = world.create(
            f"{mailbox}+{n}@people.example", now=NOW - 120 + 40 * n, purpose=f"purpose {n}"
        )
        assert isinstance(created, Created)
        tokens.append(created.token)
    answers = Counter(at_once(60, lambda n: world.verify(tokens[n % 3], f"{n:06d}")))
    assert answers["wrong-code"] <= free
    assert set(answers) <= {"wrong-code", "longer-code", "no-challenge"}


def test_50_simultaneous_requests_with_one_key_send_one_message(world: World) -> None:
    world.queued.clear()
    email, key = f"{secrets.token_hex(8)}@people.example", secrets.token_hex(8)
    answers = at_once(50, lambda _: world.create(email, key))
    assert len(world.queued) == 1
    given = [answer for answer in answers if isinstance(answer, Created)]
    assert len({answer.token for answer in given}) == 1
    assert Counter(answer.status for answer in given)["SENT"] == 1
    assert {answer for answer in answers if isinstance(answer, str)} <= {"key_in_use"}


def test_50_simultaneous_requests_with_50_keys_send_one_message(world: World) -> None:
    world.queued.clear()
    email = f"{secrets.token_hex(8)}@people.example"
    answers = at_once(50, lambda n: world.create(email, f"{email}-{n}"))
    assert len(world.queued) == 1
    assert len({answer.token for answer in answers if isinstance(answer, Created)}) == 1


def test_one_of_50_simultaneous_introspections_uses_the_proof(world: World) -> None:
    proof = world.verify(*world.begun())
    assert Counter(at_once(50, lambda _: world.introspect(proof))) == {True: 1, False: 49}
