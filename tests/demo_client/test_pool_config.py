"""The choice of the pool, and the configurations that are refused before any request."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo_client.cognito.pool_config import find_pool
from demo_client.errors import UNREACHABLE, CliError

LOCAL: dict[str, Any] = {
    "endpoint_url": "http://127.0.0.1:4566",
    "region": "us-east-1",
    "user_pool_id": "us-east-1_AbCdEfGhI",
    "clients": {"password_and_code": "both", "code_only": "code"},
}


def write(folder: Path, content: Any) -> Path:
    path = folder / "stack.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_local_stack_is_the_default(tmp_path: Path) -> None:
    write(tmp_path, LOCAL)
    pool = find_pool(None, {"PASSCODE_LOCAL_DIR": str(tmp_path)})
    assert pool.is_local
    assert pool.token_dir == tmp_path
    assert pool.issuer == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"
    assert pool.jwks_url == "http://127.0.0.1:4566/us-east-1_AbCdEfGhI/.well-known/jwks.json"


def test_on_aws_only_the_endpoint_differs(tmp_path: Path) -> None:
    file = write(tmp_path, LOCAL | {"endpoint_url": None})
    pool = find_pool(file, {"XDG_CONFIG_HOME": "/config"})
    assert not pool.is_local
    assert pool.token_dir == Path("/config/cognito-passcode")
    assert pool.jwks_url == f"{pool.issuer}/.well-known/jwks.json"


def test_the_environment_selects_a_pool_and_the_region_is_read_from_its_id(tmp_path: Path) -> None:
    write(tmp_path, LOCAL)
    environ = {"PASSCODE_USER_POOL_ID": "eu-central-1_AbCdEfGhI", "PASSCODE_CLIENT_ID": "both"}
    pool = find_pool(None, environ | {"PASSCODE_LOCAL_DIR": str(tmp_path)})
    assert (pool.region, pool.endpoint_url) == ("eu-central-1", None)
    assert pool.client_id(passwordless=False) == "both"
    with pytest.raises(CliError, match="Set PASSCODE_CODE_ONLY_CLIENT_ID"):
        pool.client_id(passwordless=True)


def test_without_a_stack_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="Run `make up`") as raised:
        find_pool(None, {"PASSCODE_LOCAL_DIR": str(tmp_path)})
    assert raised.value.exit_code == UNREACHABLE


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "\x00",
        {},
        LOCAL | {"clients": None},
        LOCAL | {"user_pool_id": 7},
        LOCAL | {"endpoint_url": 7},
        LOCAL | {"clients": {"password_and_code": 7, "code_only": "code"}},
    ],
)
def test_a_damaged_stack_file_is_an_error(tmp_path: Path, content: Any) -> None:
    with pytest.raises(CliError, match="is damaged"):
        find_pool(write(tmp_path, content), {})


@pytest.mark.parametrize("mode", ["password_and_code", "code_only"])
def test_a_stack_may_have_one_app_client(tmp_path: Path, mode: str) -> None:
    pool = find_pool(write(tmp_path, LOCAL | {"clients": {mode: "only"}}), {})
    assert pool.client_id(passwordless=mode == "code_only") == "only"
    with pytest.raises(CliError, match="No app client is configured for this mode"):
        pool.client_id(passwordless=mode != "code_only")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"user_pool_id": "../../x"}, "not valid for its region"),
        ({"region": "eu-west-1"}, "not valid for its region"),
        ({"clients": {}}, "No app client is configured for this pool"),
        ({"clients": {"password_and_code": "a b", "code_only": ""}}, "Invalid app client id"),
        ({"endpoint_url": "http://pool.example"}, "must begin with https://"),
        ({"endpoint_url": "http://127.0.0.1.example"}, "must begin with https://"),
    ],
)
def test_an_invalid_pool_is_refused(tmp_path: Path, changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CliError, match=sentence):
        find_pool(write(tmp_path, LOCAL | changed), {})
