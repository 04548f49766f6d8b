"""Sign-ins on the page and grants in DynamoDB, one item each, deleted soon after they expire.

An attacker who reads the table cannot use its contents. Keys are hashes, and KMS encrypts Cognito's session
and the user name. The encryption context binds them to the item.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from passcode.adapters.botocore_clients import unavailable, write_if
from passcode.adapters.kms import KmsEncryption
from passcode.hosted.state import (
    CODE_LIFE,
    AuthorizationRequest,
    Grant,
    Notice,
    SignInPhase,
    SignInState,
    key_of_code,
    key_of_cookie,
)

_KEEP = 3_600


@dataclass(frozen=True)
class HostedTable:
    """Stores sign-ins and grants. `client` is a botocore DynamoDB client."""

    client: Any
    name: str
    encryption: KmsEncryption

    def read(self, cookie: str, now: int) -> SignInState | None:
        """Return the sign-in of `cookie`; None if there is none or it has expired. Raises `Unavailable`."""
        key = key_of_cookie(cookie)
        with unavailable("the table"):
            response = self.client.get_item(TableName=self.name, Key={"pk": {"S": key}}, ConsistentRead=True)
        item = response.get("Item")
        if item is None or int(item["expires_at"]["N"]) <= now:
            return None
        return self._state(item, key)

    def write(self, cookie: str, state: SignInState) -> bool:
        """Replace the previous version by `state`; False if another request did so first. One WCU."""
        key = key_of_cookie(cookie)
        version_value = {":was": {"N": str(state.version)}} if state.version else {}
        values = {
            ":version": {"N": str(state.version + 1)},
            ":kept": {"S": json.dumps(_public_values(state))},
            ":sealed": self._encrypted([state.user_name, state.session], key),
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
            ":sealed": self._encrypted(asdict(grant), key),
            ":expires": {"N": str(now + CODE_LIFE)},
            ":ttl": {"N": str(now + _KEEP)},
        }
        update = "SET sealed = :sealed, expires_at = :expires, #ttl = :ttl"
        self._update(key, update, "attribute_not_exists(pk)", values)

    def redeem(self, code: str, now: int) -> Grant | None:
        """Return the grant of `code`, once and before expiry; else None. One WCU. Raises `Unavailable`."""
        key = key_of_code(code)
        accepted, response = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression="SET used = :now",
            ConditionExpression="attribute_exists(pk) AND attribute_not_exists(used) AND expires_at > :now",
            ExpressionAttributeValues={":now": {"N": str(now)}},
            ReturnValues="ALL_NEW",
        )
        return Grant(**self._decrypted(response["Attributes"], key)) if accepted else None

    def _update(self, key: str, update: str, condition: str, values: Mapping[str, Any]) -> bool:
        accepted, _ = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues=values,
        )
        return accepted

    def _encrypted(self, value: object, key: str) -> dict[str, Any]:
        return {"L": [{"B": part} for part in self.encryption.encrypt(json.dumps(value), key)]}

    def _decrypted(self, item: Mapping[str, Any], key: str) -> Any:
        return json.loads(self.encryption.decrypt([part["B"] for part in item["sealed"]["L"]], key))

    def _state(self, item: Mapping[str, Any], key: str) -> SignInState:
        public = json.loads(item["kept"]["S"])
        user_name, session = self._decrypted(item, key)
        return SignInState(
            request=AuthorizationRequest(**public["request"]),
            phase=SignInPhase(public["phase"]),
            user_name=user_name,
            session=session,
            shown=public["shown"],
            notice=Notice(public["notice"]) if public["notice"] else None,
            retry_after=public.get("retry_after", 0),
            expires_at=int(item["expires_at"]["N"]),
            version=int(item["version"]["N"]),
        )


def _public_values(state: SignInState) -> dict[str, Any]:
    """Return the values that are not secret: the app's request, and the values that the page shows."""
    return {
        "request": asdict(state.request),
        "phase": state.phase.value,
        "shown": dict(state.shown),
        "notice": state.notice.value if state.notice else None,
        "retry_after": state.retry_after,
    }
