"""One request, as far as it does not stand in its body."""

from collections.abc import Sequence
from dataclasses import dataclass

from passcode.adapters.cognito_users import Users
from passcode.channels.channel import Channel
from token_http import problems
from token_http.problems import Problem
from token_service.recipient import Recipient, of_user

# A challenge token is good at one endpoint alone.
VERIFY_TOKEN, STEP_UP_VERIFY = "/verifyToken", "/step-up/verify"


@dataclass(frozen=True)
class Call:
    """A request. `nonce` is 32 hex digits of fresh chance."""

    caller: str  # the IAM principal or the user: an Idempotency-Key is its caller's own
    key: str | None  # the Idempotency-Key
    nonce: str
    now: int


@dataclass(frozen=True)
class SignedIn:
    """The user of a Cognito ID token that API Gateway has checked."""

    user_name: str
    sub: str
    client_id: str


@dataclass(frozen=True)
class Pool:
    """The users, as the pool knows them now: a token may be an hour old, and its addresses with it."""

    users: Users
    order: Sequence[Channel]
    salt: str

    def user(self, signed_in: SignedIn) -> Recipient:
        """The user as a recipient. One call. Raises `Problem` if they are gone, `Unavailable`."""
        attributes = self.users.attributes(signed_in.user_name, signed_in.sub)
        if attributes is None:
            raise Problem(problems.USER_GONE)
        return of_user(attributes, self.order, self.salt)
