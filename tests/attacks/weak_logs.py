"""Handlers and settings that show a secret."""

import logging
from typing import Any

from tests.attacks.sign_in import SignIn
from tests.support.events import code_of


class LogsEvents(SignIn):
    """Fault: each event is logged (`log_event=True`), so the log has the answer and the address."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        logging.getLogger().error("event %s", event)
        return super().create(event)

    def verify(self, event: dict[str, Any]) -> bool:
        logging.getLogger().error("event %s", event)
        return super().verify(event)


class ReturnsTheCode(SignIn):
    """Fault: the response to the app has the code."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        response = super().create(event)
        response["publicChallengeParameters"]["code"] = code_of(self.queued[-1].challenge)
        return response


class CodeInTheMetadata(SignIn):
    """Fault: the code is kept as text in the metadata of the round."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        response = super().create(event)
        response["challengeMetadata"] = f"CODE-{code_of(self.queued[-1].challenge)}"
        return response


class LibrariesLogToo:
    """Fault: the level of the root logger applies to all libraries."""

    def __call__(self) -> None: ...
