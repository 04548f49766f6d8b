"""Delivery, gateways and addresses with one fault."""

import json
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from passcode.channels.channel import Channel
from passcode.channels.email import EMAIL
from passcode.channels.sms import SMS
from passcode.delivery.gateway import NotTaken, Outgoing, SendResult, Taken
from passcode.token_service.challenge import Challenge, derive_code
from tests.attacks.sign_in import Mailbox
from tests.support.deliver_handler import DeliverHandler
from tests.support.memory_stores import code_mac


class OneCodeForAllDestinations(Mailbox):
    """Fault: the code does not depend on the address."""

    def code_in_message(self, challenge: Challenge, address: str) -> str:
        return derive_code(code_mac(challenge.mac_message()), "", "", challenge.digits).reveal()

    def accepts(self, challenge: Challenge, code: str) -> bool:
        return code == self.code_in_message(challenge, "")


class SendsEachBody(DeliverHandler):
    """Fault: each body on the queue is sent."""

    def deliver(self, *bodies: str) -> list[str]:
        for each in map(json.loads, bodies):
            text = json.loads(each["challenge"])["purpose"]
            for to in each["to"]:
                self.ses.send_email(Destination={"ToAddresses": [to["address"]]}, Content=text)
        return []


class NoLimits:
    """Fault: there is no limit by country or number of messages. It is also the gateway of the tests."""

    channel: Channel = SMS

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        return Taken()


@dataclass
class OneCountForACountry(NoLimits):
    """Fault: all SMS to a country have one count. After `limit` SMS, all users there get none."""

    limit: int
    sent: int = 0

    def send(self, outgoing: Outgoing[Any]) -> SendResult:
        self.sent += 1
        return Taken() if self.sent <= self.limit else NotTaken("budget", final=True)


class NormalisesLater:
    """Fault: the address is checked, and Unicode is normalised later (GHSA-7rqj-j65f-68wh)."""

    def __call__(self, value: str) -> str | None:
        if value.count("@") != 1:
            return None
        return unicodedata.normalize("NFKC", value)


# Fault: the limits apply to the address as it is written.
EMAIL_WITHOUT_MAILBOX = replace(EMAIL, mailbox=None)
