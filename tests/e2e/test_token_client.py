"""The Python client and the commands of the token service, on the local stack."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from botocore.credentials import Credentials
from typer.testing import CliRunner

from demo_client.cli.commands import app
from demo_client.cli.token_config import TokenServiceConfig
from demo_client.token_client import CodeGone, TokenApiError, TokenClient, TooSoon, WrongCode
from tests.clients.proof import by_pyjwt
from tests.support.live_sign_in import code_only
from tests.support.users import User, another_code
from tools.local_stack.environment import ROOT
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

NewUser = Callable[..., User]
CodeFor = Callable[..., str]
Messages = Callable[..., list[Message]]

PURPOSE = "approve a payment of 20 EUR"

pytestmark = pytest.mark.e2e


@pytest.fixture
def client(local_stack: Stack) -> TokenClient:
    return TokenServiceConfig(local_stack.outputs["TokenApiURL"], local_stack.region).create_client()


@pytest.fixture
def address() -> str:
    """An address without earlier messages."""
    return f"address-{os.urandom(5).hex()}@people.example"


@pytest.fixture
def claims_of(local_stack: Stack) -> Callable[[str, str], dict[str, Any]]:
    """The claims of a proof of PURPOSE for "payments". They are empty if the proof is refused."""

    def read(proof: str, subject: str) -> dict[str, Any]:
        keys_url, issuer = (local_stack.outputs[name] for name in ("TokenKeysURL", "TokenIssuer"))
        return by_pyjwt(keys_url, issuer, proof=proof, subject=subject, purpose=PURPOSE)

    return read


def test_a_code_leads_to_a_proof_that_is_accepted_once(
    client: TokenClient, address: str, messages_to: Messages, code_for: CodeFor, claims_of: Any
) -> None:
    created = client.create(email=address, purpose=PURPOSE, audience="payments", locale="en")
    assert (created.status, created.channel, created.destination) == ("SENT", "email", "a***@p***")
    assert 0 < created.resend_in < created.expires_in
    (message,) = messages_to(address)
    assert PURPOSE in message.text

    proof = client.verify(created.token, code_for(address))
    assert (proof.channel, proof.subject) == ("email", created.subject)
    claims = claims_of(proof.jwt, created.subject)
    assert (claims["amr"], claims["otp_channel"], claims["purpose"]) == (["otp"], "email", PURPOSE)
    # The default lifetime of a proof is five minutes.
    assert claims["exp"] - claims["iat"] == proof.expires_in == 300

    # A request with another audience, purpose or subject neither accepts the proof nor spends it.
    right = {"audience": "payments", "purpose": PURPOSE, "subject": created.subject}
    assert not client.introspect(proof.jwt).active
    for name, other in (("audience", "shop"), ("purpose", "another"), ("subject", "0" * 32)):
        assert not client.introspect(proof.jwt, **right | {name: other}).active
    first = client.introspect(proof.jwt, **right)
    assert (first.active, first.sub, first.jti) == (True, created.subject, claims["jti"])
    assert not client.introspect(proof.jwt, **right).active


def test_a_wrong_code_is_counted_and_the_right_one_is_accepted_once(
    client: TokenClient, address: str, code_for: CodeFor
) -> None:
    created = client.create(email=address)
    code = code_for(address)
    with pytest.raises(WrongCode) as first:
        client.verify(created.token, another_code(code))
    with pytest.raises(WrongCode) as second:
        client.verify(created.token, another_code(code, 2))
    assert first.value.attempts_left
    assert second.value.attempts_left == first.value.attempts_left - 1
    client.verify(created.token, code)
    with pytest.raises(CodeGone) as spent:
        client.verify(created.token, another_code(code, 3))
    assert spent.value.problem == "code-spent"


def test_a_repeated_idempotency_key_sends_one_message(
    client: TokenClient, address: str, messages_to: Messages
) -> None:
    first, again = (client.create(email=address, idempotency_key=f"key-{address}") for _ in range(2))
    assert (first.status, again.status) == ("SENT", "WAITING")
    with pytest.raises(TokenApiError) as reused:
        client.create(email=address, purpose="something else", idempotency_key=f"key-{address}")
    assert reused.value.problem == "idempotency-key-reused"
    with pytest.raises(TooSoon) as early:
        client.create(email=address, purpose="something else")
    assert (early.value.problem, early.value.retry_after is not None) == ("cooldown", True)
    assert len(messages_to(address)) == 1


def test_a_code_can_be_sent_by_sms(client: TokenClient, code_for: CodeFor) -> None:
    number = f"+1206555{int.from_bytes(os.urandom(2)) % 10_000:04d}"
    created = client.create(phone_number=number, purpose=PURPOSE)
    assert (created.channel, created.destination) == ("sms", f"+***{number[-4:]}")
    assert client.verify(created.token, code_for(number)).channel == "sms"


@pytest.mark.parametrize("address", ["a@b@example.com", "a@example.com,b@example.com", "adä@example.com", ""])
def test_a_malformed_address_is_refused(address: str, client: TokenClient) -> None:
    with pytest.raises(TokenApiError) as caught:
        client.create(email=address)
    assert (caught.value.problem, caught.value.status) == ("invalid-request", 400)


def test_a_request_with_a_wrong_signature_is_refused(local_stack: Stack, address: str) -> None:
    api_url = local_stack.outputs["TokenApiURL"]
    stranger = TokenClient(api_url, region=local_stack.region, credentials=Credentials("unknown", "wrong"))
    with pytest.raises(TokenApiError) as caught:
        stranger.create(email=address)
    assert (caught.value.problem, caught.value.status) == ("not-authorised", 403)


def test_a_step_up_goes_to_the_address_in_the_pool_and_is_limited_to_its_user(
    local_stack: Stack, client: TokenClient, new_user: NewUser, code_for: CodeFor, claims_of: Any
) -> None:
    user, other = _signed_in(local_stack, new_user, code_for), _signed_in(local_stack, new_user, code_for)
    created = client.step_up(user[1], purpose=PURPOSE, audience="payments")
    assert created.destination == "u***@p***"
    code = code_for(user[0].email, 2)
    with pytest.raises(TokenApiError) as caught:
        client.verify_step_up(other[1], created.token, code)
    assert caught.value.problem == "wrong-user"
    proof = client.verify_step_up(user[1], created.token, code)
    assert claims_of(proof.jwt, user[0].sub)["amr"] == ["otp"]


def test_the_commands_create_a_code_and_verify_it(
    local_stack: Stack, address: str, code_for: CodeFor, claims_of: Any
) -> None:
    arguments = ["token", "create", "--email", address, "--purpose", PURPOSE, "--audience", "payments"]
    created = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    code = code_for(address)
    refused = CliRunner().invoke(app, ["token", "verify", created["token"], another_code(code)])
    assert refused.exit_code == 3
    assert refused.stderr.startswith("That code is wrong.")
    done = CliRunner().invoke(app, ["token", "verify", created["token"], "--json"], input=f"{code}\n")
    assert claims_of(json.loads(done.stdout)["proof"], created["subject"])["otp_channel"] == "email"


def test_the_step_up_command_uses_the_signed_in_user(
    local_stack: Stack, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    assert CliRunner().invoke(app, ["sign-in", user.email, "--passwordless", "--inbox"]).exit_code == 0
    command = [sys.executable, "-m", "demo_client", "token", "step-up", "--purpose", PURPOSE, "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            code = code_for(user.email, 2)
            out, _ = process.communicate(f"{another_code(code)}\n{code}\n", timeout=60)
        finally:
            process.kill()
    assert json.loads(out)["subject"] == user.sub


def _signed_in(stack: Stack, new_user: NewUser, code_for: CodeFor) -> tuple[User, str]:
    user = new_user()
    sdk_sign_in = code_only(stack).start(user.email)
    return user, sdk_sign_in.answer(code_for(user.email)).tokens["IdToken"]
