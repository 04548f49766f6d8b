"""Verify Auth Challenge Response: checks that an answer belongs to this user and is right."""

from collections.abc import Sequence

from passcode.channels.channel import Channel, destination_ids, verified_destinations
from passcode.sign_in import events
from passcode.sign_in.events import Event
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_KINDS, Challenge, count_codes
from passcode.token_service.check import Verdict, check
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal
from passcode.token_service.store import CodeMac, RecordStore


def read_challenge(event: Event) -> Challenge | None:
    """Return the challenge that `create` wrote for this answer; None without a valid sign-in challenge."""
    try:
        challenge = Challenge.unpack(events.private_parameters(event).get("challenge"))
    except ValueError:
        return None
    # A code for another purpose must not authenticate a user.
    return challenge if challenge.purpose in SIGN_IN_KINDS else None


def check_sign_in(
    event: Event,
    challenge: Challenge,
    *,
    order: Sequence[Channel],
    code_mac: CodeMac,
    store: RecordStore,
    policy: Policy,
    now: int,
    salt: str,
    keeps_evidence: bool = False,
) -> Verdict:
    """Check the answer in `event` to `challenge`. `now` is in seconds since the epoch.

    The codes of the user's destinations that are verified now are accepted, on the channels in `order`.
    `salt` is the salt of the deployment. If `keeps_evidence` is true, an accepted answer is kept as evidence
    for tokens of the app client. Raises `Unavailable` if the key or the store does not respond.
    """
    if events.user_not_found(event):
        challenge = challenge._replace(decoy=True)
    attributes = events.attributes(event)
    if not challenge.decoy and attributes.get("sub") != challenge.subject:
        return Verdict(Refusal.NO_CHALLENGE)
    return check(
        challenge,
        events.answer(event),
        round_id=str(events.private_parameters(event).get("round")),
        destinations=destination_ids(verified_destinations(attributes, order), salt),
        code_mac=code_mac,
        store=store,
        policy=policy,
        now=now,
        client_id=events.client_id(event) if keeps_evidence else "",
        # Without a password, a wrong answer counts the same for all names. Otherwise the number of answers
        # before a long code would show how many addresses a user has, and that an unknown one has none.
        weight=count_codes(channel.name for channel in order) if challenge.purpose == SIGN_IN_CODE else 0,
    )
