"""Many at once at the token service: the composed door on the local table and keys.

Its endpoints are called past the routes, because Lambda gives a process one request at a time and Powertools
counts on that; and its clients are more patient, so that a busy machine does not turn a race into a time-out.
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
from passcode.token_service.code import code_from_mac
from passcode.token_service.refusal import Refused
from tests.support.live_handlers import live_door, patient_client
from tests.support.threads import at_once
from tools.local_stack.stack import Stack

NOW = 1_900_000_000


@dataclass
class World:
    """The endpoints, the key of the codes, and every delivery that was queued."""

    asking: ConfirmationCreator
    answering: ConfirmationVerifier
    code_mac: KmsMac
    queued: list[Delivery]

    def create(self, email: str, key: str | None = None, now: int = NOW, **body: str) -> Created | str:
        """One call of /createToken: its answer, or why there is none."""
        try:
            return self.asking.create(CreateToken.model_validate({"email": email} | body), _call(now, key))
        except Refused as refused:
            return refused.refusal.value

    def verify(self, token: str, code: str) -> str:
        """One call of /verifyToken: the proof, or the problem's name."""
        try:
            return self.answering.verify(VerifyToken(token=token, verification_code=code), _call(NOW)).proof
        except Problem as problem:
            return problem.kind.name

    def introspect(self, proof: str) -> bool:
        """One call of /introspect."""
        return self.answering.introspect(Introspect(proof=proof), _call(NOW))["active"] is True

    def begun(self) -> tuple[str, str]:
        """A token of somebody new, and its code."""
        created = self.create(f"{secrets.token_hex(8)}@people.example")
        assert isinstance(created, Created)
        claims = self.answering.tokens.read(created.token)
        assert claims is not None
        ticket = parse_challenge_token(claims, self.answering.issuer, VERIFY_TOKEN)
        return created.token, code_from_mac(self.code_mac(ticket.challenge.mac_message()), 6).reveal()


def _call(now: int, key: str | None = None) -> RequestContext:
    return RequestContext("caller", key, secrets.token_hex(16), now)


@pytest.fixture(scope="module")
def world(local_stack: Stack) -> World:
    door, settings = live_door(local_stack, "token_api")
    kms, dynamodb = (patient_client(local_stack, service) for service in ("kms", "dynamodb"))
    name = settings["TABLE_NAME"]
    table, code_mac = RecordTable(dynamodb, name, door._POLICY), KmsMac(kms, settings["CODE_KEY_ID"])
    tokens = MacJwts(KmsMac(kms, settings["TOKEN_KEY_ID"]))
    proofs = SignedJwts(KmsSigningKeys(kms, tuple(settings["PROOF_KEY_IDS"].split(","))))
    queued: list[Delivery] = []
    confirmations = replace(
        door._CREATOR.confirmations, store=table, requests=IdempotencyTable(dynamodb, name), put=queued.append
    )
    checker = replace(door._VERIFIER.checker, code_mac=code_mac, store=table)
    used = UsedProofTable(dynamodb, name)
    return World(
        replace(door._CREATOR, confirmations=confirmations, tokens=tokens),
        replace(door._VERIFIER, checker=checker, tokens=tokens, proofs=proofs, used=used),
        code_mac,
        queued,
    )


def test_50_right_answers_at_once_are_proven_once(world: World) -> None:
    token, code = world.begun()
    answers = Counter(at_once(50, lambda _: world.verify(token, code)))
    assert answers.pop("code-spent") == 49
    assert list(answers.values()) == [1], "one proof"


def test_100_guesses_at_once_are_judged_as_often_as_one_after_the_other(world: World) -> None:
    token, code = world.begun()
    wrong = [guess for n in range(101) if (guess := f"{n:06d}") != code]
    answers = Counter(at_once(100, lambda n: world.verify(token, wrong[n])))
    free = world.answering.checker.policy.free_failures
    assert answers == {"wrong-code": free, "locked": 100 - free}


def test_guesses_at_once_for_several_wordings_share_their_budget(world: World) -> None:
    """Each wording is another code; together they are as many guesses as one."""
    mailbox = secrets.token_hex(8)
    free = world.answering.checker.policy.free_failures
    tokens = []
    for n in range(3):
        created = world.create(
            f"{mailbox}+{n}@people.example", now=NOW - 120 + 40 * n, purpose=f"purpose {n}"
        )
        assert isinstance(created, Created)
        tokens.append(created.token)
    answers = Counter(at_once(60, lambda n: world.verify(tokens[n % 3], "000000")))
    assert answers["wrong-code"] <= free
    assert set(answers) <= {"wrong-code", "locked"}


def test_50_requests_at_once_with_one_key_send_one_message(world: World) -> None:
    world.queued.clear()
    email, key = f"{secrets.token_hex(8)}@people.example", secrets.token_hex(8)
    answers = at_once(50, lambda _: world.create(email, key))
    assert len(world.queued) == 1
    given = [answer for answer in answers if isinstance(answer, Created)]
    assert len({answer.token for answer in given}) == 1
    assert Counter(answer.status for answer in given)["SENT"] == 1
    assert {answer for answer in answers if isinstance(answer, str)} <= {"key_in_use"}


def test_50_requests_at_once_with_50_keys_send_one_message(world: World) -> None:
    world.queued.clear()
    email = f"{secrets.token_hex(8)}@people.example"
    answers = at_once(50, lambda n: world.create(email, f"{email}-{n}"))
    assert len(world.queued) == 1
    assert len({answer.token for answer in answers if isinstance(answer, Created)}) == 1


def test_50_introspections_at_once_use_a_proof_up_once(world: World) -> None:
    proof = world.verify(*world.begun())
    assert Counter(at_once(50, lambda _: world.introspect(proof))) == {True: 1, False: 49}
