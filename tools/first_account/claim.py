"""A claim about AWS that no real account has confirmed yet, and the result of trying it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.first_account.account import ThrowAwayAccount


class ClaimResult(Enum):
    """Whether AWS behaves as a claim says."""

    YES = "YES"
    NO = "NO"
    NOT_TRIED = "COULD NOT BE TRIED"


class NotTried(Exception):
    """A claim could not be tried. The text is one sentence with the reason, and what to do about it."""


@dataclass(frozen=True)
class Observation:
    """The result of trying a claim. `seen` is one sentence: what AWS did, or why the claim was not tried."""

    result: ClaimResult
    seen: str


@dataclass(frozen=True)
class Claim:
    """One claim.

    `name` is unique, in lower case with hyphens. `sentence` says what AWS does. `why` names the part of the
    product that depends on it. `calls` are the AWS calls and HTTP requests that try it. `parts` are the names
    of the stacks that it needs. `changes` says what to change in the product for YES and for NO.
    `attempt` tries the claim. It raises `NotTried` if AWS showed neither. `emulator_lacks` names the
    property of AWS without which a local AWS gives no result.
    """

    name: str
    sentence: str
    why: str
    calls: tuple[str, ...]
    parts: tuple[str, ...]
    changes: Mapping[ClaimResult, str]
    attempt: Callable[[ThrowAwayAccount], Observation]
    emulator_lacks: str = ""

    def change(self, result: ClaimResult) -> str:
        """Return the sentence that says what to change in the product after `result`."""
        return self.changes.get(result, "Nothing. The claim stays unconfirmed.")


def yes(seen: str) -> Observation:
    """Return the observation that the claim is true."""
    return Observation(ClaimResult.YES, seen)


def no(seen: str) -> Observation:
    """Return the observation that the claim is false."""
    return Observation(ClaimResult.NO, seen)


def changes(*, yes: str, no: str) -> Mapping[ClaimResult, str]:
    """Return what to change in the product after each result."""
    return {ClaimResult.YES: yes, ClaimResult.NO: no}
