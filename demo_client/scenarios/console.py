"""Output of the demo on a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo_client.texts import name

if TYPE_CHECKING:
    from tools.local_stack.inbox import Message

_WIDTH = 96
_INDENT = (0, 0, 0, 3)


class ScenarioConsole:
    """Prints headings, sentences, received messages and comparisons."""

    def __init__(self) -> None:
        plain = Console(highlight=False)
        self.output = Console(
            highlight=False, width=min(_WIDTH, plain.width) if plain.is_terminal else _WIDTH
        )
        self._count = 0

    def heading(self, title: str) -> None:
        self._count += 1
        self.output.print(Text(f"\n{self._count}  {title}", style="bold"))

    def info(self, sentence: str) -> None:
        self.output.print(Padding(Text(sentence), _INDENT, expand=False))

    def success(self, sentence: str) -> None:
        self.output.print(
            Padding(Text.assemble(("✓ ", "green bold"), (sentence, "green")), _INDENT, expand=False)
        )

    def refusal(self, sentence: str) -> None:
        self.output.print(
            Padding(Text.assemble(("✗ ", "red bold"), (sentence, "red")), _INDENT, expand=False)
        )

    def message(self, message: Message) -> None:
        """Print a message as its recipient sees it."""
        title = Text(f"{name(message.channel)} to {message.to}", style="cyan")
        lines = [f"Subject: {message.subject}", ""] if message.subject else []
        body = Text("\n".join([*lines, message.text.strip()]))
        self.output.print(
            Padding(Panel(body, title=title, title_align="left", border_style="cyan"), _INDENT, expand=False)
        )

    def side_by_side(self, known: Mapping[str, str], unknown: Mapping[str, str]) -> None:
        """Print the challenge parameters of two users in two columns."""
        table = Table("", "known user", "unknown user", box=None, pad_edge=False, header_style="dim")
        for key in sorted(known):
            table.add_row(Text(key), Text(known[key]), Text(unknown[key]))
        self.output.print(Padding(table, _INDENT, expand=False))

    def wait(self, seconds: int, reason: str) -> None:
        """Sleep for `seconds`, with the reason and a countdown on the terminal."""
        self.info(f"{reason} ({seconds} seconds)")
        with self.output.status("") as status:
            for left in range(seconds, 0, -1):
                status.update(f"{left} …")
                time.sleep(1)

    def command(self, label: str, line: str) -> None:
        self.output.print(Text.assemble("   ", (f"{label:<22}", "dim"), (line, "bold")), soft_wrap=True)
