"""Attacks on the order of the challenges: tokens without a code or without a password."""

import pytest

from tests.attacks.trial import TryAttack
from tests.attacks.weak_sign_in import AcceptsTheNewestResult, Define, SkipsOnRequest
from tests.support.events import entry, golden

SRP = entry("SRP_A", True)
PASSWORD = entry("PASSWORD_VERIFIER", True)
METADATA = "v=1;answers=0;resends=0;resend_at=0;challenge="
CODE = entry("CUSTOM_CHALLENGE", True, METADATA)
NO_CODE: tuple[list[dict[str, object]], ...] = ([], [SRP], [SRP, PASSWORD])
NO_PASSWORD = ([CODE], [SRP, CODE], [SRP, entry("PASSWORD_VERIFIER", False), CODE], [SRP, CODE, PASSWORD])


@pytest.mark.parametrize(
    ("weak", "histories"),
    [(SkipsOnRequest(), NO_CODE), (AcceptsTheNewestResult(), NO_PASSWORD)],
    ids=["no code", "no password"],
)
def test_tokens_without_a_factor(
    try_attack: TryAttack, weak: Define, histories: tuple[list[dict[str, object]], ...]
) -> None:
    """A client asks for tokens and leaves out a factor (TryGhost/Ghost#25806)."""

    def attack(define: Define) -> bool:
        return any(
            define.issues_tokens(golden("define_after_password", session=history, clientMetadata=metadata))
            for history in histories
            for metadata in ({}, {"skip": "true"}, {"action": "resend"})
        )

    assert Define().issues_tokens(golden("define_after_password", session=[SRP, PASSWORD, CODE]))
    try_attack(attack, weak=weak, product=Define())
