"""Notices of changed addresses: for each change, one message to the user's other destination.

An attacker who uses a stolen session can verify another address, and codes then go there. The user learns of
it at the address that did not change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.channels.channel import Destinations
from passcode.delivery.envelope import ChangeNotice
from passcode.token_service.issue import IssueResult
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    # Only for the type: the functions import the telemetry of its adapter.
    from passcode.token_service.telemetry import Telemetry


@dataclass(frozen=True)
class Notices:
    """Queues notices. `put` writes a notice to the queue, and raises `Unavailable`."""

    put: Callable[[ChangeNotice], None]
    telemetry: "Telemetry"

    def queue(self, issued: IssueResult, destinations: Destinations, locale: str) -> None:
        """Queue a notice that the code of `issued` goes to another address than the code before it.

        `destinations` are all destinations of the user. A user with one destination gets no notice, and a
        decoy gets none.
        """
        challenge = issued.challenge
        if challenge.decoy:
            return
        changed = next(channel for channel in destinations if channel.name == challenge.channel)
        others = tuple(to for channel, to in destinations.items() if channel is not changed)
        if not others:
            return
        try:
            self.put(ChangeNotice(changed, others, locale, challenge.subject, challenge.nonce, ""))
        except Unavailable as error:
            # The user's sign-in must not fail for a notice. The alarm on errors fires.
            self.telemetry.failed("notice not queued", error)
