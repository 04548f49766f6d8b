"""Unknown users, in a flow of an app client that hides whether a user exists."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import NAMESPACE_URL, uuid3

from ministack.services import cognito

from tools.local_stack.ministack_patches.user_names import ignores_case

User = dict[str, Any]
Resolve = Callable[[dict[str, Any], str | None], tuple[User | None, Any]]

_simulating: ContextVar[bool] = ContextVar("simulating", default=False)


@contextmanager
def simulated(pool: dict[str, Any], client_id: str) -> Iterator[None]:
    """With PreventUserExistenceErrors=ENABLED, an unknown name resolves to a simulated user in the body."""
    token = _simulating.set(cognito._hides_user_existence(pool, client_id))
    try:
        yield
    finally:
        _simulating.reset(token)


def is_simulated(user: User) -> bool:
    """Whether this user does not exist in the pool."""
    return bool(user.get("_simulated"))


def patch() -> None:
    """For an unknown user in CUSTOM_AUTH all three triggers run, with userNotFound and without attributes."""
    cognito._resolve_user = _with_simulated_users(cognito._resolve_user)


def _with_simulated_users(resolve: Resolve) -> Resolve:
    def resolved(pool: dict[str, Any], name: str | None) -> tuple[User | None, Any]:
        user, error = resolve(pool, name)
        if user is None and name and _simulating.get():
            return _simulated(pool, name), None
        return user, error

    return resolved


def _simulated(pool: dict[str, Any], name: str) -> User:
    # As on AWS, the user name is always the same UUID of version 3. A pool that ignores case changes names to
    # lower case first. The password is random.
    folded = name.lower() if ignores_case(pool) else name
    return {
        "Username": str(uuid3(NAMESPACE_URL, f"{pool['Id']}/{folded}")),
        "Attributes": [],
        "Enabled": True,
        "UserStatus": "CONFIRMED",
        "_password": secrets.token_hex(),
        "_simulated": True,
    }
