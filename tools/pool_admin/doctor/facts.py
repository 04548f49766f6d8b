"""The facts that the checks read: plain values, without AWS calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from passcode.adapters.sms_options import SNS, SmsOptions
from passcode.channels.channel import AddressFault
from tools.pool_admin import fixes
from tools.pool_admin.aws_resources.functions import Concurrency
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.context import region_of_pool
from tools.pool_admin.fixes import Fix

Client = Mapping[str, Any]
# The service for calls, beside the values of SmsGateway.
CALLS = "CALLS"
# The status of a sender that can send.
ACTIVE = "ACTIVE"

# Printed if no stack is known, or if another one has to be deployed first.
_STACK_PLACEHOLDER = "NAME"
_CUSTOM_FLOWS = ("ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY")


class Reason(Enum):
    """The reason why a call failed."""

    DENIED = "denied"
    THROTTLED = "throttled"
    NOT_OFFERED = "not offered"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Unchecked:
    """A fact that is not known, because `call` failed. `resource` is the id or name in the call, if any."""

    call: str
    reason: Reason
    resource: str = ""


@dataclass(frozen=True)
class Unreadable:
    """The backup of attach exists and cannot be read. `fix` says how to solve that."""

    fix: str


@dataclass(frozen=True)
class EmailFacts:
    """SES in the stack's region. `sender_verified` is True if the address or its domain is verified.

    `per_second` is the maximum send rate in messages a second, 0 if SES names none. `per_day` is the sending
    quota in messages a day, 0 or less if there is none.
    """

    sender: str
    sender_verified: bool | Unchecked
    out_of_sandbox: bool | Unchecked
    per_second: float | Unchecked = 0.0
    per_day: float = 0.0


@dataclass(frozen=True)
class SmsFacts:
    """The service for SMS or calls in the stack's region. `gateway` is the stack's SmsGateway, or `CALLS`.

    `monthly_usd` is the spend limit in USD, 0 for AWS's default.
    """

    in_sandbox: bool | Unchecked
    monthly_usd: float | Unchecked
    gateway: str = SNS


@dataclass(frozen=True)
class GatewayFacts:
    """The operator's function `arn`, which sends the messages of `channels`.

    `configuration` is None if the function does not exist. `is_invocable` is whether the role of `deliver`
    may invoke it; None if that role is not known.
    """

    arn: str
    channels: tuple[str, ...]
    configuration: Mapping[str, Any] | Unchecked | None
    is_invocable: bool | Unchecked | None = None


@dataclass(frozen=True)
class WrongOptions:
    """SmsOptions has a value that `deliver` refuses. `error` says why."""

    error: str


@dataclass(frozen=True)
class SenderFacts:
    """A sender of SmsOptions, for messages of `capability`: SMS or VOICE.

    `identity` is the value of the option `option`: a number, a pool, a sender ID, or a configuration of
    Notify. `status` is empty if AWS has none. `capabilities`, `message_types` and `countries` are those that
    AWS names for it, empty if AWS names none. `per_second` is the maximum send rate in messages a second, 0
    if it is not known.
    """

    option: str
    identity: str
    capability: str
    status: str = ""
    capabilities: tuple[str, ...] = ()
    message_types: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    per_second: float = 0.0


@dataclass(frozen=True)
class ProtectFacts:
    """The protect configuration that applies to messages of `capability`: SMS or VOICE.

    `blocked` are the countries that it blocks, None if the configuration does not exist. `is_default` is
    True if SmsOptions does not name it, and it is the default of the account.
    """

    identity: str
    capability: str
    blocked: tuple[str, ...] | None
    is_default: bool = False


@dataclass(frozen=True)
class EventFacts:
    """A configuration set of SES or End User Messaging.

    `reported` are the events that reach the stack's topic `topic`, None if the set does not exist.
    `destination` is the name of an event destination for that topic, empty if there is none.
    """

    configuration_set: str
    topic: str
    reported: tuple[str, ...] | None
    destination: str = ""


@dataclass(frozen=True)
class PhoneFacts:
    """The settings of SMS and calls, and the resources of End User Messaging in them.

    `channels` are the channels to phone numbers whose messages AWS sends: `sms`, `voice`. `events` is None if
    no configuration set is named, or if the stack has no topic for events.
    """

    channels: tuple[str, ...]
    gateway: str
    options: SmsOptions | WrongOptions
    senders: tuple[SenderFacts | Unchecked, ...] = ()
    protect: tuple[ProtectFacts | Unchecked, ...] = ()
    events: EventFacts | Unchecked | None = None


@dataclass(frozen=True)
class UserFacts:
    """The users that were read: all of them, or the first ones if there are `more`.

    `counted` of them can sign in with a code. `without_address` of those have no verified address on
    `channels`. `unusable` has the `sub` of each of them with a verified address that gets no code, by the
    channel and the reason.
    """

    read: int
    counted: int
    without_address: int
    channels: tuple[str, ...]
    more: bool
    unusable: Mapping[tuple[str, AddressFault], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class StackFacts:
    """A deployed stack and the AWS resources around it.

    `permitted` maps a function's ARN to whether the pool may call it. `functions` maps a function's name in
    the template to the configuration that its alias serves, and `newest` to its newest configuration. `modes`
    maps each app client that attach named for this stack to whether it is CODE_ONLY. `provider` is the
    identity provider of the hosted sign-in, None if the pool has none. `concurrency` is the account's
    limit of Lambda calls at once. `email`, `sms`, `calls` and `phone` are None if AWS does not send such
    messages, `gateway` is None without a function of the operator, and `email_events` is None if the stack
    has no topic for events.
    """

    deployed: DeployedStack
    permitted: Mapping[str, bool | Unchecked] = field(default_factory=dict)
    functions: Mapping[str, Mapping[str, Any] | Unchecked] = field(default_factory=dict)
    newest: Mapping[str, Mapping[str, Any] | Unchecked] = field(default_factory=dict)
    email: EmailFacts | None = None
    sms: SmsFacts | None = None
    idle_alarms: tuple[str, ...] | Unchecked = ()
    modes: Mapping[str, bool] | Unreadable | Unchecked = field(default_factory=dict)
    provider: Mapping[str, Any] | Unchecked | None = None
    concurrency: Concurrency | Unchecked = field(default_factory=Concurrency)
    gateway: GatewayFacts | None = None
    calls: SmsFacts | None = None
    phone: PhoneFacts | None = None
    email_events: EventFacts | Unchecked | None = None


@dataclass(frozen=True)
class Facts:
    """A pool and its app clients as AWS describes them, and the stack if the command names one.

    `found_stack` is the stack that the pool uses, if the command names none. `unread_clients` are the calls
    for app clients that failed, and `unread_stack` is the call for the named stack if it failed. `profile` is
    the AWS profile of the command, for its fixes.
    """

    pool: Mapping[str, Any]
    clients: tuple[Client, ...]
    stack: StackFacts | None = None
    users: UserFacts | Unchecked | None = None
    found_stack: DeployedStack | None = None
    unread_clients: tuple[Unchecked, ...] = ()
    unread_stack: Unchecked | None = None
    profile: str | None = None

    @property
    def pool_id(self) -> str:
        return str(self.pool["Id"])

    @property
    def known_stack(self) -> DeployedStack | None:
        """The named stack, or else the found one."""
        return self.stack.deployed if self.stack else self.found_stack

    @property
    def has_domain(self) -> bool:
        """Whether Cognito serves its hosted pages and OAuth endpoints for this pool."""
        return bool(self.pool.get("Domain") or self.pool.get("CustomDomain"))

    @property
    def is_for_another_pool(self) -> bool:
        """Whether the named stack works for another pool."""
        return self.stack is not None and self.stack.deployed.pool_id != self.pool_id

    @property
    def is_pool_of_stack(self) -> bool:
        """Whether the stack made this pool."""
        return self.known_stack is not None and self.known_stack.owns(self.pool_id)

    @property
    def stack_name(self) -> str:
        """The name of the stack to attach; `NAME` if it is not known."""
        if self.unread_stack:
            return self.unread_stack.resource
        if self.known_stack is None or (self.is_for_another_pool and self.known_stack.makes_pool):
            return _STACK_PLACEHOLDER
        return self.known_stack.name

    def attach(self, *more: str) -> Fix:
        """Return the attach command that fixes the pool, with the app clients that shall use codes."""
        return Fix(self._attach_command(*more), self._client_options())

    def attach_client(self, client: Client) -> Fix:
        """Return the attach command that fixes one app client, in its current mode."""
        return Fix(self._attach_command(), (self._option(client["ClientId"]),))

    def aws(self, command: str) -> str:
        """Return the command of the AWS CLI in the pool's region. The CLI has another default region."""
        return fixes.aws_command(command, region_of_pool(self.pool_id), self.profile)

    def _attach_command(self, *more: str) -> str:
        options = (*fixes.profile_option(self.profile), *more)
        return fixes.attach_command(self.pool_id, self.stack_name, *options)

    def _client_options(self) -> tuple[str, ...]:
        # attach accepts no app clients for a pool that the stack made.
        if self.is_pool_of_stack:
            return ()
        stack = self.known_stack
        excluded = {stack.hosted_client, stack.inner_client} if stack else set()
        clients = [client for client in self.clients if client["ClientId"] not in excluded]
        names = [*_ids(clients), *(fact.resource for fact in self.unread_clients)]
        own = [client for client in clients if not is_registered(client)]
        chosen = [name for name in names if name in self._modes] or _ids(filter(uses_codes, own))
        # A stack with hosted sign-in needs no other app client.
        if not chosen and not (stack and stack.inner_client):
            chosen = _ids(client for client in own if not is_for_machines(client)) or ["CLIENT_ID"]
        return tuple(self._option(name) for name in chosen)

    def _option(self, client_id: str) -> str:
        listed = self.known_stack.code_only if self.known_stack else ()
        code_only = self._modes.get(client_id, client_id in listed)
        return f"{'--code-only-client' if code_only else '--client'} {client_id}"

    @property
    def _modes(self) -> Mapping[str, bool]:
        modes = self.stack.modes if self.stack else {}
        return {} if isinstance(modes, Unreadable | Unchecked) else modes


def uses_codes(client: Client) -> bool:
    """Return whether an app client lists the custom flow, which codes use."""
    return any(flow in _CUSTOM_FLOWS for flow in client.get("ExplicitAuthFlows") or [])


def is_registered(client: Client) -> bool:
    """Return whether an application registered the app client itself (dynamic client registration)."""
    return client.get("ClientType") == "DCR"


def is_for_machines(client: Client) -> bool:
    """Return whether the app client issues tokens for machines only, which belong to no user."""
    return client.get("AllowedOAuthFlows") == ["client_credentials"]


def _ids(clients: Iterable[Client]) -> list[str]:
    return [client["ClientId"] for client in clients]


def client_label(client: Client) -> str:
    """Return the name of an app client in a finding."""
    return f"app client {client.get('ClientName') or client['ClientId']} ({client['ClientId']})"
