"""Undo the changes of attach, and keep later changes by others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from tools.pool_admin.attachment.attach import read_served_code_only, set_code_only
from tools.pool_admin.attachment.plan import accept_notes, has_list, has_mfa, refuse_unknown_settings
from tools.pool_admin.aws_resources.backup import POOL, Backup
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import (
    SettingChange,
    Settings,
    is_same_value,
    reverse_change,
    value_at,
)
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.context import AdminContext
from tools.pool_admin.errors import AdminError


@dataclass(frozen=True)
class AttachedState:
    """An attached pool. `settings` is by app client and `POOL`, without the app clients that were deleted.

    `stack` is the attached stack if its list of CODE_ONLY app clients was changed and the stack still exists.
    `served_code_only` is the list that its function has, and `mfa` are the pool's present MFA settings.
    """

    backup: Backup
    settings: Mapping[str, Settings]
    unknown_settings: frozenset[str]
    stack: DeployedStack | None
    served_code_only: tuple[str, ...]
    mfa: Settings


@dataclass(frozen=True)
class DetachPlan:
    """The remaining steps. `changes` is by app client and `POOL`.

    `code_only` is the whole old list of CODE_ONLY app clients for the stack, None if the list stays. `notes`
    name the settings that detach does not restore, and `hints` are about the options. `mfa`, `restores_mfa`
    and `accepted` are those of `AttachPlan`.
    """

    backup: Backup
    changes: Mapping[str, tuple[SettingChange, ...]]
    stack: DeployedStack | None
    code_only: tuple[str, ...] | None
    notes: tuple[str, ...]
    hints: tuple[str, ...]
    mfa: Settings
    restores_mfa: bool
    accepted: tuple[str, ...]


def read_attached_state(context: AdminContext) -> AttachedState:
    """Return the state that `plan_detach` needs. Changes nothing.

    Raises `AdminError` if nothing is attached.
    """
    backup = context.backups.load()
    if backup is None:
        raise AdminError(
            f"No backup of an attach to {context.pool.pool_id} was found: neither the SSM parameter "
            f"{context.backups.parameter} nor the file {context.backups.file} exists. Check the pool's id."
        )
    client_ids = context.pool.client_ids()
    descriptions = {
        target: context.pool.read() if target == POOL else context.pool.read_client(target)
        for target in backup.changes
        if target == POOL or target in client_ids
    }
    mfa, stack = context.pool.read_mfa(), _attached_stack(context, backup)
    return AttachedState(
        backup,
        {target: description.settings for target, description in descriptions.items()},
        mfa.unknown.union(*(description.unknown for description in descriptions.values())),
        stack,
        read_served_code_only(context, stack) if stack else (),
        mfa.settings,
    )


def plan_detach(state: AttachedState, accepted: Collection[str] = ()) -> DetachPlan:
    """Return the steps that undo an attach.

    `accepted` are unknown settings that AWS may reset. Raises `AdminError` if it may reset others.
    """
    refuse_unknown_settings(state.unknown_settings, accepted)
    backup, notes = state.backup, list[str]()
    changes = {}
    for target, made in backup.changes.items():
        if target not in state.settings:
            notes.append(f"The app client {target} no longer exists.")
        elif reversed_changes := _reverse(target, made, state.settings[target], notes):
            changes[target] = reversed_changes
    if backup.code_only and not state.stack:
        notes.append(f"The stack {backup.stack} no longer exists.")
    if backup.attribute:
        notes.append(f"The attribute {ATTRIBUTE} stays, because Cognito cannot remove an attribute.")
    mfa = backup.mfa_to_keep(state.mfa)
    return DetachPlan(
        backup,
        changes,
        state.stack,
        _old_code_only(state),
        tuple(notes),
        accept_notes(state.unknown_settings, accepted),
        mfa,
        not is_same_value(mfa, state.mfa),
        tuple(accepted),
    )


def apply_detach(context: AdminContext, plan: DetachPlan) -> list[str]:
    """Carry out every step of the plan. After an interruption, another run does the rest.

    Returns a note for each accepted setting that AWS changed.
    """
    notes = []
    # The app clients come first: they need their old flows before the triggers are removed.
    for client_id in (target for target in plan.changes if target != POOL):
        notes += context.pool.update_client(client_id, plan.changes[client_id], plan.accepted)
    if changes := plan.changes.get(POOL):
        if has_mfa(plan.mfa):
            context.backups.save(replace(plan.backup, mfa=plan.mfa))
        notes += context.pool.update(changes, plan.mfa, plan.accepted)
    elif plan.backup.mfa:
        context.pool.restore_mfa(plan.mfa)
    for arn in plan.backup.permissions:
        context.functions.disallow(arn, context.pool_arn)
    if plan.stack and plan.code_only is not None:
        set_code_only(context, plan.stack, plan.code_only)
    context.backups.delete()
    return notes


def _attached_stack(context: AdminContext, backup: Backup) -> DeployedStack | None:
    if not backup.code_only:
        return None
    try:
        return context.stack(backup.stack)
    except AdminError:
        return None


def _reverse(
    target: str, made: tuple[SettingChange, ...], now: Settings, notes: list[str]
) -> tuple[SettingChange, ...]:
    reversed_changes = []
    for change in made:
        try:
            reversed_change = reverse_change(change, value_at(now, change.path))
        except ValueError:
            notes.append(f"{'.'.join(change.path)} of {target} was changed after attach, and stays as it is.")
            continue
        if reversed_change:
            reversed_changes.append(reversed_change)
    return tuple(reversed_changes)


def _old_code_only(state: AttachedState) -> tuple[str, ...] | None:
    stack, before = state.stack, state.backup.code_only
    if not stack:
        return None
    kept = [client_id for client_id in stack.code_only if before.get(client_id, True)]
    added = [client_id for client_id, was in before.items() if was and client_id not in kept]
    clients = (*kept, *added)
    is_done = clients == stack.code_only and has_list(stack, state.served_code_only, clients)
    return None if is_done else clients
