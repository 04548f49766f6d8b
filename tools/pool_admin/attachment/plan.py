"""What attach is going to do, decided from what is there: pure, and shown before anything is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.pool_admin.aws_resources import custom_senders
from tools.pool_admin.aws_resources.backup import POOL, Record
from tools.pool_admin.aws_resources.functions import split
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import Change, Settings, changed, difference
from tools.pool_admin.aws_resources.stack import CLAIMS, DeployedStack
from tools.pool_admin.doctor.clients import can_migrate
from tools.pool_admin.errors import AdminError

_FLOWS = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
# The longest that Cognito allows, so that it covers the longest life of a code.
_SESSION_MINUTES = 15


@dataclass(frozen=True)
class Seen:
    """What is there. Settings are as the update that changes nothing has them."""

    pool: Settings
    clients: Mapping[str, Settings]
    has_attribute: bool
    not_permitted: tuple[str, ...]  # functions that the pool may not call yet
    owner: str = ""  # the CloudFormation stack that the pool itself belongs to


@dataclass(frozen=True)
class Wish:
    """The options of attach: app clients by mode, and whether other functions may be replaced.

    `accepted` are settings that AWS may reset, because this tool does not know them.
    """

    password_and_code: tuple[str, ...]
    code_only: tuple[str, ...]
    replace: bool = False
    accepted: tuple[str, ...] = ()

    @property
    def clients(self) -> tuple[str, ...]:
        return (*self.password_and_code, *self.code_only)


@dataclass(frozen=True)
class Plan:
    """The steps that are left. `code_only` is the whole new list for the stack, None if it stays.

    `settings` are the values that the pool (`POOL`) and the app clients shall have, changed or not.
    """

    record: Record
    code_only: tuple[str, ...] | None
    notes: tuple[str, ...]
    settings: Mapping[str, Settings] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        record = self.record
        return not (record.changes or record.permissions or record.attribute or self.code_only is not None)


def plan(pool_id: str, seen: Seen, stack: DeployedStack, wish: Wish) -> Plan:
    """Every step from what is there to what was asked for. Raises `AdminError` if it must not be."""
    _check(pool_id, stack, wish)
    _check_triggers(seen.pool, stack, wish)
    edits = {POOL: difference(seen.pool, changed(seen.pool, _triggers(stack)))}
    settings = {POOL: changed({}, _triggers(stack))}
    for client_id in wish.clients:
        there = seen.clients[client_id]
        settings[client_id] = _client(there)
        edits[client_id] = difference(there, there | settings[client_id])
    listed = _listed(stack.code_only, wish)
    record = Record(
        pool_id,
        stack.name,
        {target: tuple(changes) for target, changes in edits.items() if changes},
        {name: name in stack.code_only for name in {*listed} ^ {*stack.code_only}},
        seen.not_permitted,
        not seen.has_attribute,
        {name: name in wish.code_only for name in wish.clients},
    )
    return Plan(record, listed if listed != stack.code_only else None, tuple(_notes(seen, stack)), settings)


def _check(pool_id: str, stack: DeployedStack, wish: Wish) -> None:
    if stack.keeps(pool_id):
        # The triggers were removed, and a deployment of an unchanged template does not set them again.
        if wish.clients:
            raise AdminError(
                f"The stack {stack.name} made this pool, and its template sets the app clients. To set the "
                "triggers again, run the command without --client and --code-only-client."
            )
        return
    # A hosted sign-in brings its own app clients, and Cognito's own codes are every client's.
    if not (wish.clients or stack.inner_client or custom_senders.wanted(stack)):
        raise AdminError("Name the app clients that are to use codes, with --client or --code-only-client.")
    if both := set(wish.password_and_code) & set(wish.code_only):
        raise AdminError(f"{min(both)} cannot be both --client and --code-only-client. Name it once.")
    if own := {stack.hosted_client, stack.inner_client} & set(wish.clients):
        raise AdminError(
            f"{min(own)} belongs to the hosted sign-in, and the stack {stack.name} keeps it right. "
            "Leave it out."
        )
    if stack.makes_pool:
        raise AdminError(
            f"The stack {stack.name} has a user pool of its own, {stack.pool_id}. Deploy another stack with "
            f"the parameter UserPoolId={pool_id} and attach that one."
        )
    if stack.pool_id != pool_id:
        raise AdminError(
            f"The stack {stack.name} was deployed for the pool {stack.pool_id}. Deploy it with the parameter "
            f"UserPoolId={pool_id} first."
        )


def _check_triggers(pool: Settings, stack: DeployedStack, wish: Wish) -> None:
    there = pool.get("LambdaConfig", {})
    wanted = dict(stack.triggers)
    if stack.claims_version:
        wanted[CLAIMS] = stack.functions[CLAIMS]
    others = [f"{name} ({there[name]})" for name, arn in wanted.items() if _is_another(there.get(name), arn)]
    others += custom_senders.others(there, stack)
    if others and not wish.replace:
        raise AdminError(
            f"The pool has triggers of its own: {', '.join(others)}. If they may go, run the command again "
            "with --replace; detach puts them back."
        )


def _is_another(there: str | None, arn: str) -> bool:
    # With and without its alias, which comes and goes with SnapStart, it is the same function.
    return there is not None and split(there)[:2] != split(arn)[:2]


def _triggers(stack: DeployedStack) -> list[Change]:
    wanted = [Change(("LambdaConfig", name), None, arn) for name, arn in stack.triggers.items()]
    if stack.claims_version:
        arn = stack.functions[CLAIMS]
        # The first version has the old name alone; a later one both names, which must then say the same.
        later = None if stack.claims_version == "V1_0" else stack.claims_version
        versioned = {"LambdaVersion": later, "LambdaArn": arn if later else None}
        wanted += [
            Change(("LambdaConfig", CLAIMS), None, arn),
            *(
                Change(("LambdaConfig", f"{CLAIMS}Config", key), None, value)
                for key, value in versioned.items()
            ),
        ]
    return wanted + custom_senders.edits(stack)


def _client(settings: Settings) -> Settings:
    rotates = settings.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED"
    wanted: Settings = {
        # A client whose refresh tokens rotate may not have the flow that does not rotate them.
        "ExplicitAuthFlows": _flows(settings, _FLOWS[:1] if rotates else _FLOWS),
        "PreventUserExistenceErrors": "ENABLED",
        "AuthSessionValidity": _SESSION_MINUTES,
    }
    for name in ("ReadAttributes", "WriteAttributes"):
        # No list stands for all attributes of the pool, the new one included.
        if listed := settings.get(name):
            wanted[name] = listed if ATTRIBUTE in listed else [*listed, ATTRIBUTE]
    return wanted


def _flows(settings: Settings, wanted: list[str]) -> list[str]:
    there: list[str] = settings.get("ExplicitAuthFlows", [])
    return there if set(there) == set(wanted) else wanted


def _listed(there: Sequence[str], wish: Wish) -> tuple[str, ...]:
    kept = [name for name in there if name not in wish.password_and_code]
    return tuple(dict.fromkeys((*kept, *wish.code_only)))


def _notes(seen: Seen, stack: DeployedStack) -> list[str]:
    notes = []
    if seen.owner not in ("", stack.name):
        notes.append(
            f"The CloudFormation stack {seen.owner} manages this pool, and its next deployment undoes these "
            "changes. Run the command with --print cloudformation, and add the lines to its template instead."
        )
    if seen.pool.get("MfaConfiguration", "ON") != "OFF":
        notes.append("The pool's own MFA is on, and does not go together with codes. Turn it off after this.")
    if any(client.get("AllowedOAuthFlowsUserPoolClient") for client in seen.clients.values()):
        notes.append("Hosted sign-in stays open for an app client named here, and is a way round the code.")
    migrating = can_migrate(seen.clients.values())
    if migrating and seen.pool.get("LambdaConfig", {}).get("UserMigration"):
        notes.append(
            f"Users can no longer migrate when they sign in with {', '.join(migrating)}: the UserMigration "
            "trigger needs the password flow that this closes. Import the missing users from a CSV file."
        )
    if seen.clients:
        notes.append(
            "Refresh tokens that were given out before stay good. Sign users out globally to end them."
        )
    return notes
