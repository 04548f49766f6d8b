"""The bodies of requests and responses, and the other values of a request: caller, key, nonce and time.

The names of the body classes are schema names of the published OpenAPI.
"""

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from passcode.channels.registry import CHANNELS
from passcode.token_service.challenge import LONGEST_ANSWER, LONGEST_PURPOSE_TEXT, read_purpose_text

PurposeText = Annotated[
    str,
    Field(
        max_length=LONGEST_PURPOSE_TEXT,
        description="The purpose of the code. The message shows it. No line breaks, no invisible characters, "
        "no more than two combining marks in a row, and no web address (`://`, `www.`, or `name.tld/`).",
        examples=["pay 20 EUR"],
    ),
    AfterValidator(read_purpose_text),
]
Audience = Annotated[
    str,
    Field(
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="The recipient of the proof: its `aud`.",
        examples=["payments"],
    ),
]
if TYPE_CHECKING:
    # A type checker cannot read the names in the registry.
    ChannelName = str
else:
    ChannelName = Annotated[Literal[tuple(CHANNELS)], Field(description="The channel of the message.")]
Subject = Annotated[
    str, Field(pattern=r"^[0-9a-f-]{32,36}$", description="The subject that the proof must have: its `sub`.")
]
Token = Annotated[str, Field(min_length=1, max_length=4096)]


def _refuse_number(code: object) -> object:
    if isinstance(code, int | float):
        raise ValueError("must be a string, because a number loses its leading zeros")  # noqa: TRY004
    return code


TypedCode = Annotated[
    str,
    Field(
        max_length=LONGEST_ANSWER,
        description="The code as the user typed or pasted it, in digits of any script. Spaces, dashes and "
        "invisible characters are ignored. So are full stops, quotation marks and number signs around it.",
        examples=["123456"],
    ),
    BeforeValidator(_refuse_number),
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
    """A request for a code. It needs `email` or `phone_number`, or both."""

    channel: ChannelName | None = None
    purpose: PurposeText = ""
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")] | None = None
    audience: Audience | None = None


def addresses(body: CreateToken) -> dict[str, str]:
    """Return the addresses of a body, by the attributes of their channels."""
    values = {c.attribute: getattr(body, c.attribute) for c in CHANNELS.values()}
    return {attribute: address for attribute, address in values.items() if address}


class StepUp(_Body):
    """A request for a code for the user who is signed in."""

    channel: ChannelName | None = None
    purpose: PurposeText = ""
    audience: Audience | None = None


class Created(_Body):
    """An open challenge. Only the message has the code."""

    token: str = Field(description="Send it back with the code. It contains no code and no address.")
    expires_in: int = Field(description="The seconds until the code expires.")
    channel: ChannelName
    destination: str = Field(description="The masked address that the message goes to.")
    status: Literal["SENT", "WAITING"] = Field(
        description="SENT: a message is on its way. WAITING: the code of an earlier message is still valid."
    )
    resend_in: int = Field(description="The seconds until another message can be sent.")
    subject: str = Field(description="The subject of the proof: its `sub`.")


class VerifyToken(_Body):
    """An answer to a challenge."""

    # Optional in the schema, so that a request without it gets an explanation and not a schema error.
    token: Token | None = None
    verification_code: TypedCode


class Verified(_Body):
    """The result of a right answer. The code is spent."""

    verified: Literal[True]
    proof: str = Field(description="A JWT, signed with RS256. /.well-known/jwks.json has the public keys.")
    expires_in: int = Field(description="The seconds until the proof expires.")
    channel: ChannelName
    subject: str


class Introspect(_Body):
    """A request to use a proof. Each proof can be used once."""

    proof: Token
    audience: Audience | None = None
    purpose: PurposeText | None = None
    subject: Subject | None = None


class Introspected(BaseModel):
    """The state of a proof (RFC 7662). `active` is true once for each proof, and the claims follow."""

    model_config = ConfigDict(extra="allow")
    active: bool


class Health(_Body):
    """The health of the function, without its dependencies."""

    status: Literal["ok"]


class Ready(_Body):
    """The state of each dependency of the service."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, Literal["ok", "failed"]]


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457). `reason` is the code of a refusal or of an address that is refused."""

    type: str
    title: str
    status: int
    detail: str
    reason: str | None = None
    attempts_left: int | None = None
    retry_after: int | None = None
    max_age: int | None = None


# Each challenge token is valid at one endpoint only.
VERIFY_TOKEN, STEP_UP_VERIFY = "/verifyToken", "/step-up/verify"


class RequestContext(NamedTuple):
    """The caller, key and time of a request. `nonce` is 32 random hex digits."""

    caller: str  # the IAM principal or the user: Idempotency-Keys of two callers are separate
    key: str | None  # the Idempotency-Key
    nonce: str
    now: int


class IdTokenUser(NamedTuple):
    """The user of a Cognito ID token that API Gateway has checked.

    `auth_time` is when the user signed in, in seconds since the epoch; 0 if the token does not say it.
    """

    user_name: str
    sub: str
    client_id: str
    auth_time: int
