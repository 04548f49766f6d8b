"""The local AWS before a command, for sentences about everything that the command changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tools.local_stack import parameters, process, stack
from tools.local_stack.errors import StackError
from tools.local_stack.process import Emulator
from tools.local_stack.stack import Stack


@dataclass(frozen=True)
class Snapshot:
    """The emulator that was running, if any, and the parameters of its stack."""

    emulator: Emulator | None
    parameters: Mapping[str, str]

    @classmethod
    def take(cls) -> Snapshot:
        """Return the present state."""
        try:
            return cls(process.running(), stack.load().parameters)
        except StackError:
            return cls(process.running(), {})

    def changes(self, now: Stack, port: int) -> list[str]:
        """Return sentences on everything that differs from this snapshot or from the requested `port`.

        0 requests any free port.
        """
        is_same = self.emulator is not None and self.emulator == process.running()
        changed = parameters.changes(self.parameters, now.parameters) if is_same else []
        if port and not now.endpoint_url.endswith(f":{port}"):
            reason = (
                "This stack was already running on another port, and stays there."
                if is_same
                else f"Another program uses port {port}, so this stack is on another port."
            )
            changed.append(f"{reason} To choose a port: `make down`, then `make up PORT=NUMBER`.")
        return changed
