"""Take back what attach did, and only that: what others changed since stays as it is."""

from collections.abc import Collection
from dataclasses import dataclass

from tools.pool_admin.attachment.attach import knows_code_only, set_code_only
from tools.pool_admin.aws_resources.backup import POOL, Record
from tools.pool_admin.aws_resources.pool_settings import Change, backwards, value_at
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.context import Place
from tools.pool_admin.errors import AdminError


@dataclass(frozen=True)
class Detach:
    """A detach that was planned and not begun. `changes` is by app client, and `POOL`."""

    place: Place
    record: Record
    changes: dict[str, tuple[Change, ...]]
    stack: DeployedStack | None
    code_only: tuple[str, ...] | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, place: Place, accepted: Collection[str] = ()) -> "Detach":
        """Plan what to undo, and change nothing. Raises `AdminError` if nothing was attached.

        `accepted` are settings that AWS may reset, because this tool does not know them.
        """
        record = place.saved.load()
        if record is None:
            raise AdminError(
                f"Nothing is known of an attach to {place.pool.pool_id}: neither the SSM parameter "
                f"{place.saved.parameter} nor the file {place.saved.file} is there."
            )
        notes: list[str] = []
        changes = {
            target: tuple(_back(target, made, _settings(place, target, notes), notes))
            for target, made in record.changes.items()
        }
        place.pool.check_settings_are_known(accepted)
        stack = _stack(place, record, notes)
        listed = _listed(place, record, stack) if stack else None
        if record.attribute:
            notes.append("The attribute custom:otp_channel stays: a pool never loses an attribute again.")
        changes = {target: made for target, made in changes.items() if made}
        return cls(place, record, changes, stack, listed, tuple(notes))

    def carry_out(self) -> None:
        """Do every step. What is cut off in the middle is taken up by the next run."""
        # The app clients first: they need their old ways back before the triggers go.
        for client_id in (target for target in self.changes if target != POOL):
            self.place.pool.update_client(client_id, self.changes[client_id])
        if pool := self.changes.get(POOL):
            self.place.pool.update(pool)
        for arn in self.record.permissions:
            self.place.functions.disallow(arn, self.place.arn)
        if self.stack and self.code_only is not None:
            set_code_only(self.place, self.stack, self.code_only)
        self.place.saved.forget()


def _settings(place: Place, target: str, notes: list[str]) -> dict[str, object] | None:
    if target == POOL:
        return place.pool.settings()
    if target in place.pool.client_ids():
        return place.pool.client(target)
    notes.append(f"The app client {target} is not there any more.")
    return None


def _back(
    target: str, made: tuple[Change, ...], now: dict[str, object] | None, notes: list[str]
) -> list[Change]:
    found: list[Change] = []
    for change in made if now is not None else ():
        try:
            back = backwards(change, value_at(now or {}, change.path))
        except ValueError:
            notes.append(f"{'.'.join(change.path)} of {target} was changed since, and stays as it is.")
            continue
        found += [back] if back else []
    return found


def _stack(place: Place, record: Record, notes: list[str]) -> DeployedStack | None:
    if not record.code_only:
        return None
    try:
        return place.stack(record.stack)
    except AdminError:
        notes.append(f"The stack {record.stack} is not there any more.")
        return None


def _listed(place: Place, record: Record, stack: DeployedStack) -> tuple[str, ...] | None:
    kept = [name for name in stack.code_only if record.code_only.get(name, True)]
    back = [name for name, was in record.code_only.items() if was and name not in kept]
    listed = (*kept, *back)
    done = listed == stack.code_only and knows_code_only(place, stack, listed)
    return None if done else listed
