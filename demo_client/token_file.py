"""The tokens between two commands: one file, for its owner's eyes only."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path

from demo_client.challenge import Tokens
from demo_client.errors import REFUSED, PlainError
from demo_client.pool import Pool


def path_of(pool: Pool) -> Path:
    """Named after the pool, so that the tokens of one are never shown to another."""
    return pool.home / f"tokens-{pool.user_pool_id}.json"


def keep(pool: Pool, tokens: Tokens) -> None:
    """Write the tokens, all or nothing, with mode 0600."""
    pool.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp opens with 0600 from the start: a mode set afterwards leaves a moment to read it.
    handle, temporary = tempfile.mkstemp(dir=pool.home, prefix=".tokens-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(tokens), file)
        Path(temporary).replace(path_of(pool))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(pool: Pool) -> Tokens:
    """The tokens of the last sign-in to this pool; raises PlainError when there are none."""
    try:
        found = json.loads(path_of(pool).read_text(encoding="utf-8"))
        tokens = Tokens(**found)
        usable = all(isinstance(value, str) for value in found.values())
    except FileNotFoundError:
        raise PlainError("Nobody is signed in here. Sign in: `sign-in EMAIL`.", REFUSED) from None
    except (OSError, ValueError, TypeError, AttributeError):
        usable = False
    if not usable:
        raise PlainError("The saved sign-in is damaged. Sign in again: `sign-in EMAIL`.")
    return tokens


def forget(pool: Pool) -> None:
    path_of(pool).unlink(missing_ok=True)
