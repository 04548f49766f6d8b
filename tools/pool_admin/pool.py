"""A user pool and its app clients, read and updated without losing a setting."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from tools.pool_admin import unknown
from tools.pool_admin.carry import Settings, client_settings, pool_settings
from tools.pool_admin.changes import Change, changed, difference, same, value_at
from tools.pool_admin.errors import NOT_FOUND, AdminError, code_of

ATTRIBUTE = "custom:otp_channel"
_NEW_ATTRIBUTE = {
    "Name": "otp_channel",
    "AttributeDataType": "String",
    "Mutable": True,
    "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "8"},
}
# AWS may show an update a moment late.
_SHOWN_AFTER = (0.0, 0.5, 1.0, 2.0, 4.0)
_MFA_PARTS = (
    "SmsMfaConfiguration",
    "SoftwareTokenMfaConfiguration",
    "EmailMfaConfiguration",
    "WebAuthnConfiguration",
)


@dataclass(frozen=True)
class Pool:
    """The pool `pool_id`; `cognito` is a boto3 client in its region."""

    cognito: Any
    pool_id: str
    unknown: set[str] = field(default_factory=set)

    @classmethod
    def at(cls, cognito: Any, pool_id: str) -> "Pool":
        """The pool, watched for settings that the installed SDK does not know."""
        return cls(cognito, pool_id, unknown.watch(cognito))

    def describe(self) -> dict[str, Any]:
        """The pool as AWS describes it. Raises `AdminError` if it is not there."""
        try:
            found: dict[str, Any] = self.cognito.describe_user_pool(UserPoolId=self.pool_id)["UserPool"]
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                raise AdminError(
                    f"There is no user pool {self.pool_id} in this account. Check the id, and that the "
                    "credentials are those of the account that the pool is in."
                ) from None
            raise
        return found

    def settings(self) -> Settings:
        """The pool's settings as the update that changes nothing."""
        return pool_settings(self._model, self.describe())

    def client(self, client_id: str) -> Settings:
        """An app client's settings as the update that changes nothing. Raises `AdminError` if not there."""
        return client_settings(self._model, self.describe_client(client_id))

    def describe_client(self, client_id: str) -> dict[str, Any]:
        """An app client as AWS describes it. Raises `AdminError` if it is not there."""
        try:
            answer = self.cognito.describe_user_pool_client(UserPoolId=self.pool_id, ClientId=client_id)
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                raise AdminError(
                    f"The pool {self.pool_id} has no app client {client_id}. List them with `aws cognito-idp "
                    f"list-user-pool-clients --user-pool-id {self.pool_id}`."
                ) from None
            raise
        found: dict[str, Any] = answer["UserPoolClient"]
        return found

    def client_ids(self) -> list[str]:
        """Every app client of the pool."""
        pages = self.cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=self.pool_id)
        return [client["ClientId"] for page in pages for client in page["UserPoolClients"]]

    def provider(self, name: str) -> dict[str, Any] | None:
        """An identity provider as AWS describes it, without its secret; None if the pool has none such."""
        try:
            answer = self.cognito.describe_identity_provider(UserPoolId=self.pool_id, ProviderName=name)
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return None
            raise
        found: dict[str, Any] = answer["IdentityProvider"]
        details = found.get("ProviderDetails", {})
        return found | {"ProviderDetails": {k: v for k, v in details.items() if k != "client_secret"}}

    def has_attribute(self) -> bool:
        """Whether users can have a channel of their choice."""
        return any(found["Name"] == ATTRIBUTE for found in self.describe().get("SchemaAttributes", []))

    def add_attribute(self) -> None:
        """Let users have a channel of their choice. A pool never loses an attribute again."""
        if not self.has_attribute():
            self.cognito.add_custom_attributes(UserPoolId=self.pool_id, CustomAttributes=[_NEW_ATTRIBUTE])

    def update(self, changes: Sequence[Change]) -> None:
        """Make `changes` to the pool and nothing else. Raises `AdminError` if AWS did not keep the rest."""
        mfa = self._mfa()
        wanted = changed(self._unchanged_since(self.settings(), changes), changes)
        # No triggers at all is said, not left out: that is the one setting that detach may have to empty.
        self.cognito.update_user_pool(**{"LambdaConfig": {}} | wanted)
        if self._mfa() != mfa:
            self.cognito.set_user_pool_mfa_config(UserPoolId=self.pool_id, **mfa)
        self._confirm(wanted, changes, self.settings, f"The pool {self.pool_id}")

    def update_client(self, client_id: str, changes: Sequence[Change]) -> None:
        """The same for one app client."""
        wanted = changed(self._unchanged_since(self.client(client_id), changes), changes)
        self.cognito.update_user_pool_client(**wanted)
        self._confirm(wanted, changes, lambda: self.client(client_id), f"The app client {client_id}")

    @cached_property
    def _model(self) -> Any:
        return self.cognito.meta.service_model

    def _mfa(self) -> dict[str, Any]:
        answer = self.cognito.get_user_pool_mfa_config(UserPoolId=self.pool_id)
        return {name: answer[name] for name in (*_MFA_PARTS, "MfaConfiguration") if answer.get(name)}

    @staticmethod
    def _unchanged_since(now: Settings, changes: Sequence[Change]) -> Settings:
        moved = [change for change in changes if not same(value_at(now, change.path), change.before)]
        if moved:
            names = ", ".join(".".join(change.path) for change in moved)
            raise AdminError(
                f"Somebody changed {names} meanwhile. Run the command again and look at the plan."
            )
        return now

    @staticmethod
    def _confirm(
        wanted: Settings, changes: Sequence[Change], read: Callable[[], Settings], what: str
    ) -> None:
        gone = {change.path for change in changes if change.after is None}
        lost: list[str] = []
        for pause in _SHOWN_AFTER:
            time.sleep(pause)
            # A default that AWS tells of since is no loss.
            lost = [
                ".".join(left.path)
                for left in difference(wanted, read())
                if left.before is not None or left.path in gone
            ]
            if not lost:
                return
        raise AdminError(
            f"{what} did not keep {', '.join(lost)} as asked. Look at it, and run the command again."
        )
