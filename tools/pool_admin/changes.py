"""A change as data: where, what stood there, what stands there then. None is a setting that is not set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.pool_admin.carry import Settings

# Lists in which every element counts for itself: others may have added some since.
_SETS = ("ReadAttributes", "WriteAttributes")


@dataclass(frozen=True)
class Change:
    """One setting at `path`, from `before` to `after`."""

    path: tuple[str, ...]
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {_shown(self.before)} → {_shown(self.after)}"


def difference(before: Mapping[str, Any], after: Mapping[str, Any], at: tuple[str, ...] = ()) -> list[Change]:
    """Every setting in which two requests differ, by path; lists are compared whole, in any order."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if isinstance(old or new, dict):
            found += difference(old or {}, new or {}, (*at, name))
        elif not same(old, new):
            found.append(Change((*at, name), old, new))
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same to AWS, which gives lists back in an order of its own."""
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return bool(one == other)


def changed(settings: Settings, changes: Iterable[Change]) -> Settings:
    """A copy of `settings` with every change made, whatever stood there before."""
    for change in changes:
        settings = _with(settings, change.path, change.after)
    return settings


def backwards(change: Change, now: Any) -> Change | None:
    """The change that takes `change` back where `now` stands; None if there is nothing to take back.

    Raises ValueError if somebody else has changed the setting since.
    """
    if same(now, change.before):
        return None
    if same(now, change.after):
        return Change(change.path, now, change.before)
    if change.path[-1] in _SETS and isinstance(now, list):
        added = set(change.after or ()) - set(change.before or ())
        kept = [name for name in now if name not in added]
        return Change(change.path, now, kept) if kept != now else None
    raise ValueError(change.path)


def _with(settings: Settings, path: tuple[str, ...], value: Any) -> Settings:
    name, *rest = path
    if rest:
        value = _with(settings.get(name) or {}, tuple(rest), value) or None
    kept = {key: old for key, old in settings.items() if key != name}
    return kept if value is None else kept | {name: value}


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
