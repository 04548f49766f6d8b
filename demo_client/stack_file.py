"""The errors of reading a stack file, the same for each configuration that it contains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from demo_client.errors import UNREACHABLE, CliError

if TYPE_CHECKING:
    from pathlib import Path


@contextmanager
def readable_stack_file(path: Path, alternative: str) -> Iterator[None]:
    """Turn the errors of the block, which reads the stack file, into CliError.

    `alternative` says what to do if the file is missing and the user does not want to run `make up`.
    """
    try:
        yield
    except FileNotFoundError:
        raise CliError(
            f"No stack is running ({path} does not exist). Run `make up`, or {alternative}.", UNREACHABLE
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CliError(
            f"The stack file {path} is damaged. Run `make down` and `make up` to write it again."
        ) from None
