"""The facts that the checks read: plain values, without AWS calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tools.pool_admin import fixes
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.fixes import Fix

Client = Mapping[str, Any]

# Printed if no stack is known, or if another one has to be deployed first.
_STACK_PLACEHOLDER = "NAME"
_CUSTOM_FLOWS = ("ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY")


class Reason(Enum):
    """The reason why a call failed."""

    DENIED = "denied"
    THROTTLED = "throttled"
    NOT_OFFERED = "not offered"


@dataclass(frozen=True)
class Unchecked:
    """A fact that is not known, because `call` failed."""

    call: str
    reason: Reason


@dataclass(frozen=True)
class Unreadable:
    """The backup of attach exists and cannot be read. `fix` says how to solve that."""

    fix: str


@dataclass(frozen=True)
class EmailFacts:
    """SES in the stack's region. `sender_verified` is True if the address or its domain is verified.

    `per_second` is the maximum send rate in messages a second, 0 if SES names none.
    """

    sender: str
    sender_verified: bool | Unchecked
    out_of_sandbox: bool | Unchecked
    per_second: float | Unchecked = 0.0


@dataclass(frozen=True)
class SmsFacts:
    """SNS in the stack's region. `monthly_usd` is the spend limit in USD, 0 for AWS's default."""

    in_sandbox: bool | Unchecked
    monthly_usd: float | Unchecked


@dataclass(frozen=True)
class UserFacts:
    """The counted users: all of them, or the first ones if there are `more`.

    `without_address` of them can sign in and have no verified address on `channels`.
    """

    counted: int
    without_address: int
    channels: tuple[str, ...]
    more: bool


@dataclass(frozen=True)
class StackFacts:
    """A deployed stack and the AWS resources around it.

    `permitted` maps a function's ARN to whether the pool may call it. `functions` maps a function's name in
    the template to the configuration that its alias serves, and `newest` to its newest configuration. `modes`
    maps each app client that attach named for this stack to whether it is CODE_ONLY. `provider` is the
    identity provider of the hosted sign-in, None if the pool has none. `concurrency` is how many Lambda calls
    may run at once in the account without a reservation, 0 if Lambda names no limit.
    """

    deployed: DeployedStack
    permitted: Mapping[str, bool | Unchecked] = field(default_factory=dict)
    functions: Mapping[str, Mapping[str, Any] | Unchecked] = field(default_factory=dict)
    newest: Mapping[str, Mapping[str, Any] | Unchecked] = field(default_factory=dict)
    email: EmailFacts | None = None
    sms: SmsFacts | None = None
    idle_alarms: tuple[str, ...] | Unchecked = ()
    modes: Mapping[str, bool] | Unreadable = field(default_factory=dict)
    provider: Mapping[str, Any] | Unchecked | None = None
    concurrency: int | Unchecked = 0


@dataclass(frozen=True)
class Facts:
    """A pool and its app clients as AWS describes them, and the stack if the command names one.

    `found_stack` is the stack that the pool uses, if the command names none.
    """

    pool: Mapping[str, Any]
    clients: tuple[Client, ...] | Unchecked
    stack: StackFacts | None = None
    users: UserFacts | Unchecked | None = None
    found_stack: DeployedStack | None = None

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
    def is_others(self) -> bool:
        """Whether the named stack works for another pool."""
        return self.stack is not None and self.stack.deployed.pool_id != self.pool_id

    @property
    def is_stacks_own(self) -> bool:
        """Whether the stack made this pool."""
        return self.known_stack is not None and self.known_stack.owns(self.pool_id)

    @property
    def stack_name(self) -> str:
        """The name of the stack to attach; `NAME` if it is not known."""
        if self.known_stack is None or (self.is_others and self.known_stack.makes_pool):
            return _STACK_PLACEHOLDER
        return self.known_stack.name

    def attach(self, *more: str) -> Fix:
        """The attach command that fixes the pool, with the app clients that use codes or shall use them."""
        return Fix(fixes.attach_command(self.pool_id, self.stack_name, *more), self._client_options())

    def attach_client(self, client: Client) -> Fix:
        """The attach command that fixes one app client, in its current mode."""
        return Fix(fixes.attach_command(self.pool_id, self.stack_name), (self._option(client["ClientId"]),))

    def _client_options(self) -> tuple[str, ...]:
        # attach accepts no app clients for a pool that the stack made.
        if self.is_stacks_own:
            return ()
        if isinstance(self.clients, Unchecked) or not self.clients:
            return ("--client CLIENT_ID",)
        stack = self.known_stack
        excluded = {stack.hosted_client, stack.inner_client} if stack else set()
        ids = [client["ClientId"] for client in self.clients if client["ClientId"] not in excluded]
        attached = [name for name in ids if name in self._modes]
        with_codes = [client["ClientId"] for client in self.clients if uses_codes(client)]
        chosen = attached or [name for name in ids if name in with_codes]
        # A stack with hosted sign-in needs no other app client.
        if not chosen and not (stack and stack.inner_client):
            chosen = ids
        return tuple(self._option(name) for name in chosen)

    def _option(self, client_id: str) -> str:
        listed = self.known_stack.code_only if self.known_stack else ()
        code_only = self._modes.get(client_id, client_id in listed)
        return f"{'--code-only-client' if code_only else '--client'} {client_id}"

    @property
    def _modes(self) -> Mapping[str, bool]:
        modes = self.stack.modes if self.stack else {}
        return {} if isinstance(modes, Unreadable) else modes


def uses_codes(client: Client) -> bool:
    """Whether an app client lists the custom flow, which codes use."""
    return any(flow in _CUSTOM_FLOWS for flow in client.get("ExplicitAuthFlows") or [])


def client_label(client: Client) -> str:
    """The name of an app client in a finding."""
    return f"app client {client.get('ClientName') or client['ClientId']} ({client['ClientId']})"
