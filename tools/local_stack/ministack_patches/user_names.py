"""User names and aliases in upper and lower case."""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import cognito

from tools.local_stack.ministack_patches.cognito_responses import CognitoResponse

Pool = dict[str, Any]
Request = dict[str, Any]
Resolve = Callable[[Pool, str | None], tuple[dict[str, Any] | None, Any]]
Handle = Callable[[Request], CognitoResponse]


def patch() -> None:
    """User names, email aliases and preferred user names ignore case if the pool says so."""
    cognito._resolve_user = _ignoring_case(cognito._resolve_user)
    cognito._sign_up = _with_stored_name(cognito._sign_up)
    cognito._admin_create_user = _with_stored_name(cognito._admin_create_user)


def ignores_case(pool: Pool) -> bool:
    """Whether the pool has CaseSensitive=false. The default of the API is true."""
    return (pool.get("UsernameConfiguration") or {}).get("CaseSensitive") is False


def _ignoring_case(resolve: Resolve) -> Resolve:
    """With CaseSensitive=false, any spelling of a user name or alias finds the user."""

    def resolved(pool: Pool, name: str | None) -> tuple[dict[str, Any] | None, Any]:
        user, error = resolve(pool, name)
        if user is None and name:
            # `resolve` decides whether a stored name is an alias: an email alias has to be verified.
            users = (resolve(pool, stored)[0] for stored in _same_names(pool, name))
            user = next((each for each in users if each), None)
        return (user, None) if user else (None, error)

    return resolved


def _with_stored_name(handle: Handle) -> Handle:
    """A new user whose name differs from that of another user only by case is a UsernameExistsException."""

    def handled(data: Request) -> CognitoResponse:
        pool, name = _pool_of(data), str(data.get("Username"))
        if pool is None or not ignores_case(pool):
            return handle(data)
        taken = (user for user in pool["_users"] if user.lower() == name.lower())
        return handle({**data, "Username": next(taken, data.get("Username"))})

    return handled


def _same_names(pool: Pool, name: str) -> Iterator[str]:
    if not ignores_case(pool):
        return
    for user in pool["_users"].values():
        attributes = cognito._attr_list_to_dict(user["Attributes"])
        for stored in (user["Username"], attributes.get("email"), attributes.get("preferred_username")):
            if stored and stored.lower() == name.lower():
                yield stored


def _pool_of(data: Request) -> Pool | None:
    if "UserPoolId" in data:
        return cognito._user_pools.get(data["UserPoolId"])  # type: ignore[no-any-return]
    return cognito._pool_for_client(data.get("ClientId"))[0]  # type: ignore[no-any-return]
