"""Decides what attach has to do, from the state of the pool and the options. Nothing here calls AWS."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tools.pool_admin.aws_resources import custom_senders
from tools.pool_admin.aws_resources.backup import POOL, Backup
from tools.pool_admin.aws_resources.functions import split_arn
from tools.pool_admin.aws_resources.pool import ATTRIBUTE
from tools.pool_admin.aws_resources.pool_settings import (
    SettingChange,
    Settings,
    difference,
    is_same_value,
    with_changes,
)
from tools.pool_admin.aws_resources.stack import ACR_MAPPING, CLAIMS, DeployedStack
from tools.pool_admin.doctor.clients import clients_that_migrate
from tools.pool_admin.errors import AdminError, OptionError

_FLOWS = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
# The longest that Cognito allows. It covers the longest life of a code.
_SESSION_MINUTES = 15


@dataclass(frozen=True)
class PoolState:
    """The pool, the app clients that the options name, and the stack, before an attach.

    `pool`, `clients` and `mfa` are the update requests that change nothing. `not_permitted` are the functions
    that the pool may not call yet. `served_code_only` is the list of CODE_ONLY app clients that the stack's
    function has, and `backup` the backup of an earlier attach. `unknown_settings` are names of settings that
    this tool does not know. `owner` is the CloudFormation stack that manages the pool, or empty. `not_sent`
    are names of settings that the pool's plan refuses in an update. `acr_mapping` is that of the stack's
    identity provider, None if the pool does not have the provider.
    """

    pool_id: str
    pool_arn: str
    stack: DeployedStack
    pool: Settings
    clients: Mapping[str, Settings]
    mfa: Settings = field(default_factory=dict)
    has_attribute: bool = True
    not_permitted: tuple[str, ...] = ()
    served_code_only: tuple[str, ...] = ()
    backup: Backup | None = None
    unknown_settings: frozenset[str] = frozenset()
    owner: str = ""
    not_sent: tuple[str, ...] = ()
    acr_mapping: Mapping[str, str] | None = None


@dataclass(frozen=True)
class AttachOptions:
    """The options of attach: app clients by mode, and whether it may replace the triggers of the pool.

    Raises `OptionError` if an app client has both modes.

    `accepted` are unknown settings that AWS may reset. With `only_print` nothing is changed, so that unknown
    settings do not matter.
    """

    password_and_code: tuple[str, ...] = ()
    code_only: tuple[str, ...] = ()
    replace: bool = False
    accepted: tuple[str, ...] = ()
    only_print: bool = False

    def __post_init__(self) -> None:
        if both := set(self.password_and_code) & set(self.code_only):
            raise OptionError(f"{min(both)} cannot be both --client and --code-only-client. Name it once.")

    @property
    def clients(self) -> tuple[str, ...]:
        return (*self.password_and_code, *self.code_only)


@dataclass(frozen=True)
class AttachPlan:
    """The remaining steps. `backup` has the changes, and the values before them.

    `code_only` is the whole new list of CODE_ONLY app clients for the stack, None if the list stays.
    `settings` are the values that the pool (`POOL`) and the app clients shall have, changed or not. `mfa` are
    the MFA settings that the pool shall have, and `restores_mfa` is whether an interrupted update turned them
    off. `accepted` are unknown settings that AWS may change. `acr_mapping` is the one to set in the stack's
    identity provider, None if it is set. It is not in the backup, because the provider is the stack's own.
    """

    pool_arn: str
    stack: DeployedStack
    backup: Backup
    code_only: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Settings] = field(default_factory=dict)
    mfa: Settings = field(default_factory=dict)
    restores_mfa: bool = False
    accepted: tuple[str, ...] = ()
    acr_mapping: Mapping[str, str] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to do."""
        return not self.has_backup and self.acr_mapping is None

    @property
    def has_backup(self) -> bool:
        """Whether a step is left that detach can undo."""
        backup = self.backup
        has_steps = backup.changes or backup.permissions or backup.attribute or backup.mfa
        return bool(has_steps) or self.code_only is not None

    @property
    def code_only_afterwards(self) -> tuple[str, ...]:
        """The stack's list of CODE_ONLY app clients when all steps are done."""
        return self.stack.code_only if self.code_only is None else self.code_only


def plan_attach(state: PoolState, options: AttachOptions) -> AttachPlan:
    """Return the steps from the state to the options.

    Raises `AdminError` if the options conflict with the state.
    """
    stack = state.stack
    if not options.only_print:
        refuse_unknown_settings(state.unknown_settings, options.accepted)
    _check_triggers(state.pool, stack, options)
    _check_plan_of_pool(state.pool, stack)
    settings, changes = _settings_and_changes(state, options)
    code_only = _new_code_only(stack.code_only, options)
    mfa = state.backup.mfa_to_keep(state.mfa) if state.backup else state.mfa
    is_reset = bool(changes[POOL]) or bool(state.backup and state.backup.mfa)
    backup = Backup(
        state.pool_id,
        stack.name,
        {target: tuple(made) for target, made in changes.items() if made},
        {client_id: client_id in stack.code_only for client_id in {*code_only} ^ {*stack.code_only}},
        state.not_permitted,
        not state.has_attribute,
        {client_id: client_id in options.code_only for client_id in options.clients},
        mfa if is_reset and has_mfa(mfa) else {},
    )
    # An interrupted run can have changed the stack's parameter and not the function. And a deployment can
    # have changed both on purpose: then the backup must get the new modes.
    is_done = (
        code_only == stack.code_only
        and has_list(stack, state.served_code_only, code_only)
        and (state.backup is None or backup.modes.items() <= state.backup.modes.items())
    )
    return AttachPlan(
        state.pool_arn,
        stack,
        backup,
        None if is_done else code_only,
        (*_notes(state, mfa, options), *accept_notes(state.unknown_settings, options.accepted)),
        settings,
        mfa,
        not is_same_value(mfa, state.mfa),
        options.accepted,
        None if state.acr_mapping in (None, ACR_MAPPING) else ACR_MAPPING,
    )


def _settings_and_changes(
    state: PoolState, options: AttachOptions
) -> tuple[dict[str, Settings], dict[str, list[SettingChange]]]:
    """Return the settings that the pool and its app clients shall have, and their changes, by target."""
    triggers = _trigger_changes(state.stack)
    settings = {POOL: with_changes({}, triggers)}
    changes = {POOL: difference(state.pool, with_changes(state.pool, triggers))}
    for client_id in options.clients:
        client = state.clients[client_id]
        settings[client_id] = _client_settings(client)
        changes[client_id] = difference(client, client | settings[client_id])
    return settings, changes


def has_mfa(mfa: Settings) -> bool:
    """Return whether `mfa` has a setting that UpdateUserPool can reset."""
    return bool(mfa.keys() - {"MfaConfiguration"}) or mfa.get("MfaConfiguration", "OFF") != "OFF"


def refuse_unknown_settings(unknown: Collection[str], accepted: Collection[str]) -> None:
    """Raise `AdminError` if an update can reset settings that this tool does not know."""
    if names := sorted(set(unknown) - set(accepted)):
        raise AdminError(
            f"This release of Cognito Passcode does not know {', '.join(names)}, which AWS describes. An "
            "update may reset such a setting, so nothing was changed. Install a newer release. If there is "
            "none, read AWS's page about the setting, and run the command again with "
            f"{' '.join(f'--accept {name}' for name in names)}."
        )


def accept_notes(unknown: Collection[str], accepted: Collection[str]) -> tuple[str, ...]:
    """Return a note for each accepted setting that AWS does not describe."""
    return tuple(
        f"No unknown setting is named {name}, so --accept {name} has no effect."
        for name in sorted(set(accepted) - set(unknown))
    )


def has_list(stack: DeployedStack, served: Collection[str], clients: Collection[str]) -> bool:
    """Return whether the function's list `served` is right for the stack's list `clients`.

    The function's list also has the inner client of a hosted sign-in without a password.
    """
    hosted = set(stack.code_only_with_hosted) - set(stack.code_only)
    return set(served) == {*clients, *hosted}


def functions_of_pool(stack: DeployedStack) -> list[str]:
    """Return the ARNs of the stack's functions that the pool has to call."""
    claims = [stack.functions[CLAIMS]] if stack.claims_version else []
    return [*stack.triggers.values(), *claims, *custom_senders.sender_functions(stack)]


def check_options(pool_id: str, stack: DeployedStack, options: AttachOptions) -> None:
    """Raise `AdminError` if the stack cannot be attached to the pool with these options."""
    if stack.owns(pool_id):
        # attach restores removed triggers: a deployment of an unchanged template does not set them again.
        if options.clients:
            raise AdminError(
                f"The stack {stack.name} made this pool, and its template sets the app clients. To set the "
                "triggers again, run the command without --client and --code-only-client."
            )
        return
    # A hosted sign-in has its own app clients, and custom senders work for every app client.
    if not (options.clients or stack.inner_client or custom_senders.wanted_senders(stack)):
        raise OptionError(
            "No app client is named. Name those that shall use codes with --client or --code-only-client."
        )
    if hosted := {stack.hosted_client, stack.inner_client} & set(options.clients):
        raise AdminError(
            f"{min(hosted)} belongs to the hosted sign-in, and the stack {stack.name} configures it. Leave "
            "it out."
        )
    if stack.makes_pool:
        raise AdminError(
            f"The stack {stack.name} has its own user pool, {stack.pool_id}. Deploy another stack with the "
            f"parameter UserPoolId={pool_id}, and attach that one."
        )
    if stack.pool_id != pool_id:
        raise AdminError(
            f"The stack {stack.name} was deployed for the pool {stack.pool_id}. Deploy it with the parameter "
            f"UserPoolId={pool_id} first."
        )


def _check_triggers(pool: Settings, stack: DeployedStack, options: AttachOptions) -> None:
    current = pool.get("LambdaConfig", {})
    wanted = dict(stack.triggers)
    if stack.claims_version:
        wanted[CLAIMS] = stack.functions[CLAIMS]
    others = [
        f"{name} ({current[name]})" for name, arn in wanted.items() if _is_other(current.get(name), arn)
    ]
    others += custom_senders.other_senders(current, stack)
    if others and not options.replace:
        raise AdminError(
            f"The pool already has triggers: {', '.join(others)}. To replace them, run the command again "
            "with --replace; detach restores them."
        )


def _check_plan_of_pool(pool: Settings, stack: DeployedStack) -> None:
    if pool.get("UserPoolTier") == "LITE" and stack.claims_version not in (None, "V1_0"):
        raise AdminError(
            f"The stack {stack.name} adds claims to access tokens, which the Lite plan of this pool does not "
            "support. Deploy the stack with AssuranceClaims=ID_TOKEN, or set the pool to Essentials or Plus."
        )


def _is_other(current: str | None, arn: str) -> bool:
    # SnapStart adds and removes the alias, so the ARNs with and without it name the same function.
    return current is not None and split_arn(current)[:2] != split_arn(arn)[:2]


def _trigger_changes(stack: DeployedStack) -> list[SettingChange]:
    changes = [SettingChange(("LambdaConfig", name), None, arn) for name, arn in stack.triggers.items()]
    if stack.claims_version:
        arn = stack.functions[CLAIMS]
        # Version 1 uses the old setting alone. A later version uses both settings, with the same function.
        version = None if stack.claims_version == "V1_0" else stack.claims_version
        config = {"LambdaVersion": version, "LambdaArn": arn if version else None}
        changes += [
            SettingChange(("LambdaConfig", CLAIMS), None, arn),
            *(
                SettingChange(("LambdaConfig", f"{CLAIMS}Config", name), None, value)
                for name, value in config.items()
            ),
        ]
    return changes + custom_senders.sender_changes(stack)


def _client_settings(client: Settings) -> Settings:
    rotates = client.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED"
    wanted: Settings = {
        # Cognito refuses ALLOW_REFRESH_TOKEN_AUTH for a client whose refresh tokens rotate.
        "ExplicitAuthFlows": _flows(client, _FLOWS[:1] if rotates else _FLOWS),
        "PreventUserExistenceErrors": "ENABLED",
        "AuthSessionValidity": _SESSION_MINUTES,
    }
    for name in ("ReadAttributes", "WriteAttributes"):
        # An app client without a list has all attributes of the pool, and gets the new one too.
        if listed := client.get(name):
            wanted[name] = listed if ATTRIBUTE in listed else [*listed, ATTRIBUTE]
    return wanted


def _flows(client: Settings, wanted: list[str]) -> list[str]:
    current: list[str] = client.get("ExplicitAuthFlows", [])
    return current if set(current) == set(wanted) else wanted


def _new_code_only(current: Sequence[str], options: AttachOptions) -> tuple[str, ...]:
    kept = [client_id for client_id in current if client_id not in options.password_and_code]
    return tuple(dict.fromkeys((*kept, *options.code_only)))


def _notes(state: PoolState, mfa: Settings, options: AttachOptions) -> list[str]:
    notes = []
    if state.owner not in ("", state.stack.name) and not options.only_print:
        notes.append(
            f"The CloudFormation stack {state.owner} manages this pool, and its next deployment undoes these "
            "changes. Run the command with --print cloudformation, and add the lines to its template instead."
        )
    if mfa.get("MfaConfiguration", "OFF") != "OFF":
        notes.append("Cognito's own MFA is on, and conflicts with one-time codes. Turn it off after this.")
    if any(client.get("AllowedOAuthFlowsUserPoolClient") for client in state.clients.values()):
        notes.append(
            "Users of an app client named here can still bypass the code on the hosted page. `doctor` names "
            "the fix."
        )
    if state.not_sent:
        notes.append(
            f"The Lite plan of this pool refuses {', '.join(state.not_sent)} in updates, so AWS may reset "
            "it. Check it after this."
        )
    migrating = clients_that_migrate(state.clients.values())
    if migrating and state.pool.get("LambdaConfig", {}).get("UserMigration"):
        notes.append(
            f"Users can no longer migrate when they sign in with {', '.join(migrating)}: the UserMigration "
            "trigger needs the password flow that this closes. Import the missing users from a CSV file."
        )
    if state.clients:
        notes.append(
            "Refresh tokens that were issued before stay valid. Sign users out globally to revoke them."
        )
    return notes
