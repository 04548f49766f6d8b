"""The bodies of requests and responses, and the other values of a request: caller, key, nonce and time.

The names of the body classes are schema names of the published OpenAPI.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from passcode.channels.registry import CHANNELS

# Invisible characters with effects: line ends (header injection, or a second `@host #code` line), changes
# of text direction, invisible marks. Cn and Co are not assigned characters.
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Letters and marks by category, but invisible: the rest of Unicode's Default_Ignorable_Code_Point, and the
# blank Braille pattern. A purpose of only these characters would look empty.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | frozenset(
    chr(mark) for first, last in ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF)) for mark in range(first, last + 1)
)
# Marks that are stacked on one letter cover the lines above and below. The first limit counts only marks with
# a combining class, as Unicode's Stream-Safe Text Format does (UAX #15): vowel signs of Hindi or Thai have
# none, and Burmese stacks four marks.
_MARKS_WITH_CLASS, _MARKS = 2, 5
# A link in a message that has a code would look as if this stack had sent it.
_WEB_ADDRESS = re.compile(r"://|\bwww\.|[\w-]\.[^\W\d_]{2,}/", re.IGNORECASE)


def _shown(words: str) -> str:
    if any(letter in _BLANK or unicodedata.category(letter) in _HIDDEN for letter in words):
        raise ValueError("no line breaks and no invisible characters")
    composed = unicodedata.normalize("NFC", words)
    if (
        _longest_run(bool(unicodedata.combining(letter)) for letter in composed) > _MARKS_WITH_CLASS
        or _longest_run(unicodedata.category(letter)[0] == "M" for letter in composed) > _MARKS
    ):
        raise ValueError("no more than two combining marks in a row")
    if _WEB_ADDRESS.search(unicodedata.normalize("NFKC", words)):
        raise ValueError("no web address")
    return " ".join(words.split())


def _longest_run(flags: Iterable[bool]) -> int:
    longest = now = 0
    for flag in flags:
        now = now + 1 if flag else 0
        longest = max(longest, now)
    return longest


PurposeText = Annotated[
    str,
    Field(
        max_length=64,
        description="What the code is for, as the message shows it: no line breaks, no invisible characters, "
        "no more than two combining marks in a row, and no web address (`://`, `www.`, or `name.tld/`).",
        examples=["pay 20 EUR"],
    ),
    AfterValidator(_shown),
]
Audience = Annotated[
    str,
    Field(
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="Who will be shown the proof: its `aud`.",
        examples=["payments"],
    ),
]
if TYPE_CHECKING:
    # A type checker cannot read the names in the registry.
    ChannelName = str
else:
    ChannelName = Annotated[Literal[tuple(CHANNELS)], Field(description="How the code is to be sent.")]
Subject = Annotated[
    str, Field(pattern=r"^[0-9a-f-]{32,36}$", description="Who the proof has to be about: its `sub`.")
]
Token = Annotated[str, Field(min_length=1, max_length=4096)]
TypedCode = Annotated[
    str,
    Field(
        max_length=64,
        description="What the person typed. Blanks and dashes do not matter.",
        examples=["123456"],
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


if TYPE_CHECKING:
    # A type checker cannot read these fields either. `addresses` reads them.
    _Addresses = _Body
else:
    _Addresses = create_model(
        "_Addresses",
        __base__=_Body,
        **{
            channel.attribute: (
                Annotated[str, Field(max_length=channel.max_length, examples=[channel.example])] | None,
                None,
            )
            for channel in CHANNELS.values()
        },
    )


class CreateToken(_Addresses):
    """Ask for a code. One of `email` and `phone_number` at least."""

    channel: ChannelName | None = None
    purpose: PurposeText = ""
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")] | None = None
    audience: Audience | None = None


def addresses(body: CreateToken) -> dict[str, str]:
    """The addresses of a body, by the attributes of their channels."""
    given = {c.attribute: getattr(body, c.attribute) for c in CHANNELS.values()}
    return {attribute: address for attribute, address in given.items() if address}


class StepUp(_Body):
    """Ask for a code for the user who is signed in."""

    channel: ChannelName | None = None
    purpose: PurposeText = ""
    audience: Audience | None = None


class Created(_Body):
    """A challenge. The code is in the message alone."""

    token: str = Field(description="Bring it back with the code. It holds no code and no address.")
    expires_in: int = Field(description="Seconds that the code is good for.")
    channel: ChannelName
    destination: str = Field(description="Where the message went, masked.")
    status: Literal["SENT", "WAITING"] = Field(
        description="WAITING: a message went out before and its code is still good; nothing new was sent."
    )
    resend_in: int = Field(description="Seconds until another message can be sent.")
    subject: str = Field(description="Who the proof will be about: its `sub`.")


class VerifyToken(_Body):
    """Answer a challenge."""

    # Optional in the schema, so that a request without it gets an explanation and not a schema error.
    token: Token | None = None
    verification_code: TypedCode


class Verified(_Body):
    """The code was right, and is spent."""

    verified: Literal[True]
    proof: str = Field(description="A JWT, RS256, good with the keys of /.well-known/jwks.json.")
    expires_in: int = Field(description="Seconds that the proof is good for.")
    channel: ChannelName
    subject: str


class Introspect(_Body):
    """Use a proof up."""

    proof: Token
    audience: Audience | None = None
    purpose: PurposeText | None = None
    subject: Subject | None = None


class Introspected(BaseModel):
    """`active` is true once for each proof, with its claims beside it (RFC 7662)."""

    model_config = ConfigDict(extra="allow")
    active: bool


class Health(_Body):
    """The function answers. It says nothing of what it depends on."""

    status: Literal["ok"]


class Ready(_Body):
    """What the service depends on, and whether each part answers."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, Literal["ok", "failed"]]


class ProblemDocument(BaseModel):
    """RFC 9457, with three members more. `reason` is that of a refusal, as in the tag of the SDK flow."""

    type: str
    title: str
    status: int
    detail: str
    reason: str | None = None
    attempts_left: int | None = None
    retry_after: int | None = None


# Each challenge token is valid at one endpoint only.
VERIFY_TOKEN, STEP_UP_VERIFY = "/verifyToken", "/step-up/verify"


@dataclass(frozen=True)
class RequestContext:
    """The caller, key and time of a request. `nonce` is 32 random hex digits."""

    caller: str  # the IAM principal or the user: Idempotency-Keys of two callers are separate
    key: str | None  # the Idempotency-Key
    nonce: str
    now: int


@dataclass(frozen=True)
class IdTokenUser:
    """The user of a Cognito ID token that API Gateway has checked."""

    user_name: str
    sub: str
    client_id: str
