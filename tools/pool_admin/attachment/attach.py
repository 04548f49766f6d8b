"""Bring a stack's functions to a pool that exists, step by step, each of which can be done again."""

from dataclasses import dataclass, replace

from tools.pool_admin.attachment.declaration import Declaration
from tools.pool_admin.attachment.plan import Plan, Seen, Wish, plan
from tools.pool_admin.aws_resources import custom_senders
from tools.pool_admin.aws_resources import stack as stacks
from tools.pool_admin.aws_resources.backup import POOL
from tools.pool_admin.aws_resources.pool import NEW_ATTRIBUTE
from tools.pool_admin.aws_resources.stack import CLAIMS, DeployedStack
from tools.pool_admin.context import Place
from tools.pool_admin.errors import AdminError


@dataclass(frozen=True)
class Attach:
    """An attach that was planned and not begun."""

    place: Place
    stack: DeployedStack
    plan: Plan

    @classmethod
    def of(cls, place: Place, stack_name: str, wish: Wish, *, to_print: bool = False) -> "Attach":
        """Plan, and change nothing. Raises `AdminError` if the plan must not be applied.

        With `to_print` the plan is only printed, so that settings unknown to this tool do not matter.
        """
        known = place.saved.load()
        if known and known.stack != stack_name:
            raise AdminError(
                f"The stack {known.stack} is attached to this pool. Run `detach {known.pool_id}` first."
            )
        stack = place.stack(stack_name)
        clients = {client_id: place.pool.client(client_id) for client_id in wish.clients}
        closed = [arn for arn in _called(stack) if not place.functions.may_be_called_by(arn, place.arn)]
        owner = place.pool.describe().get("UserPoolTags", {}).get("aws:cloudformation:stack-name", "")
        seen = Seen(place.pool.settings(), clients, place.pool.has_attribute(), tuple(closed), owner)
        if not to_print:
            place.pool.check_settings_are_known(wish.accepted)
        made = plan(place.pool.pool_id, seen, stack, wish)
        told = known is None or made.record.modes.items() <= known.modes.items()
        if made.code_only is None and not (told and knows_code_only(place, stack, stack.code_only)):
            # A run was cut off between the stack's parameter and the functions, or somebody deployed another
            # list on purpose, which the record has to learn.
            made = replace(made, code_only=stack.code_only)
        return cls(place, stack, made)

    @property
    def code_only(self) -> tuple[str, ...]:
        """The stack's list once this is carried out."""
        return self.stack.code_only if self.plan.code_only is None else self.plan.code_only

    @property
    def declaration(self) -> Declaration:
        """The same as lines for the tool that manages the pool."""
        plan = self.plan
        return Declaration(
            self.place.arn,
            self.stack.name,
            plan.settings[POOL],
            (NEW_ATTRIBUTE,) if plan.record.attribute else (),
            {client_id: wanted for client_id, wanted in plan.settings.items() if client_id != POOL},
            tuple(dict.fromkeys(_called(self.stack))),
            plan.code_only,
        )

    def carry_out(self) -> None:
        """Do every step. What is cut off in the middle is taken up by the next run."""
        record = self.plan.record
        # First of all, so that whatever happens next can be taken back. From a stack's own pool nothing is.
        if not self.stack.keeps(record.pool_id):
            known = self.place.saved.load()
            self.place.saved.save(known.and_then(record) if known else record)
        if record.attribute:
            self.place.pool.add_attribute()
        for arn in record.permissions:
            self.place.functions.allow(arn, self.place.arn)
        # The functions know a client's mode before it can come to them: an unknown one needs a password.
        if self.plan.code_only is not None:
            set_code_only(self.place, self.stack, self.plan.code_only)
        if pool := record.changes.get(POOL):
            self.place.pool.update(pool)
        # Last, because this closes the ways that apps may still use.
        for client_id in (target for target in record.changes if target != POOL):
            self.place.pool.update_client(client_id, record.changes[client_id])


def set_code_only(place: Place, stack: DeployedStack, clients: tuple[str, ...]) -> None:
    """Tell the stack which app clients sign in by a code alone, and see that its functions know."""
    stacks.set_code_only(place.cloudformation, stack, clients)
    define = stack.triggers["DefineAuthChallenge"]
    place.functions.wait_until_ready(define)
    if not knows_code_only(place, stack, clients):
        place.functions.serve_newest(define)
    if not knows_code_only(place, stack, clients):
        raise AdminError(
            f"The function {define} does not know the new {stacks.CODE_ONLY}. Deploy the stack {stack.name} "
            "again with that parameter, and run the command again."
        )


def knows_code_only(place: Place, stack: DeployedStack, clients: tuple[str, ...]) -> bool:
    """Whether the function that decides the mode, as Cognito calls it, has this list."""
    served = place.functions.environment(stack.triggers["DefineAuthChallenge"]).get("CODE_ONLY_CLIENTS", "")
    hosted = set(stack.served_code_only) - set(stack.code_only)
    return set(filter(None, served.split(","))) == {*clients, *hosted}


def _called(stack: DeployedStack) -> list[str]:
    claims = [stack.functions[CLAIMS]] if stack.claims_version else []
    return [*stack.triggers.values(), *claims, *custom_senders.called(stack)]
