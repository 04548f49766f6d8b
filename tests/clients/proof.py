"""Checks proofs as a verifier does: with the snippets of docs/token-service.md, in Python and in Node."""

import json
import os
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import jwt
import pytest

from tests.clients.driver import HERE, node
from tools.local_stack.environment import ROOT

REFUSED: dict[str, Any] = {}


def by_pyjwt(keys_url: str, issuer: str, **proof: str) -> dict[str, Any]:
    """The claims of a proof (`proof`, `subject`, `purpose`), or REFUSED."""
    spec = spec_from_file_location("snippet_proof_pyjwt", ROOT / "docs" / "snippets" / "proof_pyjwt.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN_KEYS_URL", keys_url)
        patch.setenv("TOKEN_ISSUER", issuer)
        patch.setenv("NO_PROXY", "127.0.0.1")
        spec.loader.exec_module(module)
        try:
            claims: dict[str, Any] = module.claims_of(**proof)
        except jwt.PyJWTError:
            return REFUSED
    return claims


def by_jose(keys_url: str, issuer: str, **proof: str) -> dict[str, Any]:
    """The claims of a proof (`proof`, `subject`, `purpose`), or REFUSED."""
    done = subprocess.run(
        [node(), "--preserve-symlinks", "--preserve-symlinks-main", str(HERE / "proof.mjs")],
        env={"PATH": os.environ["PATH"], "TOKEN_KEYS_URL": keys_url, "TOKEN_ISSUER": issuer},
        input=json.dumps(proof),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    claims: dict[str, Any] = result.get("claims", REFUSED)
    return claims
