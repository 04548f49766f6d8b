"""Output of the commands: sentences for people, or one JSON object for scripts."""

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
from demo_client.refusals import duration


class View:
    """With `as_json`, standard output has the JSON object only, and sentences go to standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(stderr=as_json, highlight=False)

    def info(self, sentence: str, style: str = "") -> None:
        """Print a sentence for people."""
        _print(self.console, sentence, style)

    def result(self, sentence: str, facts: Mapping[str, Any]) -> None:
        """Print the result of a command: `facts` as JSON, or `sentence`."""
        if self.as_json:
            print(json.dumps(facts))
        else:
            self.info(sentence, style="green")

    def user(self, user: SignedInUser, tokens: Tokens, *, show_tokens: bool = False) -> None:
        """Print the signed-in user. The tokens are printed with `show_tokens` and JSON only."""
        left = max(0, user.expires_at - int(time.time()))
        facts: dict[str, Any] = {
            "signed_in": True,
            "sub": user.sub,
            "email": user.email,
            "client_id": tokens.client_id,
            "expires_in": left,
        }
        if show_tokens:
            facts |= {
                field: getattr(tokens, field) for field in ("id_token", "access_token", "refresh_token")
            }
        name = user.email or user.sub
        self.result(f"Signed in as {name}. The tokens are verified and expire in {duration(left)}.", facts)

    def error(self, error: CliError) -> None:
        """Print an error: as JSON on standard output, or as a sentence on standard error."""
        if self.as_json:
            print(json.dumps({"error": error.message, "exit_code": error.exit_code}))
        else:
            _print(Console(stderr=True, highlight=False), error.message, "red")


def _print(console: Console, sentence: str, style: str) -> None:
    # Text, not markup: [brackets] in a name or an address stay as they are.
    # In a file or a pipe the sentence stays on one line, so that it can be searched.
    console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)
