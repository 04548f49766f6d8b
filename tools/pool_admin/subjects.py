"""Of whom codes are counted, and which: a user by their sub, an address that is no user's by a keyed hash."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from botocore.exceptions import ClientError

from tools.pool_admin.errors import AdminError, code_of
from tools.pool_admin.rules import SIGN_IN, STEP_UP, TOKEN, Channel, parse, rate_limit_id, record_key

_SUB = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_HASH = re.compile(r"[0-9a-f]{32}\Z")


class Purpose(Enum):
    """What the codes are for. Each purpose has counters of its own."""

    SIGN_IN = "sign-in"
    STEP_UP = "step-up"
    TOKEN = "token"  # noqa: S105 - the name of a purpose

    @property
    def who(self) -> str:
        """Whom such codes are counted of, in a sentence."""
        return "address" if self is Purpose.TOKEN else "user"


_KINDS = {Purpose.SIGN_IN: SIGN_IN, Purpose.STEP_UP: STEP_UP, Purpose.TOKEN: TOKEN}


@dataclass(frozen=True)
class Subject:
    """One record of counters. `name` is what the logs call `subject`, and never an address."""

    purpose: Purpose
    name: str

    @property
    def key(self) -> str:
        """The record's key, as the functions make it."""
        return record_key(_KINDS[self.purpose], self.name)


def sub_of(cognito: Any, pool_id: str, user: str) -> str:
    """The `sub` of a user, who is named by it or by what they sign in with. Raises `AdminError`."""
    if _SUB.match(user):
        return user
    if not (cognito and pool_id):
        raise AdminError("With --table a user is named by their sub, which looks like a UUID.")
    try:
        attributes = cognito.admin_get_user(UserPoolId=pool_id, Username=user)["UserAttributes"]
    except ClientError as error:
        if code_of(error) == "UserNotFoundException":
            raise AdminError(
                f"The pool {pool_id} has no user who signs in with that name. For an address that codes of "
                "/createToken go to, add --purpose token."
            ) from None
        raise
    return next(str(found["Value"]) for found in attributes if found["Name"] == "sub")


def hash_of(address: str, salt: str) -> str:
    """The keyed hash of an address, which is named by it or in full. Raises `AdminError`.

    It is not the `sub` of the address's proofs: one mailbox has one budget, however its address is written.
    """
    if _HASH.match(address):
        return address
    if not salt:
        raise AdminError("With --table an address is named by its subject in the logs, 32 hex digits.")
    destination = parse(Channel.SMS if address.startswith("+") else Channel.EMAIL, address)
    if destination is None:
        raise AdminError(
            "That is no address. Give an email address, a number with + and its country code, or the "
            "subject from the logs, 32 hex digits."
        )
    return rate_limit_id(destination, salt)
