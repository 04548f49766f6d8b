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


@dataclass(eq=False, repr=False)
class CognitoUsers:
    """Reads users. `client` returns a botocore Cognito client, which is made at the first use."""

    client: Callable[[], "CognitoIdentityProviderClient"]
    pool_id: str

    def attributes(self, user_name: str, sub: str) -> Mapping[str, str] | None:
        """Return the attributes of the user with this `sub`; None if the user is deleted or disabled.

        A new user may have got the name since, so the `sub` is compared too. One call. Raises `Unavailable`.
        """
        attributes = self.find_by_name(user_name)
        return attributes if attributes and attributes["sub"] == sub else None

    def find_by_name(self, user_name: str) -> Mapping[str, str] | None:
        """Return the attributes of the user with this name; None if the user is deleted or disabled.

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
            return {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}


@dataclass(eq=False, repr=False)
class IdentityLinker:
    """Links users. `client` returns a botocore Cognito client. `provider` names the identity provider."""

    client: Callable[[], "CognitoIdentityProviderClient"]
    pool_id: str
    provider: str
    users: CognitoUsers

    def link_user(self, user_name: str, attributes: Mapping[str, str]) -> None:
        """Link the user to the provider, without a call if there is a link already. Raises `Unavailable`.

        Without the link Cognito would create a second user, with another `sub` and the same address. So an
        error never counts as a link. Only the identity among the user's attributes proves the link.
        """
        if self._is_linked(attributes):
            return
        with unavailable("the pool"):
            try:
                self._link(user_name, attributes["sub"])
            except ClientError as error:
                # Cognito also returns this error if a simultaneous request linked the user first.
                if error_code(error) != "InvalidParameterException":
                    raise
                if not self._is_linked(self.users.attributes(user_name, attributes["sub"]) or {}):
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

    def _is_linked(self, attributes: Mapping[str, str]) -> bool:
        wanted = (self.provider, attributes.get("sub"))
        identities = json.loads(attributes.get("identities", "[]"))
        return any(
            (identity.get("providerName"), identity.get("userId")) == wanted for identity in identities
        )
