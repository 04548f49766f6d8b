"""Triggers with one fault."""

from typing import Any

import define_auth_challenge
from passcode.channels.sms import SMS
from passcode.delivery.envelope import ChangeNotice
from passcode.sign_in import events
from passcode.token_service.challenge import Challenge
from passcode.token_service.refusal import Refusal, Refused
from tests.attacks.sign_in import SignIn
from tests.support.events import PASSWORD_CLIENT, attributes
from tests.support.sign_in_handlers import LIMITS


class RefusesUnknownNames(SignIn):
    """Fault: an unknown user gets an error."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        if events.user_not_found(event):
            raise LookupError("User does not exist")
        return super().create(event)


class MasksFromTheName(SignIn):
    """Fault: the mask of an unknown user is made from the user name, so each stranger can compute it."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        response = super().create(event)
        if events.user_not_found(event):
            number = sum(map(ord, event["userName"])) % 10_000
            response["publicChallengeParameters"]["destination"] = f"+*******{number:04d}"
        return response


class NoWorkForUnknownNames(SignIn):
    """Fault: nothing is written and nothing is queued for an unknown user."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        if not events.user_not_found(event):
            return super().create(event)
        calls = len(self.calls)
        response = super().create(event)
        del self.calls[calls:]
        return response


class LongerChallengeForUnknownNames(SignIn):
    """Fault: a field marks unknown users, so their session is longer."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        response = super().create(event)
        if events.user_not_found(event):
            response["privateChallengeParameters"]["unknown"] = "true"
        return response


class NoCheckForUnknownNames(SignIn):
    """Fault: an answer of an unknown user is refused without a MAC and a write."""

    def verify(self, event: dict[str, Any]) -> bool:
        return False if events.user_not_found(event) else super().verify(event)


class LimitPerSpelling(SignIn):
    """Fault: each letter case of an unknown name has separate limits."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        return super().create(event | {"userName": event["userName"].encode().hex()})


class SendsToUnverifiedAddresses(SignIn):
    """Fault: the address is not compared with its flag `verified`."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        event["request"]["userAttributes"]["email_verified"] = "true"
        return super().create(event)


class ChecksTheOldAddress(SignIn):
    """Fault: the code depends on the address at the time of the message only."""

    def verify(self, event: dict[str, Any]) -> bool:
        event["request"]["userAttributes"] = attributes()
        return super().verify(event)


class NoNotices(SignIn):
    """Fault: a changed address is not reported to the user's other address."""

    def put_notice(self, notice: ChangeNotice) -> None: ...


class ShowsTheChannelOfTheMessage(SignIn):
    """Fault: without a password too, the response names the channel of the message."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        response = super().create(event)
        challenge = Challenge.unpack(response["privateChallengeParameters"]["challenge"])
        response["publicChallengeParameters"]["channel"] = challenge.channel
        return response


class FoldsMoreThanThePool(SignIn):
    """Fault: names that are two users in the pool have one limit if they are unknown."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        return super().create(event | {"userName": event["userName"].casefold()})


class Define:
    """`define` of the product, at a client with a password."""

    def issues_tokens(self, event: dict[str, Any]) -> bool:
        """Return True if the response has tokens."""
        event["callerContext"]["clientId"] = PASSWORD_CLIENT
        response = define_auth_challenge.respond(event, frozenset(), LIMITS)["response"]
        return bool(response["issueTokens"])


class SkipsOnRequest(Define):
    """Fault: the client says whether the code is needed (TryGhost/Ghost#25806)."""

    def issues_tokens(self, event: dict[str, Any]) -> bool:
        skips = events.client_metadata(event).get("skip") == "true"
        return skips or super().issues_tokens(event)


class AcceptsTheNewestResult(Define):
    """Fault: only the newest challenge is looked at, so a history without a password gets tokens."""

    def issues_tokens(self, event: dict[str, Any]) -> bool:
        entries = events.history(event)
        return bool(entries) and entries[-1].get("challengeResult") is True


class TellsOfAStoppedNumber(SignIn):
    """Fault: before the password is proven, a user whose number gets no SMS now is refused."""

    def create(self, event: dict[str, Any]) -> dict[str, Any]:
        number = events.attributes(event).get(SMS.attribute, "")
        stop = self.sms_stop(SMS.destination(number), self.now)
        if stop:
            raise Refused(Refusal.SMS_STOPPED, stop.wait)
        return super().create(event)
