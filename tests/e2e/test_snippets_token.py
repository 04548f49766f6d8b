"""The snippets of docs/token-service.md: a code over HTTP and its proof, on the local stack."""

import os
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import jwt
import pytest

from tests.clients import curl
from tests.clients.proof import REFUSED, by_jose, by_pyjwt
from tools.local_stack.environment import ROOT
from tools.local_stack.stack import Stack

CodeFor = Callable[..., str]

pytestmark = pytest.mark.e2e

each_library = pytest.mark.parametrize("check", [by_pyjwt, pytest.param(by_jose, marks=pytest.mark.node)])


@pytest.fixture
def environment(local_stack: Stack) -> dict[str, str]:
    """The environment that docs/token-service.md sets."""
    return {
        "AWS_REGION": local_stack.region,
        "AWS_DEFAULT_REGION": local_stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TOKEN_API_URL": local_stack.outputs["TokenApiURL"],
        "TOKEN_CREATION_API_URL": local_stack.outputs["TokenCreationAPIURL"],
        "TOKEN_VERIFICATION_API_URL": local_stack.outputs["TokenVerificationAPIURL"],
        "EMAIL": f"ada-{os.urandom(5).hex()}@people.example",
    }


@pytest.fixture
def published(local_stack: Stack) -> tuple[str, str]:
    """The settings of a verifier: the URL of the keys, and the issuer."""
    return local_stack.outputs["TokenKeysURL"], local_stack.outputs["TokenIssuer"]


@each_library
def test_the_snippets_create_a_code_and_verify_it_and_check_its_proof(
    check: Callable[..., dict[str, Any]],
    environment: dict[str, str],
    published: tuple[str, str],
    code_for: CodeFor,
) -> None:
    created = curl.run("token_create.sh", environment)
    assert (created.code, created.answer["status"]) == (0, "SENT")
    answers = {"TOKEN": created.answer["token"], "CODE": code_for(environment["EMAIL"])}
    verified = curl.run("token_verify.sh", environment | answers)
    assert (verified.code, verified.answer["verified"]) == (0, True)
    about = {"proof": verified.answer["proof"], "subject": created.answer["subject"]}
    assert check(*published, **about, purpose="approve a payment of 20 EUR")["aud"] == "payments"
    assert check(*published, **about, purpose="approve a payment of 2000 EUR") == REFUSED


def test_a_code_without_its_token_is_refused_with_a_reason(
    environment: dict[str, str], code_for: CodeFor
) -> None:
    curl.run("token_create.sh", environment)
    alone = curl.run("token_verify.sh", environment | {"TOKEN": "", "CODE": code_for(environment["EMAIL"])})
    assert (alone.code, alone.answer["status"]) == (22, 400)


def test_the_python_snippet_asks_again_after_a_wrong_code(
    environment: dict[str, str], code_for: CodeFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = spec_from_file_location("snippet_payment", ROOT / "docs" / "snippets" / "token_client_payment.py")
    assert spec
    assert spec.loader
    payment = module_from_spec(spec)
    spec.loader.exec_module(payment)
    shown: list[str] = []

    def ask(created: Any) -> str:
        shown.append(created.destination)
        code = code_for(environment["EMAIL"])
        return code if len(shown) == 2 else f"{(int(code) + 1) % 10**6:06d}"

    proof, subject = payment.approve(environment["EMAIL"], "20 EUR", ask)
    assert shown == ["a***@p***"] * 2
    assert jwt.decode(proof, options={"verify_signature": False})["sub"] == subject
