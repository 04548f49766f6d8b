"""What attach changed and what stood there before, so that detach can put it back."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from tools.pool_admin.aws_resources.pool_settings import Change
from tools.pool_admin.errors import AdminError

POOL = "pool"
_VERSION = 1


@dataclass(frozen=True)
class Record:
    """Everything that was done to one pool for one stack.

    `changes` maps `POOL` or an app client's id to what changed there. `code_only` maps an app client to
    whether it was CODE_ONLY before, `modes` each that was named to whether it is to be so since;
    `permissions` are functions that the pool was allowed to call.
    """

    pool_id: str
    stack: str
    changes: dict[str, tuple[Change, ...]] = field(default_factory=dict)
    code_only: dict[str, bool] = field(default_factory=dict)
    permissions: tuple[str, ...] = ()
    attribute: bool = False
    modes: dict[str, bool] = field(default_factory=dict)

    def and_then(self, later: Record) -> Record:
        """This record with a later one of the same pool and stack: what stood there first, stays first."""
        changes = dict(self.changes)
        for target, made in later.changes.items():
            changes[target] = _joined(changes.get(target, ()), made)
        return Record(
            self.pool_id,
            self.stack,
            changes,
            later.code_only | self.code_only,
            tuple(dict.fromkeys((*self.permissions, *later.permissions))),
            self.attribute or later.attribute,
            self.modes | later.modes,
        )

    def pack(self) -> str:
        """As one line of JSON."""
        return json.dumps({"version": _VERSION, **asdict(self)}, separators=(",", ":"), sort_keys=True)

    def squeeze(self) -> str:
        """As letters, digits, `-`, `_` and `=` only, which is all that a tag takes."""
        return base64.urlsafe_b64encode(zlib.compress(self.pack().encode(), 9)).decode()

    @classmethod
    def unpack(cls, text: str) -> Record:
        """From either form. Raises `AdminError` if it is neither."""
        try:
            if not text.startswith("{"):
                text = zlib.decompress(base64.urlsafe_b64decode(text)).decode()
            found: dict[str, Any] = json.loads(text)
            # A record of another version has other fields, or another number here.
            del {_VERSION: found}[found.pop("version")]
            changes = {
                target: tuple(Change(tuple(c["path"]), c["before"], c["after"]) for c in made)
                for target, made in found.pop("changes").items()
            }
            return cls(**found | {"changes": changes, "permissions": tuple(found["permissions"])})
        except (ValueError, KeyError, TypeError, zlib.error):
            raise AdminError(
                "The saved settings of this pool cannot be read. They were made by another version of this "
                "command: use that one, or put the triggers and the app clients back by hand."
            ) from None


def _joined(first: Iterable[Change], later: Iterable[Change]) -> tuple[Change, ...]:
    by_path = {change.path: change for change in first}
    for change in later:
        known = by_path.get(change.path)
        by_path[change.path] = Change(change.path, known.before if known else change.before, change.after)
    return tuple(by_path.values())
