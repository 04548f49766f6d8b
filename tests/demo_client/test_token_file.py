"""Between two commands the tokens lie in one file that only its owner can read."""

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


def test_what_is_kept_is_loaded_until_it_is_forgotten(pool: PoolConfig) -> None:
    session.save(pool, TOKENS)
    assert session.load(pool) == TOKENS
    session.delete(pool)
    with pytest.raises(CliError, match="Nobody is signed in"):
        session.load(pool)
    session.delete(pool)


def test_only_the_owner_can_read_it_whatever_the_umask(pool: PoolConfig) -> None:
    before = os.umask(0)
    try:
        session.save(pool, TOKENS)
    finally:
        os.umask(before)
    assert stat.S_IMODE(session.token_path(pool).stat().st_mode) == 0o600
    assert [path.name for path in pool.token_dir.iterdir()] == [session.token_path(pool).name]


def test_an_older_file_that_others_can_read_is_not_kept_open(pool: PoolConfig) -> None:
    pool.token_dir.mkdir(parents=True)
    session.token_path(pool).write_text("{}")
    session.token_path(pool).chmod(0o644)
    session.save(pool, TOKENS)
    assert stat.S_IMODE(session.token_path(pool).stat().st_mode) == 0o600


def test_each_pool_has_a_file_of_its_own(pool: PoolConfig) -> None:
    session.save(pool, TOKENS)
    with pytest.raises(CliError, match="Nobody is signed in"):
        session.load(replace(pool, user_pool_id="eu-west-1_Another"))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"client_id": 1}', '"x"', "\ud800"])
def test_a_damaged_file_is_a_sentence(pool: PoolConfig, content: str) -> None:
    pool.token_dir.mkdir(parents=True)
    session.token_path(pool).write_text(content, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(CliError, match="The saved sign-in is damaged"):
        session.load(pool)
