"""What the doctor looks at, and what it finds: plain values, so that every rule is a table of examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tools.pool_admin import fixes
from tools.pool_admin.stack import DeployedStack

_CLIENTS = "--client CLIENT"


class Severity(IntEnum):
    """How bad: also the exit code of a pipeline that only wants to know the worst."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True)
class Finding:
    """`what` is wrong with `about`, `why` that matters, and the one command or step that fixes it."""

    severity: Severity
    about: str
    what: str
    why: str
    fix: str


@dataclass(frozen=True)
class Unchecked:
    """A fact that could not be had: `call` was refused, for want of a right (`denied`) or otherwise."""

    call: str
    denied: bool


@dataclass(frozen=True)
class Unreadable:
    """What attach saved is there and makes no sense; `fix` is the sentence that says what to do."""

    fix: str


@dataclass(frozen=True)
class EmailFacts:
    """SES in the stack's region. `sender_verified` is of the address or its domain."""

    sender: str
    sender_verified: bool | Unchecked
    out_of_sandbox: bool | Unchecked


@dataclass(frozen=True)
class SmsFacts:
    """SNS in the stack's region. `monthly_usd` is the spend limit, 0 if AWS's default holds."""

    in_sandbox: bool | Unchecked
    monthly_usd: float | Unchecked


@dataclass(frozen=True)
class StackFacts:
    """A stack, and what only AWS can say of it.

    `functions` maps a name in the template to what Cognito and SQS call, `newest` to the function itself,
    which its alias may lag behind. `modes` maps each app client of the pool that attach named for this stack
    to whether it is CODE_ONLY. `provider` is the identity provider of the hosted sign-in, None if the pool
    has none.
    """

    stack: DeployedStack
    permitted: Mapping[str, bool | Unchecked] = field(default_factory=dict)
    functions: Mapping[str, Mapping[str, Any] | Unchecked] = field(default_factory=dict)
    newest: Mapping[str, Mapping[str, Any] | Unchecked] = field(default_factory=dict)
    email: EmailFacts | None = None
    sms: SmsFacts | None = None
    idle_alarms: tuple[str, ...] | Unchecked = ()
    modes: Mapping[str, bool] | Unreadable = field(default_factory=dict)
    provider: Mapping[str, Any] | Unchecked | None = None

    def name_to_attach(self, pool_id: str) -> str:
        """Its name for an attach of that pool; `STACK` where another has to be deployed first."""
        return "STACK" if self.stack.makes_pool and self.stack.pool_id != pool_id else self.stack.name

    def attach(self, pool_id: str, *rest: str) -> str:
        """The attach of that pool. A stack keeps the app clients of its own pool right, and none is named."""
        clients = () if self.stack.keeps(pool_id) else (_CLIENTS,)
        return fixes.attach(pool_id, self.name_to_attach(pool_id), *clients, *rest)


@dataclass(frozen=True)
class Facts:
    """A pool and its app clients as AWS describes them, with the stack if one was named."""

    pool: Mapping[str, Any]
    clients: tuple[Mapping[str, Any], ...] | Unchecked
    stack: StackFacts | None = None

    @property
    def pool_id(self) -> str:
        return str(self.pool["Id"])

    @property
    def is_others(self) -> bool:
        """Whether the stack that was named works for another pool."""
        return self.stack is not None and self.stack.stack.pool_id != self.pool_id

    def attach(self, *rest: str) -> str:
        """The attach that fixes it, as it is typed."""
        if self.stack:
            return self.stack.attach(self.pool_id, *rest)
        return fixes.attach(self.pool_id, "STACK", _CLIENTS, *rest)

    @property
    def stack_to_attach(self) -> str:
        """Its name for an attach, or `STACK` if none was named or that one cannot be attached."""
        return self.stack.name_to_attach(self.pool_id) if self.stack else "STACK"
