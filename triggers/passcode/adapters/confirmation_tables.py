"""Idempotency-Keys and used proofs in DynamoDB, one item each. The table has no tokens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passcode.adapters.botocore_clients import write_if
from passcode.confirmation.idempotency import IdempotencyClaim
from passcode.confirmation.tokens import Proof
from passcode.token_service.policy import DAY, REPEAT_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(eq=False, repr=False)
class IdempotencyTable:
    """Stores claims. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str

    def claim(self, claim: IdempotencyClaim, nonce: str, now: int) -> IdempotencyClaim | None:
        """Write the claim, or return the earlier one that is valid. One WCU. Raises `Unavailable`."""
        values = {":content": {"S": claim.content}, ":nonce": {"S": nonce}}
        times = {":now": {"N": str(now)}, ":ttl": {"N": str(now + DAY)}}
        accepted, stored = write_if(
            self.client.update_item,
            TableName=self.name,
            Key=_key(claim),
            UpdateExpression="SET content = :content, nonce = :nonce, #ttl = :ttl",
            # DynamoDB deletes expired items late, so the condition checks the claim's age.
            ConditionExpression="attribute_not_exists(pk) OR #ttl < :now OR nonce = :nonce",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues=values | times,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        if accepted:
            return None
        made_at = int(stored["ttl"]["N"]) - DAY
        return IdempotencyClaim(claim.key, stored["content"]["S"], stored["nonce"]["S"], made_at)

    def release(self, claim: IdempotencyClaim, nonce: str) -> None:
        """Delete the claim that was written with `nonce`. One WCU. Raises `Unavailable`."""
        write_if(
            self.client.delete_item,
            TableName=self.name,
            Key=_key(claim),
            # The client retries a call after a lost response. By then another request may have the key.
            ConditionExpression="nonce = :nonce",
            ExpressionAttributeValues={":nonce": {"S": nonce}},
        )


def _key(claim: IdempotencyClaim) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"request#{claim.key}"}}


# An expired proof is refused anyway, so its mark is kept only a little longer.
_MARGIN = 3_600


@dataclass(eq=False, repr=False)
class UsedProofTable:
    """Marks proofs as used. `client` is a botocore DynamoDB client."""

    client: "DynamoDBClient"
    name: str

    def use(self, proof: Proof, use_id: str, now: int) -> bool:
        """Mark the proof; False if another use marked it before. One WCU. Raises `Unavailable`.

        `use_id` identifies the use, so that its repeat recognises the mark for a few seconds. `now` is in
        seconds since the epoch.
        """
        times = {"ttl": proof.expires_at + _MARGIN, "now": now, "recent": now - REPEAT_SECONDS}
        accepted, _ = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": f"proof#{proof.jti}"}},
            UpdateExpression="SET #ttl = :ttl, use_id = :id, used_at = if_not_exists(used_at, :now)",
            ConditionExpression="attribute_not_exists(pk) OR (use_id = :id AND used_at >= :recent)",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":id": {"S": use_id}}
            | {f":{name}": {"N": str(value)} for name, value in times.items()},
        )
        return accepted
