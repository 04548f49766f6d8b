"""The suppression list of SES: the account sends no email to its addresses, after a bounce or a complaint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from passcode.channels.email import EMAIL
from tools.pool_admin.errors import DENIED, NOT_FOUND, AdminError, error_code

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


@dataclass(frozen=True)
class Suppression:
    """The entry of one address. `since` is in seconds since the epoch. `reason` is BOUNCE or COMPLAINT."""

    since: int
    reason: str


@dataclass(frozen=True)
class SuppressionList:
    """The list of an account and region. `ses` is a boto3 client of SES v2."""

    ses: SESV2Client

    def find(self, address: str) -> Suppression | None:
        """Return the entry of an address, or None. SES compares the addresses without letter case."""
        try:
            found = self.ses.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
        except ClientError as error:
            if error_code(error) in NOT_FOUND:
                return None
            raise
        return Suppression(int(found["LastUpdateTime"].timestamp()), found["Reason"])

    def find_if_allowed(self, address: str) -> Suppression | None:
        """Return the entry as `find` does, or None if these credentials may not read the list."""
        try:
            return self.find(address)
        except ClientError as error:
            if error_code(error) in DENIED:
                return None
            raise

    def remove(self, address: str) -> None:
        """Remove an address from the list. SES sends to it again within minutes."""
        self.ses.delete_suppressed_destination(EmailAddress=address)


def email_of(text: str) -> str:
    """Return `text` as an address in the form that `deliver` sends to. Raises `AdminError` for other text."""
    destination = EMAIL.destination(text)
    if destination is None:
        raise AdminError("Give the email address that is on the suppression list.")
    return destination.value
