"""The door `create_auth_challenge`: Cognito asks for a challenge to put to the person.

One DynamoDB write and one SQS message. It never learns the code: it has no right to the key.
"""

import os
import time

from passcode.adapters.botocore_clients import client
from passcode.adapters.record_table import Table
from passcode.adapters.sqs import Queue
from passcode.adapters.telemetry import guarded, telemetry
from passcode.channels.channel import Channel
from passcode.sign_in import events
from passcode.sign_in.create import SignIn, Status
from passcode.sign_in.events import Event
from passcode.sign_in.rounds import CUSTOM_CHALLENGE
from passcode.sign_in.steps import Limits
from passcode.sign_in.users import person_of
from passcode.token_service.policy import Policy
from passcode.token_service.telemetry import Telemetry


def respond(
    event: Event,
    sign_in: SignIn,
    order: tuple[Channel, ...],
    salt: str,
    tell: Telemetry,
    nonce: str,
    now: int,
) -> Event:
    """Fill in the response to a CreateAuthChallenge event. Raises `Refused` with a plain sentence."""
    person = person_of(event, order, salt)
    tell.about(person.subject)
    rounds = [r for r in events.history(event) if r.get("challengeName") == CUSTOM_CHALLENGE]
    metadata = events.client_metadata(event)
    this = sign_in.next_round(person, rounds, metadata, nonce, now)
    tell.about(person.subject, this.challenge)
    if this.status is Status.SENT and this.challenge:
        tell.issued(this.challenge.channel)
    event["response"] = {
        "publicChallengeParameters": sign_in.public(person, this, now),
        "privateChallengeParameters": this.private,
        "challengeMetadata": this.label,
    }
    return event


_TELL = telemetry("create_auth_challenge")
_POLICY = Policy.from_environment(os.environ)
_ORDER = tuple(Channel(name) for name in os.environ["CHANNEL_ORDER"].split(","))
_SALT = os.environ["SALT"]
_SIGN_IN = SignIn(
    store=Table(client("dynamodb", attempts=2), os.environ["TABLE_NAME"], _POLICY),
    put=Queue(client("sqs", attempts=1), os.environ["QUEUE_URL"]).put,
    policy=_POLICY,
    limits=Limits(int(os.environ["ANSWERS_PER_SESSION"]), int(os.environ["RESENDS_PER_SESSION"])),
    choice_asked=os.environ.get("CHANNEL_CHOICE") == "ASK",
)


def _handle(event: Event, _context: object) -> Event:
    return respond(event, _SIGN_IN, _ORDER, _SALT, _TELL, os.urandom(16).hex(), int(time.time()))


handler = guarded(_handle, _TELL)
