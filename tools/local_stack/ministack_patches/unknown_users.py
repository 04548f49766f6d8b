"""Users who do not exist, in a flow of an app client that hides who exists."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import NAMESPACE_URL, uuid3

from ministack.services import cognito

User = dict[str, Any]
Resolve = Callable[[dict[str, Any], str | None], tuple[User | None, Any]]

_hidden: ContextVar[bool] = ContextVar("hidden", default=False)


@contextmanager
def simulated(pool: dict[str, Any], client_id: str) -> Iterator[None]:
    """Inside, an unknown name is a made-up user, if the app client has PreventUserExistenceErrors=ENABLED."""
    token = _hidden.set(cognito._hides_user_existence(pool, client_id))
    try:
        yield
    finally:
        _hidden.reset(token)


def is_simulated(user: User) -> bool:
    """Whether nobody has this user name."""
    return bool(user.get("_simulated"))


def patch() -> None:
    """For an unknown user in CUSTOM_AUTH all three triggers run, with userNotFound and without attributes."""
    cognito._resolve_user = _resolving(cognito._resolve_user)


def _resolving(resolve: Resolve) -> Resolve:
    def resolved(pool: dict[str, Any], name: str | None) -> tuple[User | None, Any]:
        user, error = resolve(pool, name)
        if user is None and name and _hidden.get():
            return _simulated(pool, name), None
        return user, error

    return resolved


def _simulated(pool: dict[str, Any], name: str) -> User:
    # The user name is a UUID of version 3, the same one each time. Nobody has the password.
    return {
        "Username": str(uuid3(NAMESPACE_URL, f"{pool['Id']}/{name}")),
        "Attributes": [],
        "Enabled": True,
        "UserStatus": "CONFIRMED",
        "_password": secrets.token_hex(),
        "_simulated": True,
    }
