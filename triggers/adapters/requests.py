"""The claims of Idempotency-Keys in DynamoDB: one item each, gone after a day. No token is kept."""

from dataclasses import dataclass
from typing import Any

from adapters.clients import write_if
from token_service.policy import DAY
from token_service.ports import Claim


@dataclass(frozen=True)
class RequestTable:
    """Keeps claims. `client` is a botocore DynamoDB client."""

    client: Any
    name: str

    def hold(self, claim: Claim, nonce: str, now: int) -> Claim | None:
        """Make the claim, or answer the one that stands. One WCU. Raises `Unavailable`."""
        values = {":content": {"S": claim.content}, ":nonce": {"S": nonce}}
        times = {":now": {"N": str(now)}, ":ttl": {"N": str(now + DAY)}}
        accepted, old = write_if(
            self.client.update_item,
            TableName=self.name,
            Key=_key(claim),
            UpdateExpression="SET content = :content, nonce = :nonce, #ttl = :ttl",
            # DynamoDB sweeps when it pleases, so a claim's day is judged here.
            ConditionExpression="attribute_not_exists(pk) OR #ttl < :now OR nonce = :nonce",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues=values | times,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return None if accepted else Claim(claim.key, old["content"]["S"], old["nonce"]["S"])

    def give_back(self, claim: Claim, nonce: str) -> None:
        """Take the claim back that was made with `nonce`. One WCU. Raises `Unavailable`."""
        write_if(
            self.client.delete_item,
            TableName=self.name,
            Key=_key(claim),
            # The client repeats a call whose answer was lost, and by then the key may be another's.
            ConditionExpression="nonce = :nonce",
            ExpressionAttributeValues={":nonce": {"S": nonce}},
        )


def _key(claim: Claim) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"request#{claim.key}"}}
