"""The users of the pool with their current attributes, and their links to the provider's identity."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from passcode.adapters.botocore_clients import error_code, unavailable
from passcode.token_service.refusal import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True)
class CognitoUsers:
    """Reads users. `client` returns a botocore Cognito client, which is made at the first use."""

    client: Callable[[], "CognitoIdentityProviderClient"]
    pool_id: str

    def attributes(self, user_name: str, sub: str) -> Mapping[str, str] | None:
        """The attributes of the user with this `sub`; None if the user is deleted or disabled.

        A new user may have got the name since, so the `sub` is compared too. One call. Raises `Unavailable`.
        """
        found = self.named(user_name)
        return found if found and found["sub"] == sub else None

    def named(self, user_name: str) -> Mapping[str, str] | None:
        """The attributes of the user who has this name now; None if there is none, or if it is disabled.

        One call. Raises `Unavailable`.
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


@dataclass(frozen=True)
class IdentityLinker:
    """Links users. `client` returns a botocore Cognito client, `provider` is its name in the pool."""

    client: Callable[[], "CognitoIdentityProviderClient"]
    pool_id: str
    provider: str
    users: CognitoUsers

    def make(self, user_name: str, attributes: Mapping[str, str]) -> None:
        """Link the user, unless there is a link. Then it makes no call. Raises `Unavailable` if this fails.

        Without the link Cognito would create a second user, with another `sub` and the same address. So an
        error never counts as a link: only the identity among the user's attributes proves it.
        """
        if self._linked(attributes):
            return
        with unavailable("the pool"):
            try:
                self._link(user_name, attributes["sub"])
            except ClientError as error:
                # Cognito also returns this error if a simultaneous request linked the user first.
                if error_code(error) != "InvalidParameterException":
                    raise
                if not self._linked(self.users.attributes(user_name, attributes["sub"]) or {}):
                    raise Unavailable("the pool does not link the user to the provider") from None

    def _link(self, user_name: str, subject: str) -> None:
        self.client().admin_link_provider_for_user(
            UserPoolId=self.pool_id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": user_name},
            SourceUser={
                "ProviderName": self.provider,
                "ProviderAttributeName": "Cognito_Subject",
                "ProviderAttributeValue": subject,
            },
        )

    def _linked(self, attributes: Mapping[str, str]) -> bool:
        wanted = (self.provider, attributes.get("sub"))
        found = json.loads(attributes.get("identities", "[]"))
        return any((each.get("providerName"), each.get("userId")) == wanted for each in found)
