"""A challenge, which is one request for a code with its purpose, and the code that is derived from it.

A challenge is sent as JSON and contains no secret.

A purpose has a kind. For confirmations over HTTP it also has the caller's text. The code's MAC covers the
whole purpose, so a code for one purpose is not valid for another. The record of counters depends on the kind
and the subject only. Otherwise an attacker could get more guesses and messages by changing the text.

A code is derived from a challenge: from a MAC of it that only KMS can compute, and for one destination. It
is never stored. This is HOTP on the server, in the sense of RFC 4226. It reduces all 256 bits, not 31. The
bias of a 256-bit number modulo 10**20 is below 10**-57.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn, TypeVar

from passcode.token_service.policy import CODE_ONLY_KIND, LONG_DIGITS, LONGEST_LIFE

SIGN_IN_PASSWORD = "sign_in_password"  # noqa: S105 - the name of a kind
SIGN_IN_CODE = CODE_ONLY_KIND
TOKEN = "token"  # noqa: S105 - the name of a kind
STEP_UP = "step_up"
SIGN_IN_KINDS = (SIGN_IN_PASSWORD, SIGN_IN_CODE)
KINDS = (*SIGN_IN_KINDS, STEP_UP, TOKEN)


def purpose_of(kind: str, words: str) -> str:
    """Return the purpose of `kind` with the caller's text `words`."""
    return f"{kind}:{words}"


def kind_of(purpose: str) -> str:
    """Return the kind of `purpose`, one of `KINDS`."""
    return purpose.partition(":")[0]


def words_of(purpose: str) -> str:
    """Return the caller's text of `purpose` for the message; empty if there is none."""
    return purpose.partition(":")[2]


# Letters of a caller's text, before and after spaces are made single.
LONGEST_PURPOSE_TEXT = 64
# Invisible characters with effects: line ends (header injection, or a second `@host #code` line), changes
# of text direction, invisible marks. Cn and Co are not assigned characters.
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Letters and marks by category, but invisible: the rest of Unicode's Default_Ignorable_Code_Point, and the
# blank Braille pattern. A purpose of only these characters would look empty.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    chr(mark) for first, last in ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF)) for mark in range(first, last + 1)
)
# Marks that are stacked on one letter cover the lines above and below. The first limit counts only marks with
# a combining class, as Unicode's Stream-Safe Text Format does (UAX #15). Vowel signs of Hindi or Thai have
# none, and Burmese stacks four marks.
_MARKS_WITH_CLASS, _MARKS = 2, 5
# A link in a message that has a code would look as if this stack had sent it.
_WEB_ADDRESS = r"://|\bwww\.|[\w-]\.[^\W\d_]{2,}/"


def read_purpose_text(text: str) -> str:
    """Return a caller's text for a purpose, with single spaces between its words.

    Raises ValueError with the reason if a message must not show it.
    """
    import unicodedata  # noqa: PLC0415 - not for sign-ins, whose purpose has no text

    if any(letter in _BLANK or unicodedata.category(letter) in _HIDDEN for letter in text):
        raise ValueError("must not have line breaks or invisible characters")
    composed = unicodedata.normalize("NFC", text)
    if (
        _longest_run(bool(unicodedata.combining(letter)) for letter in composed) > _MARKS_WITH_CLASS
        or _longest_run(unicodedata.category(letter)[0] == "M" for letter in composed) > _MARKS
    ):
        raise ValueError("must not have more than two combining marks in a row")
    if re.search(_WEB_ADDRESS, unicodedata.normalize("NFKC", text), re.IGNORECASE):
        raise ValueError("must not have a web address")
    return " ".join(text.split())


def _longest_run(flags: Iterable[bool]) -> int:
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest


def _may_be_shown(text: str) -> bool:
    """Return True if a message may show the caller's text of a purpose, or if it has none."""
    if not text:
        return True
    try:
        return len(text) <= LONGEST_PURPOSE_TEXT and read_purpose_text(text) == text
    except ValueError:
        return False


def is_open_class(kind: str) -> bool:
    """Return True if a stranger who knows a user name can request a code of this kind.

    The daily limits of the stack keep a half for the other kinds, whose callers have proven something first.
    """
    return kind == SIGN_IN_CODE


_DOMAIN = "passcode/v2"


def length_prefixed(*fields: str) -> bytes:
    """Return the fields as bytes, each after its length, so that two lists never give the same bytes."""
    encoded = [field.encode() for field in fields]
    return b"".join(len(field).to_bytes(4, "big") + field for field in encoded)


class Challenge(NamedTuple):
    """The data from which an answer is checked. Times are in seconds since the epoch."""

    purpose: str
    subject: str
    counter: int
    nonce: str  # 32 hex digits; identifies the challenge in logs
    expires_at: int
    digits: int
    issued_at: int = 0
    channel: str = ""  # of the newest message
    decoy: bool = False  # for an unknown user: no message is sent, and no answer is right

    def mac_message(self) -> bytes:
        """Return the bytes that the MAC covers. The code is derived from that MAC."""
        return length_prefixed(
            _DOMAIN,
            self.purpose,
            self.subject,
            str(self.counter),
            self.nonce,
            str(self.expires_at),
            str(self.digits),
        )

    def is_plausible(self, now: int) -> bool:
        """Return True if the token service can have issued this challenge and it has not expired.

        `deliver` and `verify` read challenges that another function wrote, so they check the values.
        """
        return (
            kind_of(self.purpose) in KINDS
            and (kind_of(self.purpose) not in SIGN_IN_KINDS or self.purpose == kind_of(self.purpose))
            and _may_be_shown(words_of(self.purpose))
            and _NONCE.fullmatch(self.nonce) is not None
            and (6 <= self.digits <= 10 or self.digits == LONG_DIGITS)
            and self.counter > 0
            and now < self.expires_at <= now + LONGEST_LIFE + _CLOCK_DIFFERENCE
        )

    def pack(self) -> str:
        """Return one line of JSON with named keys and a version. Equal challenges give equal lines."""
        # A number, because the lengths of true and false differ and could show an unknown user.
        written = {"v": _VERSION} | self._asdict() | {"decoy": int(self.decoy)}
        return json.dumps(written, separators=(",", ":"))

    @classmethod
    def unpack(cls, line: object) -> "Challenge":
        """Read a packed challenge of this or another release. Raises ValueError for any other value.

        Unknown keys are ignored. An optional key that is missing gets its default.
        """
        if not isinstance(line, str) or len(line) > _LONGEST:
            raise ValueError("this is not a challenge")
        values = parse_object(line)
        read_field(values, "v", int)
        decoy = read_field(values, "decoy", int, 0)
        if decoy > 1:
            raise ValueError("the field decoy has a wrong value")
        return read_fields(cls, values | {"decoy": bool(decoy)}, _OPTIONAL)


_VERSION = 2
_NONCE = re.compile(r"[0-9a-f]{32}")
# Between two Lambda functions, in seconds.
_CLOCK_DIFFERENCE = 60
# Room for the longest purpose over HTTP (64 characters, each up to 12 bytes in JSON) and the other fields.
_LONGEST = 1280
# A challenge of another release may lack these.
_OPTIONAL = {"issued_at": 0, "channel": ""}


# Above every count and every time in seconds. A larger number would not fit into a number of DynamoDB.
_TOO_LARGE = 10**12
Value = TypeVar("Value", str, int, bool)
Read = TypeVar("Read")


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object in `text`.

    Raises ValueError if it has another value, or if one of its objects has a key twice: two readers could use
    different values of that key.
    """
    try:
        values = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("the JSON has too many levels") from None
    if not isinstance(values, dict):
        raise ValueError("the JSON is no object")  # noqa: TRY004 - one error for all wrong texts
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def read_field(
    values: Mapping[str, Any], name: str, kind: type[Value], default: Value | None = None
) -> Value:
    """Return the value of `name` in `values`; `default` if it is missing. Numbers are below 10**12.

    Raises ValueError if it is missing and has no default, or if it is not exactly of the type `kind`: a
    boolean is not a number, and null is not the same as missing. A number below zero raises ValueError too.
    """
    value = values.get(name, default)
    if type(value) is not kind or (type(value) is int and not 0 <= value < _TOO_LARGE):
        raise ValueError(f"the field {name} is missing or has a wrong value")
    return value


def read_fields(cls: type[Read], values: Mapping[str, Any], optional: Mapping[str, Any]) -> Read:
    """Return a dataclass or a NamedTuple `cls` with its fields from `values`. Ignores other keys.

    `optional` has the defaults of the fields that may be missing. Raises ValueError as `read_field` does.
    """
    read: dict[str, Any] = {}
    for name, kind in cls.__annotations__.items():
        read[name] = read_field(values, name, kind, optional.get(name))
    return cls(**read)


def check_version(values: Mapping[str, Any], version: int) -> None:
    """Raise ValueError unless `values` have exactly the version `version`."""
    if read_field(values, "v", int) != version:
        raise ValueError("this has another version")


def record_key(purpose: str, subject: str) -> str:
    """Return the key of the record of `subject` for all purposes of the same kind as `purpose`."""
    return f"{kind_of(purpose)}#{subject}"


# Longer than a long code with invisible characters around each digit. The limit stops answers of megabytes.
LONGEST_ANSWER = 256
# Characters that no user means as a part of a code: control and format characters (such as marks of the text
# direction), dashes, and spaces. `hosted.pages` makes the pattern of the page's field from these.
IGNORED_CATEGORIES = ("Cc", "Cf", "Pd", "Zl", "Zp", "Zs")
# The other dashes of Unicode, and hyphen bullet, minus signs, and the long vowel mark of Japanese keyboards.
IGNORED = _BLANK | frozenset("\u02d7\u2043\u2053\u207b\u208b\u2212\u2796\u30fc\uff70")
# Ignored before and after the digits only: full stops, quotation marks (Unicode's property Quotation_Mark and
# those that keyboards type instead), and number signs. Between digits, they mean another number.
IGNORED_AROUND = (
    ".\u06d4\u0964\u3002\ufe52\uff0e\uff61"
    "\"'`\u00ab\u00b4\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u2039\u203a\u2e42"
    "\u300c\u300d\u300e\u300f\u301d\u301e\u301f\ufe41\ufe42\ufe43\ufe44\uff02\uff07\uff62\uff63"
    "#\u2116\ufe5f\uff03"
)


# Channels that reach the addresses of another channel, with that channel. Such an address has one code, one
# id and one set of counters. Otherwise an answer would be compared with more codes, and limits would double.
_ADDRESS_TYPES = {"voice": "sms"}


def address_type(channel: str) -> str:
    """Return the type of the addresses of `channel`: the name of the first channel that reached them."""
    return _ADDRESS_TYPES.get(channel, channel)


def count_codes(channels: Iterable[str]) -> int:
    """Return the number of codes of a challenge for destinations on `channels`: one for each type."""
    return len({address_type(channel) for channel in channels})


class Code:
    """The digits that a user types, or a temporary password from Cognito.

    Only `reveal` returns them, and only the code that renders a message may call it.
    """

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def __repr__(self) -> str:
        return "Code(***)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a code is never stored")

    def reveal(self) -> str:
        """Return the digits, for the message to the user."""
        return self._digits

    def matches(self, answer: str) -> bool:
        """Return True if `answer` is this code. Compares in constant time."""
        return hmac.compare_digest(self._digits.encode(), answer.encode())


def derive_code(mac: bytes, channel: str, destination_id: str, digits: int) -> Code:
    """Return the code of a challenge for one destination: `digits` decimal digits, with leading zeros.

    It is the same on each channel that reaches the destination.

    `mac` is the MAC of the challenge, 32 bytes. `destination_id` identifies the address. The code differs by
    destination, so a principal that redirects a message receives a code that authenticates no user. Raises
    ValueError for a MAC of another length.
    """
    if len(mac) != 32:
        raise ValueError("a code is made from a MAC of 32 bytes")
    message = length_prefixed("destination", address_type(channel), destination_id)
    derived = hmac.digest(mac, message, hashlib.sha256)
    return Code(str(int.from_bytes(derived, "big") % 10**digits).zfill(digits))


def parse_answer(answer: object, digits: int) -> str | None:
    """Return the digits of an answer as ASCII; None if it cannot be a code of `digits` digits.

    Users paste codes from messages in every script. So each decimal digit of Unicode counts by its value.
    Invisible characters, spaces and dashes are ignored. So are full stops, quotation marks and number signs
    around the digits. An answer has at most `LONGEST_ANSWER` characters.
    """
    if not isinstance(answer, str) or len(answer) > LONGEST_ANSWER:
        return None
    plain = answer if answer.isascii() and answer.isdecimal() else _decimal_digits(answer)
    return plain if len(plain) == digits else None


def _decimal_digits(answer: str) -> str:
    """Return the digits of `answer` as ASCII; empty if it has other characters that are not ignored."""
    import unicodedata  # noqa: PLC0415 - not for an answer of plain digits

    kept = "".join(
        character
        for character in answer
        if character not in IGNORED and unicodedata.category(character) not in IGNORED_CATEGORIES
    )
    values = [unicodedata.decimal(character, None) for character in kept.strip(IGNORED_AROUND)]
    return "" if None in values else "".join(map(str, values))
