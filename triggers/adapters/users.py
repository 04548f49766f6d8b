"""A user of the pool as the pool knows them now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from adapters.clients import error_code, unavailable


@dataclass(frozen=True)
class Users:
    """Reads users. `client` answers a botocore Cognito client, which is made only when it is used."""

    client: Callable[[], Any]
    pool_id: str

    def attributes(self, user_name: str, sub: str) -> Mapping[str, str] | None:
        """The attributes of the user who is `sub`; None if they are gone or disabled, whatever a token says.

        Somebody else may have been given the name since, and is not meant. One call. Raises `Unavailable`.
        """
        found = self.named(user_name)
        return found if found and found["sub"] == sub else None

    def named(self, user_name: str) -> Mapping[str, str] | None:
        """The attributes of whoever has the name now; None if nobody has, or they are disabled. One call.

        Raises `Unavailable`.
        """
        with unavailable("the pool"):
            try:
                user = self.client().admin_get_user(UserPoolId=self.pool_id, Username=user_name)
            except ClientError as error:
                if error_code(error) == "UserNotFoundException":
                    return None
                raise
        if not user["Enabled"]:
            return None
        return {each["Name"]: each["Value"] for each in user["UserAttributes"]}
