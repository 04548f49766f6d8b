"""Sign-ins on the page and grants in DynamoDB, one item each, deleted soon after they expire.

An attacker who reads the table cannot use its contents. Keys are hashes, and KMS encrypts Cognito's session
and the user name. The encryption context binds them to the item.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from passcode.adapters.botocore_clients import read_item, write_if
from passcode.adapters.kms import KmsEncryption
from passcode.hosted.state import (
    CODE_LIFE,
    Grant,
    SignInState,
    key_of_code,
    key_of_cookie,
)
from passcode.token_service.policy import REPEAT_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEEP = 3_600


@dataclass(frozen=True)
class HostedTable:
    """Stores sign-ins and grants. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str
    encryption: KmsEncryption

    def read(self, cookie: str, now: int) -> SignInState | None:
        """The sign-in of `cookie`; None if there is none or it has expired. Raises `Unavailable`.

        A sign-in that another release stored in an unknown form counts as none. The user starts again.
        """
        key = key_of_cookie(cookie)
        item = read_item(
            self.client.get_item, TableName=self.name, Key={"pk": {"S": key}}, ConsistentRead=True
        )
        expires_at, version = _number(item, "expires_at"), _number(item, "version")
        if expires_at <= now or version == 0:
            return None
        plain = item.get("kept", {}).get("S", "")
        secret = self._decrypted(item, key)
        try:
            return SignInState.unpack(plain, secret, expires_at=expires_at, version=version)
        except ValueError:
            return None

    def write(self, cookie: str, state: SignInState) -> bool:
        """Replace the previous version by `state`; False if another request did so first. One WCU."""
        key = key_of_cookie(cookie)
        plain, secret = state.pack()
        version_value = {":was": {"N": str(state.version)}} if state.version else {}
        values = {
            ":version": {"N": str(state.version + 1)},
            ":kept": {"S": plain},
            ":sealed": self._encrypted(secret, key),
            ":expires": {"N": str(state.expires_at)},
            ":ttl": {"N": str(state.expires_at + _KEEP)},
        }
        return self._update(
            key,
            "SET version = :version, kept = :kept, sealed = :sealed, expires_at = :expires, #ttl = :ttl",
            "version = :was" if version_value else "attribute_not_exists(pk)",
            values | version_value,
        )

    def increment_version(self, cookie: str, state: SignInState) -> bool:
        """Increment the version of `state`; False if another request did so first. One WCU, no KMS call."""
        values = {
            ":was": {"N": str(state.version)},
            ":one": {"N": "1"},
            ":ttl": {"N": str(state.expires_at + _KEEP)},
        }
        update = "SET version = version + :one, #ttl = :ttl"
        return self._update(key_of_cookie(cookie), update, "version = :was", values)

    def grant(self, code: str, grant: Grant, now: int) -> None:
        """Store the grant of `code` for one minute. Raises `Unavailable`."""
        key = key_of_code(code)
        values = {
            ":sealed": self._encrypted(grant.pack(), key),
            ":expires": {"N": str(now + CODE_LIFE)},
            ":ttl": {"N": str(now + _KEEP)},
        }
        update = "SET sealed = :sealed, expires_at = :expires, #ttl = :ttl"
        self._update(key, update, "attribute_not_exists(pk)", values)

    def redeem(self, code: str, use_id: str, now: int) -> Grant | None:
        """Return the grant of `code`, once and before expiry; else None. One WCU. Raises `Unavailable`.

        `use_id` identifies the request, so that its repeat gets the grant again for a few seconds. A grant
        that another release stored in an unknown form counts as none.
        """
        key = key_of_code(code)
        accepted, response = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression="SET used = if_not_exists(used, :now), use_id = :id",
            ConditionExpression="attribute_exists(pk) AND (attribute_not_exists(used) AND expires_at > :now"
            " OR use_id = :id AND used >= :recent)",
            ExpressionAttributeValues={
                ":now": {"N": str(now)},
                ":recent": {"N": str(now - REPEAT_SECONDS)},
                ":id": {"S": use_id},
            },
            ReturnValues="ALL_NEW",
        )
        if not accepted:
            return None
        content = self._decrypted(response["Attributes"], key)
        try:
            return Grant.unpack(content)
        except ValueError:
            return None

    def _update(self, key: str, update: str, condition: str, values: Mapping[str, Any]) -> bool:
        # After a lost response, the client repeats the write. Then the item has its id already.
        write_id = {"S": secrets.token_hex(8)}
        accepted, stored = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression=f"{update}, write_id = :id",
            ConditionExpression=condition,
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={**values, ":id": write_id},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return accepted or stored.get("write_id") == write_id

    def _encrypted(self, text: str, key: str) -> dict[str, Any]:
        return {"L": [{"B": part} for part in self.encryption.encrypt(text, key)]}

    def _decrypted(self, item: Mapping[str, Any], key: str) -> str:
        return self.encryption.decrypt([part["B"] for part in item.get("sealed", {}).get("L", [])], key)


def _number(item: Mapping[str, Any], name: str) -> int:
    """The number `name` of an item; 0 if it is missing."""
    return int(item.get(name, {}).get("N", "0"))
