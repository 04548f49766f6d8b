"""A user pool and its app clients: reads them, and updates them without losing a setting."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from tools.pool_admin.aws_resources.pool_settings import (
    KEPT_BY_AWS,
    Change,
    Settings,
    client_settings,
    difference,
    is_same_value,
    pool_settings,
    structure_members,
    value_at,
    with_changes,
)
from tools.pool_admin.aws_resources.unknown_settings import keep_unknown_members, unknown_settings
from tools.pool_admin.errors import NOT_FOUND, AdminError, error_code

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

ATTRIBUTE = "custom:otp_channel"
NEW_ATTRIBUTE: Any = {
    "Name": "otp_channel",
    "AttributeDataType": "String",
    "Mutable": True,
    "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "8"},
}
# Seconds. AWS can describe an update with a short delay.
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Pool:
    """The pool `pool_id`; `cognito` is a client in its region.

    Every description adds to `unknown` the names of settings that this tool does not know.
    """

    cognito: CognitoIdentityProviderClient
    pool_id: str
    unknown: set[str] = field(default_factory=set)

    @classmethod
    def with_unknown_settings(cls, cognito: CognitoIdentityProviderClient, pool_id: str) -> Pool:
        """The pool, whose descriptions include the settings that the installed SDK does not know."""
        keep_unknown_members(cognito)
        return cls(cognito, pool_id)

    def describe(self) -> dict[str, Any]:
        """The pool as AWS describes it. Raises `AdminError` if it does not exist."""
        try:
            pool = dict(self.cognito.describe_user_pool(UserPoolId=self.pool_id)["UserPool"])
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                raise AdminError(
                    f"There is no user pool {self.pool_id} in this account. Check the id, and use "
                    "credentials of the account that has the pool."
                ) from None
            raise
        self.unknown.update(unknown_settings(self._model, "DescribeUserPool", pool))
        return pool

    def settings(self) -> Settings:
        """The UpdateUserPool request that changes nothing."""
        return pool_settings(self._model, self.describe())

    def client_settings(self, client_id: str) -> Settings:
        """The UpdateUserPoolClient request that changes nothing. Raises as `describe_client` does."""
        return client_settings(self._model, self.describe_client(client_id))

    def describe_client(self, client_id: str) -> dict[str, Any]:
        """An app client as AWS describes it. Raises `AdminError` if the pool does not have it."""
        try:
            response = self.cognito.describe_user_pool_client(UserPoolId=self.pool_id, ClientId=client_id)
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                raise AdminError(
                    f"The pool {self.pool_id} has no app client {client_id}. List them with `aws cognito-idp "
                    f"list-user-pool-clients --user-pool-id {self.pool_id}`."
                ) from None
            raise
        client = dict(response["UserPoolClient"])
        self.unknown.update(unknown_settings(self._model, "DescribeUserPoolClient", client))
        return client

    def client_ids(self) -> list[str]:
        """The ids of all app clients of the pool."""
        pages = self.cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=self.pool_id)
        return [client["ClientId"] for page in pages for client in page["UserPoolClients"]]

    def provider(self, name: str) -> dict[str, Any] | None:
        """An identity provider without its secret; None if the pool does not have it."""
        try:
            response = self.cognito.describe_identity_provider(UserPoolId=self.pool_id, ProviderName=name)
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                return None
            raise
        provider = dict(response["IdentityProvider"])
        details = response["IdentityProvider"].get("ProviderDetails", {})
        return provider | {"ProviderDetails": {k: v for k, v in details.items() if k != "client_secret"}}

    def has_attribute(self) -> bool:
        """Whether the pool has the attribute for a user's preferred channel."""
        return any(
            attribute["Name"] == ATTRIBUTE for attribute in self.describe().get("SchemaAttributes", [])
        )

    def add_attribute(self) -> None:
        """Add the attribute for a user's preferred channel. Cognito cannot remove an attribute again."""
        if not self.has_attribute():
            self.cognito.add_custom_attributes(UserPoolId=self.pool_id, CustomAttributes=[NEW_ATTRIBUTE])

    def unknown_settings(self) -> frozenset[str]:
        """The names of the settings that AWS described so far and that this tool does not know.

        Call it after the descriptions that an update starts from.
        """
        self._mfa()
        return frozenset(self.unknown)

    def update(self, changes: Sequence[Change]) -> None:
        """Make `changes` to the pool and nothing else.

        Raises `AdminError` if the pool has changed since the plan, or if AWS did not keep other settings.
        """
        mfa, before = self._mfa(), self.describe()
        wanted: Any = with_changes(
            self._unchanged_since(pool_settings(self._model, before), changes), changes
        )
        # LambdaConfig is sent even if it is empty, because detach can remove the last trigger.
        self.cognito.update_user_pool(**{"LambdaConfig": {}} | wanted)
        if self._mfa() != mfa:
            self.cognito.set_user_pool_mfa_config(UserPoolId=self.pool_id, **mfa)

        def lost() -> list[str]:
            now = self.describe()
            return [
                *_not_as_sent(wanted, pool_settings(self._model, now), changes),
                *self._not_kept("UpdateUserPool", before, now),
            ]

        _check_update(lost, f"The pool {self.pool_id}")

    def update_client(self, client_id: str, changes: Sequence[Change]) -> None:
        """Make `changes` to one app client and nothing else. Raises `AdminError` as `update` does."""
        before = self.describe_client(client_id)
        wanted: Any = with_changes(
            self._unchanged_since(client_settings(self._model, before), changes), changes
        )
        self.cognito.update_user_pool_client(**wanted)

        def lost() -> list[str]:
            now = self.describe_client(client_id)
            return [
                *_not_as_sent(wanted, client_settings(self._model, now), changes),
                *self._not_kept("UpdateUserPoolClient", before, now),
            ]

        _check_update(lost, f"The app client {client_id}")

    @cached_property
    def _model(self) -> ServiceModel:
        model: ServiceModel = self.cognito.meta.service_model
        return model

    def _mfa(self) -> dict[str, Any]:
        """The SetUserPoolMfaConfig request that changes nothing."""
        response: Mapping[str, Any] = self.cognito.get_user_pool_mfa_config(UserPoolId=self.pool_id)
        self.unknown.update(unknown_settings(self._model, "GetUserPoolMfaConfig", response))
        accepted = structure_members(self._model, "SetUserPoolMfaConfigRequest")
        return {name: response[name] for name in accepted if response.get(name)}

    def _not_kept(self, operation: str, before: Settings, now: Settings) -> list[str]:
        """The names of the settings that were not sent, and that the update changed nevertheless."""
        return [
            name
            for name in sorted(KEPT_BY_AWS[operation] | self.unknown)
            if value_at(before, name.split(".")) != value_at(now, name.split("."))
        ]

    @staticmethod
    def _unchanged_since(now: Settings, changes: Sequence[Change]) -> Settings:
        different = [
            change for change in changes if not is_same_value(value_at(now, change.path), change.before)
        ]
        if different:
            names = ", ".join(".".join(change.path) for change in different)
            raise AdminError(
                f"{names} changed after this plan was made. Run the command again and read the new plan."
            )
        return now


def _not_as_sent(wanted: Settings, now: Settings, changes: Sequence[Change]) -> list[str]:
    """The names of the settings that do not have the value that the update sent.

    A setting that was not sent and is described now is a default of AWS, unless `changes` remove it.
    """
    removed = {change.path for change in changes if change.after is None}
    return [
        ".".join(change.path)
        for change in difference(wanted, now)
        if change.before is not None or change.path in removed
    ]


def _check_update(lost: Callable[[], list[str]], resource: str) -> None:
    """Raise `AdminError` if `lost` still names settings after the last of the pauses."""
    names: list[str] = []
    for pause in _PAUSES:
        time.sleep(pause)
        if not (names := lost()):
            return
    raise AdminError(
        f"{resource} did not keep {', '.join(names)}. Compare it with the plan, and run the command again."
    )
