"""The messages that the gateways of a test took."""

from dataclasses import dataclass
from types import SimpleNamespace

from tests.support.users import code_in


@dataclass(frozen=True)
class Sent:
    """A message that a gateway took. `at` is in seconds since the epoch."""

    channel: str
    to: str
    text: str
    at: float

    @property
    def code(self) -> str:
        """The code in the message."""
        return code_in(SimpleNamespace(channel=self.channel, text=self.text))  # type: ignore[arg-type]
