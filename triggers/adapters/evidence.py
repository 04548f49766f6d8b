"""The evidence of accepted codes, read from the record that `verify` left it in."""

from dataclasses import dataclass
from typing import Any

from adapters.clients import unavailable
from token_service.assurance import Evidence
from token_service.purpose import SIGN_IN
from token_service.record import key_of


@dataclass(frozen=True)
class EvidenceTable:
    """Reads evidence. `client` is a botocore DynamoDB client."""

    client: Any
    name: str

    def read(self, subject: str, client_id: str) -> tuple[Evidence | None, Evidence | None]:
        """(First, last) accepted code of `subject` through the app client. Raises `Unavailable`."""
        with unavailable("the table"):
            answer = self.client.get_item(
                TableName=self.name,
                Key={"pk": {"S": key_of(SIGN_IN, subject)}},
                ProjectionExpression="#first, #last",
                ExpressionAttributeNames={"#first": f"first_{client_id}", "#last": f"last_{client_id}"},
                # The write may be milliseconds old.
                ConsistentRead=True,
            )
        item = answer.get("Item", {})
        return _evidence(item.get(f"first_{client_id}")), _evidence(item.get(f"last_{client_id}"))


def _evidence(attribute: dict[str, str] | None) -> Evidence | None:
    if attribute is None:
        return None
    at, _, channel = attribute["S"].partition(" ")
    return Evidence(int(at), channel)
