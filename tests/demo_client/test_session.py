"""Between two commands the tokens are in one file that only its owner can read."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from demo_client.cognito import session
from demo_client.cognito.challenge import Tokens
from demo_client.cognito.pool_config import PoolConfig
from demo_client.errors import CliError
from tests.support.demo_pool import POOL

TOKENS = Tokens("client-both", "an-id-token", "an-access-token", "a-refresh-token")


@pytest.fixture
def pool(tmp_path: Path) -> PoolConfig:
    return replace(POOL, token_dir=tmp_path / "new" / "home")


def test_saved_tokens_can_be_loaded_until_they_are_deleted(pool: PoolConfig) -> None:
    session.save(pool, TOKENS)
    assert session.load(pool) == TOKENS
    session.delete(pool)
    with pytest.raises(CliError, match="You are not signed in"):
        session.load(pool)
    session.delete(pool)


def test_only_the_owner_can_read_the_file_with_any_umask(pool: PoolConfig) -> None:
    before = os.umask(0)
    try:
        session.save(pool, TOKENS)
    finally:
        os.umask(before)
    assert stat.S_IMODE(session.token_path(pool).stat().st_mode) == 0o600
    assert [path.name for path in pool.token_dir.iterdir()] == [session.token_path(pool).name]


def test_a_readable_older_file_is_replaced_by_a_private_one(pool: PoolConfig) -> None:
    pool.token_dir.mkdir(parents=True)
    session.token_path(pool).write_text("{}")
    session.token_path(pool).chmod(0o644)
    session.save(pool, TOKENS)
    assert stat.S_IMODE(session.token_path(pool).stat().st_mode) == 0o600


def test_each_pool_has_its_own_file(pool: PoolConfig) -> None:
    session.save(pool, TOKENS)
    with pytest.raises(CliError, match="You are not signed in"):
        session.load(replace(pool, user_pool_id="eu-west-1_Another"))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"client_id": 1}', '"x"', "\ud800"])
def test_a_damaged_file_is_an_error(pool: PoolConfig, content: str) -> None:
    pool.token_dir.mkdir(parents=True)
    session.token_path(pool).write_text(content, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(CliError, match="The saved sign-in is damaged"):
        session.load(pool)
