"""Attach a stack to an existing pool: read the state, and carry out a plan. Each step can be repeated."""

from __future__ import annotations

from dataclasses import replace

from tools.pool_admin.attachment.plan import (
    AttachOptions,
    AttachPlan,
    PoolState,
    check_options,
    functions_of_pool,
    has_list,
)
from tools.pool_admin.aws_resources.backup import POOL, Backup
from tools.pool_admin.aws_resources.pool import has_attribute
from tools.pool_admin.aws_resources.pool_settings import settings_above_the_plan, value_at
from tools.pool_admin.aws_resources.stack import (
    CODE_ONLY,
    PROVIDER,
    DeployedStack,
    split_list,
    update_code_only_clients,
)
from tools.pool_admin.context import AdminContext
from tools.pool_admin.errors import AdminError


def read_state(context: AdminContext, stack_name: str, options: AttachOptions) -> PoolState:
    """Return the state that `plan_attach` needs. Changes nothing.

    Raises `AdminError` if another stack is attached, if a named resource does not exist, or if the options do
    not fit the stack.
    """
    backup = context.backups.load()
    if backup and backup.stack != stack_name:
        raise AdminError(
            f"The stack {backup.stack} is attached to this pool. Run `detach {backup.pool_id}` first."
        )
    stack = context.stack(stack_name)
    check_options(context.pool.pool_id, stack, options)
    pool, mfa = context.pool.read(), context.pool.read_mfa()
    clients = {client_id: context.pool.read_client(client_id) for client_id in options.clients}
    provider = context.pool.provider(PROVIDER) if stack.hosted_client else None
    return PoolState(
        pool_id=context.pool.pool_id,
        pool_arn=context.pool_arn,
        stack=stack,
        pool=pool.settings,
        clients={client_id: client.settings for client_id, client in clients.items()},
        mfa=mfa.settings,
        has_attribute=has_attribute(pool.described),
        not_permitted=tuple(
            arn
            for arn in functions_of_pool(stack)
            if not context.functions.may_be_called_by(arn, context.pool_arn)
        ),
        served_code_only=read_served_code_only(context, stack),
        backup=backup,
        unknown_settings=pool.unknown.union(mfa.unknown, *(client.unknown for client in clients.values())),
        owner=str(value_at(pool.described, ("UserPoolTags", "aws:cloudformation:stack-name")) or ""),
        not_sent=settings_above_the_plan(pool.described),
        acr_mapping=None if provider is None else provider.get("AcrMapping") or {},
    )


def apply_attach(context: AdminContext, plan: AttachPlan) -> list[str]:
    """Carry out every step of the plan. After an interruption, another run does the rest.

    Returns a note for each accepted setting that AWS changed. Raises `AdminError` if a step does not have
    the planned result.
    """
    notes = _apply_to_pool(context, plan) if plan.has_backup else []
    if plan.acr_mapping is not None:
        context.pool.set_acr_mapping(PROVIDER, plan.acr_mapping)
    return notes


def _apply_to_pool(context: AdminContext, plan: AttachPlan) -> list[str]:
    """Carry out the steps that detach can undo. Returns and raises as `apply_attach` does."""
    backup, accepted = plan.backup, plan.accepted
    # The backup comes first, so that detach can undo every later step.
    saved = _save(context, plan)
    if backup.attribute:
        context.pool.add_attribute()
    for arn in backup.permissions:
        context.functions.allow(arn, context.pool_arn)
    # Before the app clients: the function asks for a password if it does not know a client's mode.
    if plan.code_only is not None:
        set_code_only(context, plan.stack, plan.code_only)
    notes = []
    if changes := backup.changes.get(POOL):
        notes += context.pool.update(changes, plan.mfa, accepted)
    elif backup.mfa:
        context.pool.restore_mfa(plan.mfa)
    if backup.mfa:
        _forget_mfa(context, saved)
    # Last, because these updates close the flows that apps may still use.
    for client_id in (target for target in backup.changes if target != POOL):
        notes += context.pool.update_client(client_id, backup.changes[client_id], accepted)
    return notes


def _save(context: AdminContext, plan: AttachPlan) -> Backup | None:
    """Save the backup, merged with an earlier one. A stack's own pool needs its MFA settings only."""
    backup = plan.backup
    if plan.stack.owns(backup.pool_id):
        if backup.mfa:
            context.backups.save(Backup(backup.pool_id, backup.stack, mfa=backup.mfa))
        return None
    earlier = context.backups.load()
    merged = earlier.merge(backup) if earlier else backup
    context.backups.save(merged)
    return merged


def _forget_mfa(context: AdminContext, saved: Backup | None) -> None:
    """Remove the MFA settings from the backup: from now on another user may change them."""
    if saved:
        context.backups.save(replace(saved, mfa={}))
    else:
        context.backups.delete()


def set_code_only(context: AdminContext, stack: DeployedStack, clients: tuple[str, ...]) -> None:
    """Set the stack's CODE_ONLY app clients. Raises `AdminError` if its function does not get the list."""
    update_code_only_clients(context.cloudformation, stack, clients)
    define = stack.triggers["DefineAuthChallenge"]
    context.functions.wait_until_ready(define)
    if not has_list(stack, read_served_code_only(context, stack), clients):
        context.functions.publish(define)
    if not has_list(stack, read_served_code_only(context, stack), clients):
        raise AdminError(
            f"The function {define} does not have the new {CODE_ONLY}. Deploy the stack {stack.name} again "
            "with that parameter, and run the command again."
        )


def read_served_code_only(context: AdminContext, stack: DeployedStack) -> tuple[str, ...]:
    """Return the list of CODE_ONLY app clients in the function that decides the mode, as Cognito calls it."""
    environment = context.functions.environment(stack.triggers["DefineAuthChallenge"])
    return split_list(environment.get("CODE_ONLY_CLIENTS"))
