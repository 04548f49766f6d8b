"""A user pool and its app clients: reads them, and updates them without losing a setting."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from tools.pool_admin.aws_resources.pool_settings import (
    KEPT_BY_AWS,
    SettingChange,
    Settings,
    client_settings,
    difference,
    is_same_value,
    mfa_settings,
    pool_settings,
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
_TIMES = ("CreationDate", "LastModifiedDate")
# Seconds. AWS can describe an update with a short delay.
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Description:
    """A pool, an app client or the MFA of a pool.

    `described` is the description of AWS, and `settings` the update request that changes nothing. `unknown`
    are the names of the settings that this tool does not know.
    """

    described: dict[str, Any]
    settings: Settings
    unknown: frozenset[str]


@dataclass(frozen=True)
class Pool:
    """The pool `pool_id`; `cognito` is a client in its region."""

    cognito: CognitoIdentityProviderClient
    pool_id: str

    @classmethod
    def with_unknown_settings(cls, cognito: CognitoIdentityProviderClient, pool_id: str) -> Pool:
        """Return the pool, whose descriptions include the settings that the installed SDK does not know."""
        keep_unknown_members(cognito)
        return cls(cognito, pool_id)

    def describe(self) -> dict[str, Any]:
        """Return the pool as AWS describes it. Raises `AdminError` if it does not exist."""
        try:
            return dict(self.cognito.describe_user_pool(UserPoolId=self.pool_id)["UserPool"])
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                raise AdminError(
                    f"There is no user pool {self.pool_id} in this account. Check the id, and use "
                    "credentials of the account that has the pool."
                ) from None
            raise

    def read(self) -> Description:
        """Return the pool, with the UpdateUserPool request. Raises as `describe` does."""
        described = self.describe()
        return self._description("DescribeUserPool", described, pool_settings(self._model, described))

    def read_client(self, client_id: str) -> Description:
        """Return an app client, with the UpdateUserPoolClient request. Raises as `describe_client` does."""
        described = self.describe_client(client_id)
        return self._description("DescribeUserPoolClient", described, client_settings(self._model, described))

    def read_mfa(self) -> Description:
        """Return the MFA of the pool, with the SetUserPoolMfaConfig request without the pool's id."""
        described = dict(self.cognito.get_user_pool_mfa_config(UserPoolId=self.pool_id))
        settings = mfa_settings(self._model, described)
        return self._description("GetUserPoolMfaConfig", described, settings)

    def describe_client(self, client_id: str) -> dict[str, Any]:
        """Return an app client as AWS describes it. Raises `AdminError` if the pool does not have it."""
        try:
            response = self.cognito.describe_user_pool_client(UserPoolId=self.pool_id, ClientId=client_id)
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                raise AdminError(
                    f"The pool {self.pool_id} has no app client {client_id}. List them with `aws cognito-idp "
                    f"list-user-pool-clients --user-pool-id {self.pool_id}`."
                ) from None
            raise
        return dict(response["UserPoolClient"])

    def client_ids(self) -> list[str]:
        """Return the ids of all app clients of the pool."""
        pages = self.cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=self.pool_id)
        return [client["ClientId"] for page in pages for client in page["UserPoolClients"]]

    def provider(self, name: str) -> dict[str, Any] | None:
        """Return an identity provider without its secret; None if the pool does not have it."""
        try:
            response = self.cognito.describe_identity_provider(UserPoolId=self.pool_id, ProviderName=name)
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                return None
            raise
        provider = dict(response["IdentityProvider"])
        details = response["IdentityProvider"].get("ProviderDetails", {})
        return provider | {"ProviderDetails": {k: v for k, v in details.items() if k != "client_secret"}}

    def set_acr_mapping(self, name: str, mapping: Mapping[str, str]) -> None:
        """Set the AcrMapping of an identity provider and nothing else.

        Raises `AdminError` if AWS does not describe it afterwards, or if another setting changed.
        """
        wanted = {**(self.provider(name) or {}), "AcrMapping": dict(mapping)}
        # An update keeps the members that it leaves out. So the provider's secret is not sent.
        self.cognito.update_identity_provider(
            UserPoolId=self.pool_id, ProviderName=name, AcrMapping=dict(mapping)
        )

        def changed() -> list[str]:
            differences = difference(wanted, self.provider(name) or {})
            return [".".join(each.path) for each in differences if each.path[0] not in _TIMES]

        _check_update(changed, f"the identity provider {name}", ())

    def add_attribute(self) -> None:
        """Add the attribute for a user's preferred channel. Cognito cannot remove an attribute again."""
        if not has_attribute(self.describe()):
            self.cognito.add_custom_attributes(UserPoolId=self.pool_id, CustomAttributes=[NEW_ATTRIBUTE])

    def update(
        self, changes: Sequence[SettingChange], mfa: Settings | None = None, accepted: Collection[str] = ()
    ) -> list[str]:
        """Make `changes` to the pool and nothing else. `mfa` are its MFA settings, None for the present ones.

        Returns a note for each setting in `accepted` that AWS changed. Raises `AdminError` if the pool has
        changed since the plan, or if AWS did not keep other settings.
        """
        mfa_before, before = self.read_mfa(), self.read()
        kept_mfa = mfa_before.settings if mfa is None else mfa
        wanted: Any = with_changes(self._unchanged_since(before.settings, changes), changes)
        # LambdaConfig is sent even if it is empty, because detach can remove the last trigger.
        self.cognito.update_user_pool(**{"LambdaConfig": {}} | wanted)
        # Without MFA in the request AWS has turned MFA off, even if it does not describe that yet.
        is_off = wanted.get("MfaConfiguration", "OFF") != kept_mfa.get("MfaConfiguration", "OFF")
        self.restore_mfa(kept_mfa, is_off=is_off)

        def changed() -> list[str]:
            now, mfa_now = self.read(), self.read_mfa()
            # If an earlier update was interrupted, this one sent MFA as off.
            sent = {name: value for name, value in wanted.items() if name != "MfaConfiguration"}
            return [
                *_not_as_sent(sent, now.settings, changes),
                *_not_as_sent(kept_mfa, mfa_now.settings, ()),
                *_not_kept("UpdateUserPool", before, now),
                *_not_kept("SetUserPoolMfaConfig", mfa_before, mfa_now),
            ]

        return _check_update(changed, f"the pool {self.pool_id}", accepted)

    def restore_mfa(self, mfa: Settings, *, is_off: bool = False) -> None:
        """Set the MFA of the pool to `mfa` if it is different or `is_off`."""
        if is_off or not is_same_value(self.read_mfa().settings, mfa):
            request: Any = mfa
            self.cognito.set_user_pool_mfa_config(UserPoolId=self.pool_id, **request)

    def update_client(
        self, client_id: str, changes: Sequence[SettingChange], accepted: Collection[str] = ()
    ) -> list[str]:
        """Make `changes` to one app client and nothing else. Returns and raises as `update` does."""
        before = self.read_client(client_id)
        wanted: Any = with_changes(self._unchanged_since(before.settings, changes), changes)
        self.cognito.update_user_pool_client(**wanted)

        def changed() -> list[str]:
            now = self.read_client(client_id)
            return [
                *_not_as_sent(wanted, now.settings, changes),
                *_not_kept("UpdateUserPoolClient", before, now),
            ]

        return _check_update(changed, f"the app client {client_id}", accepted)

    @cached_property
    def _model(self) -> ServiceModel:
        model: ServiceModel = self.cognito.meta.service_model
        return model

    def _description(self, operation: str, described: dict[str, Any], settings: Settings) -> Description:
        unknown = unknown_settings(self._model, operation, described)
        return Description(described, settings, frozenset(unknown))

    @staticmethod
    def _unchanged_since(now: Settings, changes: Sequence[SettingChange]) -> Settings:
        different = [
            change for change in changes if not is_same_value(value_at(now, change.path), change.before)
        ]
        if different:
            names = ", ".join(".".join(change.path) for change in different)
            raise AdminError(
                f"{names} changed after this plan was made. Run the command again and read the new plan."
            )
        return now


def has_attribute(described: Mapping[str, Any]) -> bool:
    """Return whether the pool has the attribute for a user's preferred channel."""
    return any(attribute["Name"] == ATTRIBUTE for attribute in described.get("SchemaAttributes") or [])


def _not_as_sent(wanted: Settings, now: Settings, changes: Sequence[SettingChange]) -> list[str]:
    """Return the names of the settings that do not have the value that the update sent.

    A setting that was not sent and is described now is a default of AWS, unless `changes` remove it.
    """
    removed = {change.path for change in changes if change.after is None}
    return [
        ".".join(change.path)
        for change in difference(wanted, now)
        if change.before is not None or change.path in removed
    ]


def _not_kept(operation: str, before: Description, now: Description) -> list[str]:
    """Return the names of the settings that `operation` did not send, and that are different nevertheless."""
    names = KEPT_BY_AWS.get(operation, frozenset()) | before.unknown | now.unknown
    return [
        name
        for name in sorted(names)
        if not is_same_value(
            value_at(before.described, name.split(".")), value_at(now.described, name.split("."))
        )
    ]


def _check_update(changed: Callable[[], list[str]], resource: str, accepted: Collection[str]) -> list[str]:
    """Return a note for each changed setting in `accepted`.

    Raises `AdminError` if `changed` still names other settings after the last of the pauses.
    """
    names: list[str] = []
    for pause in _PAUSES:
        time.sleep(pause)
        names = changed()
        if not set(names) - set(accepted):
            return [f"AWS changed {name} of {resource}, as --accept allows." for name in names]
    lost = ", ".join(name for name in names if name not in accepted)
    raise AdminError(
        f"AWS did not keep {lost} of {resource}. Compare it with the plan, and run the command again."
    )
