"""What a command prints: for people, or one JSON document for scripts."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from tools.pool_admin.changes import Change
from tools.pool_admin.record import POOL


class View:
    """With `as_json`, standard output carries the JSON document alone."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.people = Console(stderr=as_json, highlight=False)

    def say(self, sentence: str, style: str = "") -> None:
        _print(self.people, sentence, style)

    def result(self, sentence: str, facts: Mapping[str, Any], style: str = "green") -> None:
        """The outcome of a command, in one of its two forms."""
        if self.as_json:
            print(json.dumps(facts))
        else:
            self.say(sentence, style)

    def error(self, sentence: str) -> None:
        if self.as_json:
            print(json.dumps({"error": sentence}))
        else:
            _print(Console(stderr=True, highlight=False), sentence, "red")

    def changes(
        self, by_target: Mapping[str, Sequence[Change]], steps: Iterable[str], notes: Iterable[str]
    ) -> None:
        """A plan, as a diff that can be read aloud."""
        for target, changes in by_target.items():
            self.say("User pool" if target == POOL else f"App client {target}", style="bold")
            for change in changes:
                self.say(f"  {change}")
        for step in steps:
            self.say(step, style="bold")
        for note in notes:
            self.say(f"Note: {note}", style="yellow")

    def sure(self, question: str) -> bool:
        """Ask; nobody there to answer is a no."""
        self.say(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def as_facts(by_target: Mapping[str, Sequence[Change]]) -> dict[str, list[dict[str, Any]]]:
    """Changes for a JSON document."""
    return {
        target: [{"setting": ".".join(c.path), "before": c.before, "after": c.after} for c in changes]
        for target, changes in by_target.items()
    }


def many(count: int, what: str) -> str:
    """A count of something, in a sentence."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _print(console: Console, sentence: str, style: str) -> None:
    # Text, not markup: a name with [brackets] in it stays as it is. A pipe gets the sentence on one line.
    console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)
