"""What a command prints: sentences for people, or one JSON object for scripts."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from demo_client.cognito.challenge import Tokens
from demo_client.cognito.tokens import SignedInUser
from demo_client.errors import CliError
from demo_client.texts import duration


class View:
    """With `as_json`, standard output carries the JSON object alone, and people are spoken to on stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.people = Console(stderr=as_json, highlight=False)

    def info(self, sentence: str, style: str = "") -> None:
        _print(self.people, sentence, style)

    def result(self, sentence: str, facts: Mapping[str, Any]) -> None:
        """The outcome of a command, in one of its two forms."""
        if self.as_json:
            print(json.dumps(facts))
        else:
            self.info(sentence, style="green")

    def user(self, person: SignedInUser, tokens: Tokens, *, show_tokens: bool = False) -> None:
        """Who is signed in; the tokens themselves only when a script asked for them by name."""
        left = max(0, person.expires_at - int(time.time()))
        facts: dict[str, Any] = {
            "signed_in": True,
            "sub": person.sub,
            "email": person.email,
            "client_id": tokens.client_id,
            "expires_in": left,
        }
        if show_tokens:
            facts |= {name: getattr(tokens, name) for name in ("id_token", "access_token", "refresh_token")}
        who = person.email or person.sub
        self.result(f"Signed in as {who}. The tokens were checked, and are good for {duration(left)}.", facts)

    def error(self, error: CliError) -> None:
        if self.as_json:
            print(json.dumps({"error": error.message, "exit_code": error.exit_code}))
        else:
            _print(Console(stderr=True, highlight=False), error.message, "red")


def _print(console: Console, sentence: str, style: str) -> None:
    # Text, not markup: a destination or a name with [brackets] in it stays as it is.
    # A file or a pipe gets the sentence on one line, so that it can be searched.
    console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)
