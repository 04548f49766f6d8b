"""Every email, SMS and call that the stack sent, and the code in a message."""

import json
import re
import unicodedata
import urllib.request
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any

from tools.local_stack.stack import Stack

# 6 to 20 digits, in one piece or in groups.
_ALONE = re.compile(r"[0-9](?: ?[0-9]){5,19}")
# The last line of an SMS with a code for one site (WICG origin-bound one-time codes).
_ORIGIN_BOUND = re.compile(r"@\S+ #([0-9]{6,20})")
# The digits of a code in a call, as text.
_SPOKEN = re.compile(r"(?<![0-9] )(?<![0-9])[0-9](?: [0-9]){5,19}(?! ?[0-9])")
# In a sentence, such as those of the emulator. A long code has groups of four digits.
_IN_A_SENTENCE = re.compile(r"(?<![0-9#])(?:[0-9]{6,10}|[0-9]{4}(?: [0-9]{4}){4})(?![0-9])")
# A temporary password has 6 characters or more in Cognito. The letter and the digit distinguish it from a
# sentence.
_PASSWORD = re.compile(r"(?=.*[A-Za-z])(?=.*[0-9])(?!.*://)[!-~]{6,99}")


@dataclass(frozen=True)
class Attachment:
    """A file in an email. HTML shows it by `cid:` and the `content_id`, which is empty for other files."""

    name: str
    content_type: str
    content_id: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Message:
    """One sent message. `sent_at` is in UTC.

    An SMS or a call has only `channel`, `to`, `text` and `sent_at`. `sender` is the value of From, with the
    name decoded. `headers` are the added headers with their values.
    """

    channel: str
    to: str
    subject: str
    text: str
    html: str
    sent_at: datetime
    sender: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()


def read(stack: Stack, to: str | None = None, with_emulator: bool = False) -> list[Message]:
    """Return all messages, oldest first, or those to the email address or phone number `to`.

    `with_emulator` adds the messages that the emulator writes in place of Cognito.
    """
    emails = (
        mail for mails in _get(stack, "/_ministack/ses/messages")["messages"].values() for mail in mails
    )
    texts = _get(stack, "/_ministack/sns/sms-messages")["sms_messages"]
    messages = [
        *(_email(mail, each) for mail in emails if _is_shown(mail, with_emulator) for each in mail["To"]),
        *(_sms(text, to) for to, sent in texts.items() for text in sent if _is_shown(text, with_emulator)),
    ]
    messages.sort(key=lambda message: message.sent_at)
    return [message for message in messages if to is None or message.to.lower() == to.lower()]


def secret_in(message: Message) -> str | None:
    """Return the code or the temporary password in a message; None if it has neither.

    A code is returned without spaces. A call reads its digits one by one. In other messages it stands alone
    in its line, or in the origin-bound last line of an SMS, or else in the first line. A temporary password
    stands alone in its line. It is found only if it has a letter, a digit and no space, as the passwords that
    Cognito makes.
    """
    lines = [_visible(line) for line in message.text.splitlines()]
    if message.channel == "voice":
        spoken = _SPOKEN.search(message.text)
        return spoken[0].replace(" ", "") if spoken else None
    if alone := next((line for line in lines if _ALONE.fullmatch(line)), None):
        return alone.replace(" ", "")
    if bound := next((found for line in lines if (found := _ORIGIN_BOUND.fullmatch(line))), None):
        return bound[1]
    if password := next((line for line in lines if _PASSWORD.fullmatch(line)), None):
        return password
    first = _IN_A_SENTENCE.search(next(filter(None, lines), ""))
    return first[0].replace(" ", "") if first else None


def _visible(line: str) -> str:
    """Return `line` without invisible characters and spaces at its ends. Other spaces become plain ones."""
    categories = ((character, unicodedata.category(character)) for character in line)
    kept = (" " if category == "Zs" else character for character, category in categories if category != "Cf")
    return "".join(kept).strip()


def _is_shown(record: Mapping[str, Any], with_emulator: bool) -> bool:
    """Return whether a message belongs to the inbox.

    This is the only place that leaves out the emulator's sample messages: the codes and invitations of
    Cognito itself, in the emulator's English. Their `Type` is CognitoVerificationMessage,
    CognitoInvitationMessage or CognitoEmailOtpMessage.
    """
    return with_emulator or not record.get("Type", "").startswith("Cognito")


def _email(mail: dict[str, Any], to: str) -> Message:
    return Message(
        channel="email",
        to=to,
        subject=mail["Subject"],
        text=mail["BodyText"] or "",
        html=mail["BodyHtml"] or "",
        sent_at=_at(mail["Timestamp"]),
        sender=_decoded(mail["Source"]),
        headers=tuple((header["Name"], header["Value"]) for header in mail["Headers"]),
        attachments=tuple(map(_attachment, mail["Attachments"])),
    )


def _attachment(sent: Mapping[str, str]) -> Attachment:
    return Attachment(
        name=sent["FileName"],
        content_type=sent.get("ContentType", ""),
        content_id=sent.get("ContentId", "").strip("<>"),
        content=b64decode(sent["RawContent"]),
    )


def _sms(text: dict[str, Any], to: str) -> Message:
    # Calls are in the log too, as text.
    return Message(text.get("Channel", "sms"), to, "", text["Message"], "", _at(text["Timestamp"]))


def _decoded(header: str) -> str:
    """Return a header with its encoded words decoded (RFC 2047), or as it is if they are malformed."""
    try:
        return str(make_header(decode_header(header)))
    except (HeaderParseError, LookupError, UnicodeError):
        return header


def _get(stack: Stack, path: str) -> dict[str, Any]:
    # Loopback needs no proxy, even if the environment names one.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(stack.endpoint_url + path, timeout=10) as response:
        content: dict[str, Any] = json.load(response)
        return content


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
