"""The backup of an attach: the changes that it made, with the values before, so that detach can undo them."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from tools.pool_admin.aws_resources.pool_settings import SettingChange, Settings
from tools.pool_admin.errors import AdminError

POOL = "pool"
_VERSION = 1


@dataclass(frozen=True)
class Backup:
    """Everything that attach did to one pool for one stack. The field names are those of the stored JSON.

    `changes` maps `POOL` or an app client's id to the changes there. `code_only` maps an app client to
    whether it was CODE_ONLY before. `modes` maps each named app client to whether it is CODE_ONLY now.
    `permissions` are the functions that the pool was allowed to call. `attribute` is whether attach added the
    attribute. `mfa` are the settings of Cognito's own MFA during an update that can reset them, and empty
    afterwards.
    """

    pool_id: str
    stack: str
    changes: dict[str, tuple[SettingChange, ...]] = field(default_factory=dict)
    code_only: dict[str, bool] = field(default_factory=dict)
    permissions: tuple[str, ...] = ()
    attribute: bool = False
    modes: dict[str, bool] = field(default_factory=dict)
    mfa: Settings = field(default_factory=dict)

    def mfa_to_keep(self, now: Settings) -> Settings:
        """Return the MFA settings that the pool shall have, if `now` are its present ones.

        An interrupted update can have turned MFA off. Then they are the settings before that update.
        """
        return self.mfa if self.mfa and now.get("MfaConfiguration", "OFF") == "OFF" else now

    def merge(self, later: Backup) -> Backup:
        """Return this backup with a later one of the same pool and stack.

        It keeps the earliest old values.
        """
        changes = dict(self.changes)
        for target, made in later.changes.items():
            changes[target] = _merge_changes(changes.get(target, ()), made)
        return Backup(
            self.pool_id,
            self.stack,
            changes,
            later.code_only | self.code_only,
            tuple(dict.fromkeys((*self.permissions, *later.permissions))),
            self.attribute or later.attribute,
            self.modes | later.modes,
            later.mfa or self.mfa,
        )

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps({"version": _VERSION, **asdict(self)}, separators=(",", ":"), sort_keys=True)

    def to_compressed(self) -> str:
        """Return the JSON compressed, in letters, digits, `-`, `_` and `=`: tags allow no more characters."""
        return base64.urlsafe_b64encode(zlib.compress(self.to_json().encode(), 9)).decode()

    @classmethod
    def parse(cls, text: str) -> Backup:
        """Return the backup in either form. Raises `AdminError` if `text` is neither."""
        try:
            if not text.startswith("{"):
                text = zlib.decompress(base64.urlsafe_b64decode(text)).decode()
            fields: dict[str, Any] = json.loads(text)
            if fields.pop("version") != _VERSION:
                raise ValueError("another version")  # noqa: TRY301 - handled like any text that cannot be read
            changes = {
                target: tuple(SettingChange(tuple(c["path"]), c["before"], c["after"]) for c in made)
                for target, made in fields.pop("changes").items()
            }
            return cls(**fields | {"changes": changes, "permissions": tuple(fields["permissions"])})
        except (ValueError, KeyError, TypeError, zlib.error):
            raise AdminError(
                "The saved settings of this pool cannot be read. Another version of this command saved them: "
                "use that version, or restore the triggers and the app clients by hand."
            ) from None


def _merge_changes(
    first: Iterable[SettingChange], later: Iterable[SettingChange]
) -> tuple[SettingChange, ...]:
    by_path = {change.path: change for change in first}
    for change in later:
        earlier = by_path.get(change.path)
        by_path[change.path] = SettingChange(
            change.path, earlier.before if earlier else change.before, change.after
        )
    return tuple(by_path.values())
