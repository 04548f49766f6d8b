"""Demo users: random accounts for the scenarios and for the demo page."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user of the demo: an email address, a phone number and a random password."""

    email: str
    phone: str
    password: str = field(repr=False)


def new_demo_user(name: str) -> DemoUser:
    """Return a user whose email address begins with `name`. It does not exist in a pool yet."""
    return DemoUser(
        email=f"{name}-{secrets.token_hex(2)}@passcode.example",
        # The numbers 206-555-0100 to -0199 are reserved for fiction.
        phone=f"+1206555{secrets.randbelow(100) + 100:04}",
        password=f"local-{secrets.token_hex(5)}",
    )
