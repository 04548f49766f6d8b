"""The triggers of a sign-in and the handler `deliver`, for attacks. A weak version replaces one part."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL
from passcode.delivery.envelope import Delivery
from passcode.token_service.challenge import Challenge
from tests.support.deliver_handler import DeliverHandler, body
from tests.support.events import golden
from tests.support.sign_in_handlers import DISCARDED_TELEMETRY, SignInHandlers, answered


class _Queue(list[Delivery]):
    """The queue. Each message is one of the `calls`."""

    def __init__(self, calls: list[str], deliveries: Iterable[Delivery] = ()) -> None:
        super().__init__(deliveries)
        self.calls = calls

    def append(self, delivery: Delivery) -> None:
        self.calls.append("SendMessage")
        super().append(delivery)


@dataclass
class SignIn(SignInHandlers):
    """`create` and `verify` of the product. `calls` has their calls to AWS in order."""

    order: tuple[Channel, ...] = (EMAIL,)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store.writes = self.calls
        self.queued = _Queue(self.calls)

    def code_mac(self, message: bytes) -> bytes:
        self.calls.append("GenerateMac")
        return super().code_mac(message)

    def public(self, event: dict[str, Any]) -> dict[str, str]:
        """Return the publicChallengeParameters for `event`."""
        found: dict[str, str] = self.create(event)["publicChallengeParameters"]
        return found


@dataclass
class Mailbox:
    """`deliver` and `verify` of the product."""

    sign_in: SignIn = field(default_factory=SignIn)
    deliverer: DeliverHandler = field(default_factory=lambda: DeliverHandler(DISCARDED_TELEMETRY))

    def code_in_message(self, challenge: Challenge, address: str) -> str:
        """Put `challenge` with `address` on the queue. Returns the code in the message."""
        assert self.deliverer.deliver(body(("email", address), **challenge._asdict())) == []
        text = self.deliverer.ses.sent("send_email")[-1]["Content"]["Simple"]["Body"]["Text"]["Data"]
        (code,) = (line for line in text.splitlines() if line.isdecimal())
        return str(code)

    def addresses_of_notices(self) -> set[str]:
        """Deliver the notices of the queue. Returns the email addresses that got one."""
        before = len(self.deliverer.ses.sent("send_email"))
        assert self.deliverer.deliver(*(notice.pack() for notice in self.sign_in.notices)) == []
        sent = self.deliverer.ses.sent("send_email")[before:]
        return {address for mail in sent for address in mail["Destination"]["ToAddresses"]}

    def accepts(self, challenge: Challenge, code: str) -> bool:
        """Return the result of `verify` for the golden user."""
        return answered(self.sign_in, challenge, code)


def unknown(name: str = "stranger@people.example") -> dict[str, Any]:
    """The event of `create` for an unknown user with this name."""
    return golden("create_unknown_user_null") | {"userName": name}
