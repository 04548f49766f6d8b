"""The keys of records. The subject of a user is the sub; the subject of an address is a keyed hash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from passcode.channels.channel import AddressFault
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.confirmation.recipient import rate_limit_id
from passcode.token_service.challenge import SIGN_IN_KINDS, STEP_UP, TOKEN, record_key
from tools.pool_admin.errors import AdminError, error_code
from tools.pool_admin.unusable import REASONS

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_SUB = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_HASH = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True)
class Subject:
    """A user, or an address of /createToken. `name` is the `subject` of the logs, and never an address."""

    name: str
    is_address: bool = False

    @property
    def recipient(self) -> str:
        """The noun for the recipient of the codes."""
        return "address" if self.is_address else "user"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of purpose of the subject's codes. Each kind has a separate record."""
        return (TOKEN,) if self.is_address else (*SIGN_IN_KINDS, STEP_UP)

    def record_key(self, kind: str) -> str:
        """The key of the record of `kind` in the table."""
        return record_key(kind, self.name)


def find_sub(cognito: CognitoIdentityProviderClient | None, pool_id: str, user: str) -> str:
    """Return the `sub` of a user, from the sub or the sign-in name.

    Raises `AdminError` if the pool has no such user, or if there is no pool to look up a name.
    """
    if _SUB.match(user):
        return user
    if not (cognito and pool_id):
        raise AdminError("With --table, name the user by the sub, which looks like a UUID.")
    try:
        attributes = cognito.admin_get_user(UserPoolId=pool_id, Username=user)["UserAttributes"]
    except ClientError as error:
        if error_code(error) == "UserNotFoundException":
            raise AdminError(
                f"The pool {pool_id} has no user with that sign-in name. For an address that gets codes of "
                "/createToken, add --address."
            ) from None
        raise
    return next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")


def address_hash(address: str, salt: str) -> str:
    """Return the keyed hash of an address, from the hash or the address. Raises `AdminError` for other text.

    It is not the `sub` of the address's proofs: all spellings of one mailbox share their counters.
    """
    if _HASH.match(address):
        return address
    if not salt:
        raise AdminError("With --table, name the address by its subject in the logs, 32 hex digits.")
    channel = SMS if address.startswith("+") else EMAIL
    fault = channel.fault(address)
    if fault and fault is not AddressFault.MALFORMED:
        raise AdminError(f"This address gets no code ({fault.value}). {REASONS[fault][0]}")
    destination = channel.destination(address)
    if destination is None:
        raise AdminError(
            "This is not an address. Give an email address, a phone number with + and its country code, or "
            "the subject from the logs, 32 hex digits."
        )
    return rate_limit_id(destination, salt)
