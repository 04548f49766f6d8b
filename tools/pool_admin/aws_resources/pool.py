"""A user pool and its app clients, read and updated without losing a setting."""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from tools.pool_admin.aws_resources.pool_settings import (
    KEPT_BY_AWS,
    Change,
    Settings,
    changed,
    client_settings,
    difference,
    members,
    pool_settings,
    same,
    value_at,
)
from tools.pool_admin.aws_resources.unknown_settings import keep_unknown_members, unknown_settings
from tools.pool_admin.errors import NOT_FOUND, AdminError, code_of

ATTRIBUTE = "custom:otp_channel"
NEW_ATTRIBUTE = {
    "Name": "otp_channel",
    "AttributeDataType": "String",
    "Mutable": True,
    "StringAttributeConstraints": {"MinLength": "0", "MaxLength": "8"},
}
# AWS may show an update a moment late.
_SHOWN_AFTER = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Pool:
    """The pool `pool_id`; `cognito` is a boto3 client in its region.

    `unknown` collects the names of described settings that this tool has no rule for.
    """

    cognito: Any
    pool_id: str
    unknown: set[str] = field(default_factory=set)

    @classmethod
    def at(cls, cognito: Any, pool_id: str) -> "Pool":
        """The pool, described with the settings that the installed SDK does not know."""
        keep_unknown_members(cognito)
        return cls(cognito, pool_id)

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
        self.unknown.update(unknown_settings(self._model, "DescribeUserPool", found))
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
        self.unknown.update(unknown_settings(self._model, "DescribeUserPoolClient", found))
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
            self.cognito.add_custom_attributes(UserPoolId=self.pool_id, CustomAttributes=[NEW_ATTRIBUTE])

    def check_settings_are_known(self, accepted: Collection[str]) -> None:
        """Raise `AdminError` if AWS described a setting that has no rule here and is not in `accepted`.

        Call it after the descriptions that an update starts from, and before the update.
        """
        self._mfa()
        if names := sorted(self.unknown - set(accepted)):
            raise AdminError(
                f"This release of Cognito Passcode does not know {', '.join(names)}, which AWS describes. "
                "An update may reset such a setting, so nothing was changed. Install a newer release. If "
                "there is none, read AWS's page about the setting, and run the command again with "
                f"{' '.join(f'--accept {name}' for name in names)}."
            )

    def update(self, changes: Sequence[Change]) -> None:
        """Make `changes` to the pool and nothing else. Raises `AdminError` if AWS did not keep the rest."""
        mfa, before = self._mfa(), self.describe()
        wanted = changed(self._unchanged_since(pool_settings(self._model, before), changes), changes)
        # LambdaConfig is sent even when it is empty: detach may have to remove the last trigger.
        self.cognito.update_user_pool(**{"LambdaConfig": {}} | wanted)
        if self._mfa() != mfa:
            self.cognito.set_user_pool_mfa_config(UserPoolId=self.pool_id, **mfa)

        def lost() -> list[str]:
            now = self.describe()
            return [
                *_not_as_sent(wanted, pool_settings(self._model, now), changes),
                *self._not_kept("UpdateUserPool", before, now),
            ]

        _confirm(lost, f"The pool {self.pool_id}")

    def update_client(self, client_id: str, changes: Sequence[Change]) -> None:
        """Make `changes` to one app client and nothing else. Raises `AdminError` as `update` does."""
        before = self.describe_client(client_id)
        wanted = changed(self._unchanged_since(client_settings(self._model, before), changes), changes)
        self.cognito.update_user_pool_client(**wanted)

        def lost() -> list[str]:
            now = self.describe_client(client_id)
            return [
                *_not_as_sent(wanted, client_settings(self._model, now), changes),
                *self._not_kept("UpdateUserPoolClient", before, now),
            ]

        _confirm(lost, f"The app client {client_id}")

    @cached_property
    def _model(self) -> ServiceModel:
        model: ServiceModel = self.cognito.meta.service_model
        return model

    def _mfa(self) -> dict[str, Any]:
        """The pool's MFA settings as the SetUserPoolMfaConfig request that changes nothing."""
        answer = self.cognito.get_user_pool_mfa_config(UserPoolId=self.pool_id)
        self.unknown.update(unknown_settings(self._model, "GetUserPoolMfaConfig", answer))
        taken = members(self._model, "SetUserPoolMfaConfigRequest")
        return {name: answer[name] for name in taken if answer.get(name)}

    def _not_kept(self, operation: str, before: Settings, now: Settings) -> list[str]:
        """The names of settings that were not sent, and that the update changed all the same."""
        return [
            name
            for name in sorted(KEPT_BY_AWS[operation] | self.unknown)
            if value_at(before, name.split(".")) != value_at(now, name.split("."))
        ]

    @staticmethod
    def _unchanged_since(now: Settings, changes: Sequence[Change]) -> Settings:
        moved = [change for change in changes if not same(value_at(now, change.path), change.before)]
        if moved:
            names = ", ".join(".".join(change.path) for change in moved)
            raise AdminError(
                f"{names} changed after this plan was made. Run the command again and read the new plan."
            )
        return now


def _not_as_sent(wanted: Settings, now: Settings, changes: Sequence[Change]) -> list[str]:
    """The names of settings that do not have the value that the update sent.

    A setting that was not sent and is described now is AWS's default, unless `changes` remove it.
    """
    removed = {change.path for change in changes if change.after is None}
    return [
        ".".join(change.path)
        for change in difference(wanted, now)
        if change.before is not None or change.path in removed
    ]


def _confirm(lost: Callable[[], list[str]], what: str) -> None:
    """Raise `AdminError` if `lost` still names settings after AWS had time to show the update."""
    names: list[str] = []
    for pause in _SHOWN_AFTER:
        time.sleep(pause)
        if not (names := lost()):
            return
    raise AdminError(
        f"{what} did not keep {', '.join(names)}. Compare it with the plan, and run the command again."
    )
