"""What the commands of the token service print: the facts and the next step, or one JSON object."""

from __future__ import annotations

from rich.text import Text

from demo_client.errors import REFUSED, UNREACHABLE, WAIT, PlainError
from demo_client.token_client import Created, Proof, TokenApiError, TooSoon, Unreachable, WrongCode
from demo_client.view import View
from demo_client.words import duration, name


class TokenView:
    """Tokens and proofs are printed whole, on one line: they are what these commands are for."""

    def __init__(self, view: View) -> None:
        self._view = view

    def on_its_way(self, created: Created) -> None:
        where = f"by {name(created.channel)} to {created.destination}"
        if created.status == "SENT":
            self._view.say(f"A code went out {where}. It is good for {duration(created.expires_in)}.")
        else:
            self._view.say(
                f"Nothing new was sent: the code that went {where} is still good. "
                f"Another message can go out in {duration(created.resend_in)}."
            )

    def created(self, created: Created) -> None:
        if not self._view.as_json:
            self.on_its_way(created)
            self._lines({"subject": created.subject, "token": created.token})
        facts = {field: getattr(created, field) for field in Created.__dataclass_fields__}
        self._view.result("Judge the answer with the token: `token verify TOKEN CODE`.", facts)

    def proof(self, proof: Proof) -> None:
        if not self._view.as_json:
            self._lines({"subject": proof.subject, "proof": proof.jwt})
        facts = {"verified": True, "proof": proof.jwt}
        facts |= {field: getattr(proof, field) for field in ("expires_in", "channel", "subject")}
        left = duration(proof.expires_in)
        self._view.result(f"The code is right. The proof is good for {left}, for whoever checks it.", facts)

    def _lines(self, facts: dict[str, str]) -> None:
        for fact, value in facts.items():
            # A token that is broken into lines, as a table would do, cannot be copied.
            self._view.people.print(Text.assemble((f"{fact:<9}", "dim"), value), soft_wrap=True)


def plain(error: TokenApiError) -> PlainError:
    """The service's own sentence, and the exit code of what can be done about it."""
    if isinstance(error, WrongCode):
        return PlainError(wrong(error), REFUSED)
    if isinstance(error, TooSoon):
        return PlainError(error.sentence, WAIT)
    return PlainError(error.sentence, UNREACHABLE if isinstance(error, Unreachable) else REFUSED)


def wrong(error: WrongCode) -> str:
    """What a person is told who mistyped a code."""
    left = error.attempts_left or 0
    tries = {0: "The next answer has to wait", 1: "One try is left"}.get(left, f"{left} tries are left")
    return f"That code is not right. {tries}."
