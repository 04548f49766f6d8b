"""Proofs that were shown: each counts once."""

from dataclasses import dataclass
from typing import Any

from adapters.clients import write_if

# A proof that has expired is refused for that, so the mark need not outlive it by much.
_MARGIN = 3_600


@dataclass(frozen=True)
class ProofTable:
    """Marks proofs as used. `client` is a botocore DynamoDB client."""

    client: Any
    name: str

    def use(self, jti: str, expires_at: int) -> bool:
        """Mark the proof; False if it was marked before. One WCU. Raises `Unavailable`.

        The client must not repeat a call: a mark whose answer was lost would look like somebody else's.
        """
        accepted, _ = write_if(
            self.client.update_item,
            TableName=self.name,
            Key={"pk": {"S": f"proof#{jti}"}},
            UpdateExpression="SET #ttl = :ttl",
            ConditionExpression="attribute_not_exists(pk)",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":ttl": {"N": str(expires_at + _MARGIN)}},
        )
        return accepted
