"""The Lambda function `create_auth_challenge`: creates the next challenge of a sign-in for Cognito.

A new code costs one DynamoDB write and one SQS message. This function cannot compute the code, because its
role has no permission for the KMS key.
"""

import os
import time

from passcode.adapters.botocore_clients import client
from passcode.adapters.record_table import RecordTable
from passcode.adapters.sqs import SqsQueue
from passcode.adapters.telemetry import guard, make_telemetry
from passcode.channels.channel import Channel
from passcode.channels.registry import CHANNELS
from passcode.sign_in import events
from passcode.sign_in.create import ChallengeStatus, SignInCreator, read_user
from passcode.sign_in.events import Event
from passcode.sign_in.steps import CUSTOM_CHALLENGE, RoundLimits
from passcode.token_service.policy import Policy
from passcode.token_service.telemetry import Telemetry


def respond(
    event: Event,
    sign_in: SignInCreator,
    order: tuple[Channel, ...],
    salt: str,
    telemetry: Telemetry,
    nonce: str,
    now: int,
) -> Event:
    """Return the CreateAuthChallenge `event` with its response. `now` is in seconds since the epoch.

    `order` has the channels of the deployment, `salt` is its salt, and `nonce` is for a new challenge. Raises
    `Refused` with a text for the user, `Unavailable`, or ValueError for metadata of another stack.
    """
    user = read_user(event, order, salt)
    telemetry.set_context(user.subject)
    rounds = [r for r in events.history(event) if r.get("challengeName") == CUSTOM_CHALLENGE]
    metadata = events.client_metadata(event)
    this = sign_in.next_round(user, rounds, metadata, nonce, now)
    telemetry.set_context(user.subject, this.challenge)
    if this.status is ChallengeStatus.SENT and this.challenge:
        telemetry.issued(this.challenge.channel)
    event["response"] = {
        "publicChallengeParameters": sign_in.public(user, this, now),
        "privateChallengeParameters": this.private,
        "challengeMetadata": this.metadata,
    }
    return event


_TELEMETRY = make_telemetry("create_auth_challenge")
_POLICY = Policy.from_environment(os.environ)
_ORDER = tuple(CHANNELS[name] for name in os.environ["CHANNEL_ORDER"].split(","))
_SALT = os.environ["SALT"]
_SIGN_IN = SignInCreator(
    store=RecordTable(client("dynamodb", attempts=2), os.environ["TABLE_NAME"], _POLICY),
    put=SqsQueue(client("sqs", attempts=1), os.environ["QUEUE_URL"]).put,
    policy=_POLICY,
    limits=RoundLimits(int(os.environ["ANSWERS_PER_SESSION"]), int(os.environ["RESENDS_PER_SESSION"])),
    choice_asked=os.environ.get("CHANNEL_CHOICE") == "ASK",
)


def _handle(event: Event, _context: object) -> Event:
    return respond(event, _SIGN_IN, _ORDER, _SALT, _TELEMETRY, os.urandom(16).hex(), int(time.time()))


handler = guard(_handle, _TELEMETRY)
