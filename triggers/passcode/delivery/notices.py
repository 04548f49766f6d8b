"""Notices of changed addresses: for each change, one message to a destination that did not change.

An attacker who uses a stolen session can verify another address, and codes may then go there. The user learns
of it at the address that did not change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.channels.channel import Destinations, rank_destinations
from passcode.delivery.envelope import ChangeNotice
from passcode.token_service.issue import IssueResult, kept_id
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    # Only for the type: the functions import the telemetry of its adapter.
    from passcode.token_service.telemetry import Telemetry


@dataclass(eq=False, repr=False)
class Notices:
    """Queues notices. `put` writes a notice to the queue, and raises `Unavailable`."""

    put: Callable[[ChangeNotice], None]
    telemetry: "Telemetry"

    def queue(
        self, issued: IssueResult, destinations: Destinations, ids: Mapping[str, str], locale: str
    ) -> None:
        """Queue a notice for each address that changed since the code before that of `issued`.

        `destinations` are all destinations of the user, and `ids` their ids, by the names of the channels. A
        change of an address that several channels reach is one notice, with the first of them. A user whose
        addresses all changed gets no notice, and a decoy gets none.
        """
        challenge = issued.challenge
        each_address = rank_destinations(destinations, "")
        others = tuple(to for to in each_address if to.channel.address_type not in issued.changed)
        if challenge.decoy or not others:
            return
        for channel in (to.channel for to in each_address):
            if channel.address_type in issued.changed:
                address_id = kept_id(ids[channel.name])
                self._put(
                    ChangeNotice(channel, others, locale, challenge.subject, challenge.nonce, address_id)
                )

    def _put(self, notice: ChangeNotice) -> None:
        try:
            self.put(notice)
        except Unavailable as error:
            # The user's sign-in must not fail for a notice. The alarm on errors fires.
            self.telemetry.failed("notice not queued", error)
