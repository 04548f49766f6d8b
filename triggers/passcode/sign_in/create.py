"""Create Auth Challenge: the user of a sign-in, the next challenge, and its parameters for the app."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from passcode.channels.channel import (
    PREFERENCE,
    Channel,
    Destination,
    Destinations,
    accepted_per_day,
    choose_destination,
    destination_ids,
    preferred_channel,
    rank_destinations,
    verified_destinations,
)
from passcode.channels.registry import CHANNELS
from passcode.delivery.envelope import Delivery, delivery_for, language_list, language_tag
from passcode.delivery.notices import Notices
from passcode.sign_in import events
from passcode.sign_in.decoys import decoy_attributes
from passcode.sign_in.events import Event, History, asks_for_message, is_answer, read_word
from passcode.sign_in.steps import RoundLimits, RoundRecord, decode_metadata, encode_metadata
from passcode.token_service.challenge import SIGN_IN_CODE, SIGN_IN_PASSWORD, Challenge, count_codes
from passcode.token_service.issue import IssueRequest, issue, queue_message
from passcode.token_service.policy import Policy
from passcode.token_service.refusal import Refusal, Refused, Unavailable
from passcode.token_service.store import RecordStore

if TYPE_CHECKING:
    # Only for the type: only a sign-in by SMS needs the limits of SMS.
    from passcode.delivery.sms_limits import SmsStop


class User(NamedTuple):
    """A user, or the decoy for an unknown user."""

    subject: str
    destinations: Destinations
    preferred: str
    locale: str
    masks: Mapping[str, str]  # the masked destinations for the app, by channel
    ids: Mapping[str, str]  # the ids of the destinations, by channel
    kind: str  # of the sign-in: with a proven password, or by code alone
    decoy: bool


def read_user(event: Event, order: Sequence[Channel], salt: str) -> User:
    """Read the user from a trigger's event. `order` has the channels of the deployment.

    An unknown user becomes a decoy. Until the password is proven, a user without a destination becomes a
    decoy too. An error would show a stranger that the user name exists.
    """
    proven = events.password_was_proven(event)
    if not events.user_not_found(event):
        known = _user(events.attributes(event), order, salt, decoy=False, proven=proven)
        if known.subject and (known.destinations or proven):
            return known
    attributes = decoy_attributes(salt, events.user_name(event), order)
    return _user(attributes, order, salt, decoy=True, proven=proven)


def _user(
    attributes: Mapping[str, str], order: Sequence[Channel], salt: str, *, decoy: bool, proven: bool
) -> User:
    destinations = verified_destinations(attributes, order)
    return User(
        subject=attributes.get("sub", ""),
        destinations=destinations,
        # Before the password is proven, all users get the same masks: all channels in use, without addresses.
        masks={channel.name: d.masked for channel, d in destinations.items()}
        if proven
        else {channel.name: channel.blank_mask for channel in order},
        ids=destination_ids(destinations, salt),
        kind=SIGN_IN_PASSWORD if proven else SIGN_IN_CODE,
        preferred=preferred_channel(attributes),
        locale=language_tag(attributes.get("locale")),
        decoy=decoy,
    )


# Above the length of each challenge of a sign-in: JSON may end with spaces.
_PACKED_LENGTH = 320


class ChallengeStatus(Enum):
    """The reason for this challenge. The app shows it to the user."""

    SENT = "SENT"
    WAITING = "WAITING"  # this request sent nothing, and an earlier code may be valid
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    # This request sent nothing: the app asks the user for a channel. A code that was sent before stays valid.
    CHOOSE = "CHOOSE"


class ChallengeRound(NamedTuple):
    """One CUSTOM_CHALLENGE. `answers` counts the answers before it, `resends` those that sent a message.

    `resend_at` is the time of the earliest next message, in seconds since the epoch. `asked` is the channel
    that the app asked for last, and `locale` the language tag. Both may be empty.
    """

    status: ChallengeStatus
    challenge: Challenge | None
    answers: int
    resends: int
    resend_at: int
    asked: str = ""
    locale: str = ""

    @property
    def packed(self) -> str:
        """The challenge as text, and empty if there is none.

        Users and decoys get the same length. Cognito may show the length of its session, which contains this
        text, and the counter or the channel of a challenge would change that length.
        """
        return self.challenge.pack().ljust(_PACKED_LENGTH) if self.challenge else ""

    @property
    def metadata(self) -> str:
        """The challengeMetadata.

        It has all data for the next round, so that a round after a wrong answer needs no AWS call.
        """
        return encode_metadata(
            RoundRecord(self.answers, self.resends, self.resend_at, self.packed, self.asked, self.locale)
        )

    @property
    def private(self) -> dict[str, str]:
        """The privateChallengeParameters."""
        return {"challenge": self.packed}


@dataclass(eq=False, repr=False)
class SignInCreator:
    """Creates the rounds of a sign-in. `put` writes a delivery to the queue, `notices` writes notices.

    The queue has to drop a delivery that it took moments ago: requests that join a challenge repeat it.
    `choice_asked` is true if the app asks the user for a channel before the first message. `sms_stop` returns
    why no SMS would be sent to a destination now, or None. Without a destination it is about all SMS of codes
    without a password.
    """

    store: RecordStore
    put: Callable[[Delivery], None]
    notices: Notices
    policy: Policy
    limits: RoundLimits
    choice_asked: bool = False
    sms_stop: "Callable[[Destination | None, int], SmsStop | None]" = lambda _to, _now: None

    def next_round(
        self, user: User, rounds: History, metadata: Mapping[str, object], nonce: str, now: int
    ) -> ChallengeRound:
        """Return the round that follows `rounds`, the CUSTOM_CHALLENGE entries so far.

        `metadata` is the app's ClientMetadata. `nonce` is for a new challenge. `now` is in seconds since the
        epoch. Raises `Refused` with a text for the user, `Unavailable`, or ValueError for metadata that this
        stack did not write.
        """
        if not user.destinations:
            raise Refused(Refusal.NO_DESTINATION)
        # All rounds are read before a message is sent, because foreign metadata in any round is an error.
        records = [decode_metadata(entry.get("challengeMetadata")) for entry in rounds]
        last = records[-1] if records else RoundRecord(answers=0, resends=0, resend_at=now, challenge="")
        same = _same_round(last, language_tag(metadata.get("locale")) or last.locale, now)
        if rounds and is_answer(metadata):
            status = ChallengeStatus.WRONG if same.status is ChallengeStatus.WAITING else same.status
            return same._replace(status=status, answers=last.answers + 1)
        if rounds and not asks_for_message(metadata):
            self._log_unknown_word("action")
            return same
        wanted = read_word(metadata.get("channel"))
        same = same._replace(asked=wanted if wanted in user.masks else last.asked)
        is_unknown = bool(wanted) and wanted not in CHANNELS
        if is_unknown:
            self._log_unknown_word("channel")
        # With one channel there is no choice, and the message goes to it.
        is_choice = is_unknown and len(user.masks) > 1
        if is_choice or (not rounds and self.choice_asked and wanted not in user.masks):
            return same._replace(status=ChallengeStatus.CHOOSE)
        return self._message(user, wanted, same, nonce, now)

    def _log_unknown_word(self, field: str) -> None:
        # Without the word: an app that mixes up its fields may have sent the code in it.
        self.notices.telemetry.log.warning("an unknown word", extra={"field": field})

    def _message(self, user: User, wanted: str, same: ChallengeRound, nonce: str, now: int) -> ChallengeRound:
        """Return the round after a request for a message on the channel `wanted`, which may be empty.

        `same` is the round without a new message. It comes back if none can be sent and an earlier code may
        be valid: an error would end the sign-in, and the user could not answer with that code.
        """
        challenge = same.challenge
        if challenge is None:
            self._refuse_stopped(user, same.asked, now)
            if user.preferred and user.preferred not in CHANNELS:
                self._log_unknown_word(PREFERENCE)
            return self._send(user, (wanted, user.preferred), same, nonce, now)
        if same.resends >= self.limits.resends:
            return same
        try:
            return self._send(user, (wanted, challenge.channel), same, nonce, now)
        except (Refused, Unavailable) as error:
            if now >= challenge.expires_at:
                raise
            if isinstance(error, Refused):
                self.notices.telemetry.throttled(error)
                wait = error.wait
            else:
                self.notices.telemetry.failed("no resend", error)
                wait = self.policy.cooldown_seconds
            return same._replace(resend_at=max(same.resend_at, now + wait))

    def _send(
        self, user: User, channels: tuple[str, ...], same: ChallengeRound, nonce: str, now: int
    ) -> ChallengeRound:
        channel = choose_destination(user.destinations, *channels).channel
        if user.kind == SIGN_IN_PASSWORD:
            channel = self._open_channel(user, channel, now)
        request = IssueRequest(
            purpose=user.kind,
            subject=user.subject,
            channel=channel.name,
            destinations=user.ids,
            decoy=user.decoy,
            nonce=nonce,
            now=now,
            accepted_per_day=channel.accepted_per_day,
            # Without a password, that of all channels in use: see `check_sign_in`.
            weight=count_codes(user.masks),
            fallbacks=accepted_per_day(user.destinations, channel),
            is_chosen=channel.name == channels[0],
        )
        issued = issue(request, self.store, self.policy)
        locale = language_list(same.locale, user.locale)
        # Before the code, so that no code goes to a changed address without an attempt to queue the notice.
        if issued.changed:
            self.notices.queue(issued, user.destinations, user.ids, locale)
        if issued.must_queue:
            delivery = delivery_for(issued, user.destinations, locale)
            queue_message(issued, lambda: self.put(delivery), self.store, self.notices.telemetry)
        is_resend = issued.sent and same.challenge is not None
        return same._replace(
            status=ChallengeStatus.SENT if issued.sent else ChallengeStatus.WAITING,
            challenge=issued.challenge,
            resends=same.resends + (1 if is_resend else 0),
            resend_at=issued.resend_at,
        )

    def _open_channel(self, user: User, channel: Channel, now: int) -> Channel:
        """Return `channel`, or another channel of the user if no SMS would be sent on it.

        Raises `Refused` if there is no other one.
        """
        stop = self.sms_stop(user.destinations[channel], now) if channel.billed_by_country else None
        if stop is None:
            return channel
        others = [other for other in user.destinations if not other.billed_by_country]
        # A refusal would end a sign-in that may need no new message.
        if not others and not stop.code_may_be_valid:
            raise Refused(stop.refusal, stop.wait)
        return others[0] if others else channel

    def _refuse_stopped(self, user: User, asked: str, now: int) -> None:
        """Raise `Refused` if the first message without a password has to be an SMS, and none would be sent.

        Only the request and the state of the stack decide, so that the calls and the result are the same for
        every name. Later messages are not refused: the code of the first one may be valid.
        """
        channels = [asked] if asked else user.masks
        if user.kind != SIGN_IN_PASSWORD and all(CHANNELS[name].billed_by_country for name in channels):
            stop = self.sms_stop(None, now)
            if stop:
                raise Refused(Refusal.SMS_STOPPED, stop.wait)

    def public(self, user: User, challenge_round: ChallengeRound, now: int) -> dict[str, str]:
        """Return the publicChallengeParameters of a round.

        Users and decoys get the same keys, so that the keys do not show whether a user exists. `expiresIn`
        and `resendIn` are in seconds.
        """
        channel = _shown_channel(user, challenge_round)
        return {
            "status": challenge_round.status.value,
            "channel": channel,
            "destination": user.masks.get(channel, ""),
            "channels": json.dumps(dict(user.masks), separators=(",", ":")),
            "codeLength": str(
                challenge_round.challenge.digits
                if challenge_round.challenge
                else self.policy.short_digits(user.kind)
            ),
            "expiresIn": str(
                max(0, challenge_round.challenge.expires_at - now) if challenge_round.challenge else 0
            ),
            "resendIn": str(max(0, challenge_round.resend_at - now)),
            "attemptsLeft": str(max(0, self.limits.answers - challenge_round.answers)),
            "resendsLeft": str(max(0, self.limits.resends - challenge_round.resends)),
            "fallback": _fallback(user, challenge_round.challenge),
        }


def _shown_channel(user: User, challenge_round: ChallengeRound) -> str:
    """Return the channel for the app: that of the message after the password, else the one it asked for.

    The channel of the message would show a stranger which addresses a user has, and so that the user exists.
    Without a choice, the first channel of the deployment is shown.
    """
    if challenge_round.challenge is None:
        return ""
    if user.kind == SIGN_IN_PASSWORD:
        return challenge_round.challenge.channel
    return challenge_round.asked if challenge_round.asked in user.masks else next(iter(user.masks))


def _fallback(user: User, challenge: Challenge | None) -> str:
    """Return the channel that `deliver` uses if no gateway of the challenge's channel takes the message.

    It is empty if there is none. Before the password is proven it is empty for all names, because it would
    show a stranger which addresses a user has.
    """
    if challenge is None or user.kind != SIGN_IN_PASSWORD:
        return ""
    others = rank_destinations(user.destinations, challenge.channel)[1:]
    return others[0].channel.name if others else ""


def _same_round(last: RoundRecord, locale: str, now: int) -> ChallengeRound:
    """Return a round with the challenge of `last` and its counts, without an AWS call and without a message.

    `last` is the record of the round before, or an empty one before the first round.
    """
    challenge = Challenge.unpack(last.challenge) if last.challenge else None
    if challenge is None:
        status = ChallengeStatus.CHOOSE
    else:
        status = ChallengeStatus.EXPIRED if now >= challenge.expires_at else ChallengeStatus.WAITING
    return ChallengeRound(status, challenge, last.answers, last.resends, last.resend_at, last.asked, locale)
