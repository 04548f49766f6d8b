"""Attach a stack to an existing pool: read the state, and carry out a plan. Each step can be repeated."""

from __future__ import annotations

from tools.pool_admin.attachment.plan import (
    AttachOptions,
    AttachPlan,
    PoolState,
    functions_of_pool,
    has_list,
)
from tools.pool_admin.aws_resources.backup import POOL
from tools.pool_admin.aws_resources.stack import (
    CODE_ONLY,
    DeployedStack,
    split_list,
    update_code_only_clients,
)
from tools.pool_admin.context import AdminContext
from tools.pool_admin.errors import AdminError


def read_state(context: AdminContext, stack_name: str, options: AttachOptions) -> PoolState:
    """The state that `plan_attach` needs. Changes nothing.

    Raises `AdminError` if another stack is attached, or if the stack or an app client does not exist.
    """
    backup = context.backups.load()
    if backup and backup.stack != stack_name:
        raise AdminError(
            f"The stack {backup.stack} is attached to this pool. Run `detach {backup.pool_id}` first."
        )
    stack, pool = context.stack(stack_name), context.pool
    return PoolState(
        pool_id=pool.pool_id,
        pool_arn=context.pool_arn,
        stack=stack,
        pool=pool.settings(),
        clients={client_id: pool.client_settings(client_id) for client_id in options.clients},
        has_attribute=pool.has_attribute(),
        not_permitted=tuple(
            arn
            for arn in functions_of_pool(stack)
            if not context.functions.may_be_called_by(arn, context.pool_arn)
        ),
        served_code_only=read_served_code_only(context, stack),
        backup=backup,
        unknown_settings=pool.unknown_settings(),
        owner=pool.describe().get("UserPoolTags", {}).get("aws:cloudformation:stack-name", ""),
    )


def apply_attach(context: AdminContext, plan: AttachPlan) -> None:
    """Carry out every step of the plan. After an interruption, another run does the rest.

    Raises `AdminError` if a step does not have the planned result.
    """
    backup = plan.backup
    # The backup comes first, so that detach can undo every later step. A stack's own pool needs none.
    if not plan.stack.owns(backup.pool_id):
        earlier = context.backups.load()
        context.backups.save(earlier.merge(backup) if earlier else backup)
    if backup.attribute:
        context.pool.add_attribute()
    for arn in backup.permissions:
        context.functions.allow(arn, context.pool_arn)
    # Before the app clients: the function asks for a password if it does not know a client's mode.
    if plan.code_only is not None:
        set_code_only(context, plan.stack, plan.code_only)
    if changes := backup.changes.get(POOL):
        context.pool.update(changes)
    # Last, because these updates close the flows that apps may still use.
    for client_id in (target for target in backup.changes if target != POOL):
        context.pool.update_client(client_id, backup.changes[client_id])


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
    """The list of CODE_ONLY app clients in the function that decides the mode, as Cognito calls it."""
    environment = context.functions.environment(stack.triggers["DefineAuthChallenge"])
    return split_list(environment.get("CODE_ONLY_CLIENTS"))
