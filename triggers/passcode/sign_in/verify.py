"""Verify Auth Challenge Response: checks that an answer belongs to this user and is right."""

from dataclasses import replace

from passcode.channels.channel import fingerprint
from passcode.channels.registry import CHANNELS
from passcode.sign_in import events
from passcode.sign_in.events import Event
from passcode.token_service.challenge import SIGN_IN, Challenge
from passcode.token_service.check import Verdict, check
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal
from passcode.token_service.store import CodeMac, RecordStore, VerifiedCode


def read_challenge(event: Event) -> Challenge | None:
    """Return the challenge that `create` wrote for this answer; None without a valid sign-in challenge."""
    try:
        challenge = Challenge.unpack(events.private_parameters(event).get("challenge"))
    except ValueError:
        return None
    # A code for another purpose must not authenticate a user.
    return challenge if challenge.purpose == SIGN_IN else None


def check_sign_in(
    event: Event,
    challenge: Challenge,
    *,
    code_mac: CodeMac,
    store: RecordStore,
    policy: Policy,
    now: int,
    salt: str,
    keeps_evidence: bool = False,
) -> Verdict:
    """Check the answer in `event` to `challenge`. `now` is in seconds since the epoch.

    `salt` is the salt of the deployment. If `keeps_evidence` is true, an accepted answer is kept as evidence
    for tokens of the app client. Raises `Unavailable` if the key or the store does not respond.
    """
    if events.user_not_found(event):
        challenge = replace(challenge, decoy=True)
    if not challenge.decoy:
        attributes = events.attributes(event)
        if attributes.get("sub") != challenge.subject:
            return Verdict(Refusal.NO_CHALLENGE)
        if fingerprint(attributes, salt, CHANNELS.values()) != challenge.bound:
            return Verdict(Refusal.DESTINATION_CHANGED)
    answer = events.answer(event)
    verified_code = VerifiedCode(events.client_id(event), challenge.channel) if keeps_evidence else None
    return check(
        challenge, answer, code_mac=code_mac, store=store, policy=policy, now=now, given=verified_code
    )
