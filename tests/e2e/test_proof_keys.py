"""The change of the proof key in the steps of docs/operations.md, while proofs are in use."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import jwt
import pytest
from botocore.credentials import Credentials

from demo_client.token_client import TokenClient
from tests.support.local_gateway import Api
from tests.support.users import code_in
from tools.local_stack import inbox, process, stack
from tools.local_stack.stack import Stack

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PASSCODE_LOCAL_DIR", str(tmp_path))
    try:
        yield
    finally:
        stack.down()


def published(deployed: Stack) -> list[dict[str, Any]]:
    opener = build_opener(ProxyHandler({}))
    found: list[dict[str, Any]] = json.load(opener.open(deployed.outputs["TokenKeysURL"], timeout=60))["keys"]
    return found


def proof(deployed: Stack, address: str) -> str:
    client = TokenClient(
        deployed.outputs["TokenApiURL"], region=deployed.region, credentials=Credentials("test", "test")
    )
    token, end = client.create(email=address, audience="shop").token, time.monotonic() + 60
    while not (messages := inbox.read(deployed, address)):
        assert time.monotonic() < end, "no message arrived"
        time.sleep(0.05)
    return client.verify(token, code_in(messages[-1])).jwt


def is_valid(deployed: Stack, token: str, keys: list[dict[str, Any]]) -> bool:
    """Whether a verifier with these keys accepts the proof."""
    known = {key["kid"]: jwt.PyJWK(key).key for key in keys}
    key = known.get(jwt.get_unverified_header(token)["kid"])
    issuer = deployed.outputs["TokenIssuer"]
    return key is not None and bool(jwt.decode(token, key, ["RS256"], audience="shop", issuer=issuer))


def test_no_proof_is_refused_during_a_change_of_the_key() -> None:
    seen: list[list[dict[str, Any]]] = []
    proofs, numbers = [], []
    for step in ("A", "A_THEN_B", "B_THEN_A", "B"):
        deployed = stack.up(port=process.free_port(), parameters={"ProofKeys": step})
        seen.append(published(deployed))
        proofs.append(proof(deployed, f"{step.lower()}@people.example"))
        numbers.append(len(seen[-1]))
        # A verifier has the keys of this step or of the previous one. The same is true for a proof.
        for token in proofs[-2:]:
            assert is_valid(deployed, token, seen[-1])
        assert is_valid(deployed, proofs[-1], seen[-2] if len(seen) > 1 else seen[-1])
        assert Api(deployed).get("/health/ready").body["status"] == "ready"
    assert numbers == [1, 2, 2, 1]
    assert not is_valid(deployed, proofs[0], seen[-1])


def test_the_api_calls_the_alias_when_it_exists() -> None:
    first = stack.up(port=process.free_port())
    assert Api(first).get("/health").body == {"status": "ok"}
    second = stack.up(parameters={"SnapStart": "ON"})
    assert second.outputs["TokenApiURL"] == first.outputs["TokenApiURL"]
    assert Api(second).get("/health").body == {"status": "ok"}
    version, variables = live(second)
    assert variables["PROOF_LIFE_SECONDS"] == "300"
    # Another parameter publishes a version too. Otherwise the alias would keep the old value.
    third = stack.up(parameters={"SnapStart": "ON", "ProofLifeSeconds": "200"})
    assert Api(third).get("/health").body == {"status": "ok"}
    next_version, variables = live(third)
    assert (next_version != version, variables["PROOF_LIFE_SECONDS"]) == (True, "200")
    fourth = stack.up()
    assert Api(fourth).get("/health").body == {"status": "ok"}


def live(deployed: Stack) -> tuple[str, dict[str, str]]:
    """Return the version that the only alias of the token API calls, and the variables of that version."""
    functions, name = deployed.client("lambda"), deployed.functions["token_api"]
    (alias,) = functions.list_aliases(FunctionName=name)["Aliases"]
    assert alias["Name"] == "live"
    found = functions.get_function_configuration(FunctionName=name, Qualifier="live")
    return alias["FunctionVersion"], found["Environment"]["Variables"]
