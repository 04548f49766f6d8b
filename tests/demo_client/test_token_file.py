"""Between two commands the tokens lie in one file that only its owner can read."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from demo_client import token_file
from demo_client.challenge import Tokens
from demo_client.errors import PlainError
from demo_client.pool import Pool
from tests.support.demo_pool import POOL

TOKENS = Tokens("client-both", "an-id-token", "an-access-token", "a-refresh-token")


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return replace(POOL, home=tmp_path / "new" / "home")


def test_what_is_kept_is_loaded_until_it_is_forgotten(pool: Pool) -> None:
    token_file.keep(pool, TOKENS)
    assert token_file.load(pool) == TOKENS
    token_file.forget(pool)
    with pytest.raises(PlainError, match="Nobody is signed in"):
        token_file.load(pool)
    token_file.forget(pool)


def test_only_the_owner_can_read_it_whatever_the_umask(pool: Pool) -> None:
    before = os.umask(0)
    try:
        token_file.keep(pool, TOKENS)
    finally:
        os.umask(before)
    assert stat.S_IMODE(token_file.path_of(pool).stat().st_mode) == 0o600
    assert [path.name for path in pool.home.iterdir()] == [token_file.path_of(pool).name]


def test_an_older_file_that_others_can_read_is_not_kept_open(pool: Pool) -> None:
    pool.home.mkdir(parents=True)
    token_file.path_of(pool).write_text("{}")
    token_file.path_of(pool).chmod(0o644)
    token_file.keep(pool, TOKENS)
    assert stat.S_IMODE(token_file.path_of(pool).stat().st_mode) == 0o600


def test_each_pool_has_a_file_of_its_own(pool: Pool) -> None:
    token_file.keep(pool, TOKENS)
    with pytest.raises(PlainError, match="Nobody is signed in"):
        token_file.load(replace(pool, user_pool_id="eu-west-1_Another"))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"client_id": 1}', '"x"', "\ud800"])
def test_a_damaged_file_is_a_sentence(pool: Pool, content: str) -> None:
    pool.home.mkdir(parents=True)
    token_file.path_of(pool).write_text(content, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(PlainError, match="The saved sign-in is damaged"):
        token_file.load(pool)
