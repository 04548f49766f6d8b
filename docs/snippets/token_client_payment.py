import os
from collections.abc import Callable

from demo_client.token_client import Created, TokenClient, WrongCode

codes = TokenClient(os.environ["TOKEN_API_URL"])


def approve(email: str, amount: str, ask: Callable[[Created], str]) -> tuple[str, str]:
    """Return a proof that the reader of `email` approved `amount`, and the proof's subject. `ask` shows
    created.destination and returns what the user typed."""
    created = codes.create(email=email, purpose=f"approve a payment of {amount}", audience="payments")
    while True:
        try:
            return codes.verify(created.token, ask(created)).jwt, created.subject
        except WrongCode as wrong:
            if wrong.attempts_left == 0:
                raise
