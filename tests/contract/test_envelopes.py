"""Recorded messages between functions, replayed through every reader with a field more and a field less.

`envelopes/` has one message of each kind. During a deployment the functions of two releases run side by side,
so each reader must accept the messages of the other release.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from passcode.channels.channel import destination_id
from passcode.confirmation.requests import VERIFY_TOKEN
from passcode.confirmation.tokens import (
    challenge_token_claims,
    parse_challenge_token,
    parse_proof,
    proof_claims,
)
from passcode.hosted.state import Grant, SignInState
from passcode.sign_in.steps import RoundRecord, decode_metadata, encode_metadata
from passcode.token_service.challenge import Challenge, derive_code, parse_object
from tests.support import handlers
from tests.support.events import SALT
from tests.support.memory_stores import code_mac

unpack = handlers.deliver.unpack  # type: ignore[attr-defined]
RECORDED = Path(__file__).with_name("envelopes")
ISSUER = "https://abcdef.execute-api.eu-west-1.amazonaws.com/v1"
Json = dict[str, Any]


def recorded(name: str) -> str:
    """A message as a function wrote it."""
    return (RECORDED / name).read_text().rstrip("\n")


def without(name: str, key: str) -> str:
    """A recorded message without one of its fields."""
    return changed(name, lambda fields: fields.pop(key))


def changed(name: str, change: Callable[[Json], object]) -> str:
    """A recorded message with its fields changed."""
    fields: Json = json.loads(recorded(name))
    change(fields)
    return json.dumps(fields)


def token(text: str) -> Any:
    """Read the claims of a challenge token."""
    return parse_challenge_token(parse_object(text), ISSUER, VERIFY_TOKEN)


def token_text(ticket: Any) -> str:
    """Write the claims of a challenge token."""
    return json.dumps(challenge_token_claims(ticket, ISSUER, VERIFY_TOKEN))


def hosted(plain: str | None = None, secret: str | None = None) -> SignInState:
    """Read a sign-in on the hosted page. The parts that are not given are the recorded ones."""
    return SignInState.unpack(
        recorded("hosted_plain.json") if plain is None else plain,
        recorded("hosted_secret.json") if secret is None else secret,
        expires_at=1767225890,
        version=3,
    )


@dataclass(frozen=True)
class Envelope:
    """A recorded message: its reader, its writer, and the fields that another release may leave out.

    `defaults` has the values that the reader uses for missing fields. The reader ignores the fields in
    `not_read`, and it accepts other versions if `any_version` is true.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    defaults: Json = field(default_factory=dict)
    not_read: frozenset[str] = frozenset()
    any_version: bool = False


ENVELOPES = {
    "queue_code.json": Envelope(
        unpack, lambda message: message.pack(), {"locale": "", "sent_at": 1767225600}
    ),
    "queue_cognito.json": Envelope(
        unpack,
        lambda message: message.pack(),
        {"locale": "", "subject": "", "name": "", "id": "", "fault": ""},
    ),
    "queue_notice.json": Envelope(
        unpack,
        lambda message: message.pack(),
        dict.fromkeys(("locale", "subject", "nonce", "address_id"), ""),
    ),
    "challenge.json": Envelope(
        Challenge.unpack,
        lambda challenge: challenge.pack(),
        {"issued_at": 0, "channel": "", "decoy": False},
        any_version=True,
    ),
    "challenge_token.json": Envelope(token, token_text, {"country": ""}, frozenset({"iat"})),
    "proof.json": Envelope(
        lambda text: parse_proof(parse_object(text)),
        lambda proof: json.dumps(proof.claims),
        not_read=frozenset({"iat", "amr", "otp_channel", "purpose"}),
    ),
    "hosted_plain.json": Envelope(
        hosted,
        lambda state: state.pack()[0],
        {"shown": {}, "notice": None, "retry_after": 0, "with_password": False},
    ),
    "hosted_secret.json": Envelope(
        lambda text: hosted(secret=text), lambda state: state.pack()[1], {"code": "", "grant": ""}
    ),
    "hosted_grant.json": Envelope(Grant.unpack, lambda grant: grant.pack()),
}
# Each value is refused for a field of another type. The last four are refused for every field.
WRONG: tuple[Any, ...] = (
    None,
    0,
    1,
    1.0,
    "1",
    True,
    [],
    {},
    ["x"],
    {"x": 1},
    -1,
    10**12,
    10**300,
    float("inf"),
)


def same_type(found: object, expected: object) -> bool:
    """Return True if `found` could be the value of a field that has the value `expected`."""
    if isinstance(expected, int) and not isinstance(expected, bool):
        return type(found) is int and 0 <= found < 10**12
    return type(found) is type(expected)


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_message_is_read_and_written_again_as_it_was(name: str) -> None:
    envelope = ENVELOPES[name]
    written = envelope.write(envelope.read(recorded(name)))
    assert json.loads(written) == json.loads(recorded(name))


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_message_with_a_field_more_reads_the_same(name: str) -> None:
    later = changed(name, lambda fields: fields.update(priority={"of": [1, None]}))
    read = ENVELOPES[name].read
    if name == "proof.json":
        # /introspect returns all claims to its caller.
        assert (read(later).jti, read(later).expires_at) == (read(recorded(name)).jti, 1767226300)
    else:
        assert read(later) == read(recorded(name))


@pytest.mark.parametrize("name", ["queue_code.json", "queue_cognito.json"])
def test_a_destination_with_a_field_more_reads_the_same(name: str) -> None:
    later = changed(name, lambda fields: fields.update(to=[to | {"since": 1} for to in fields["to"]]))
    assert unpack(later) == unpack(recorded(name))


def test_a_request_with_a_field_more_reads_the_same() -> None:
    later = changed("hosted_plain.json", lambda fields: fields["request"].update(acr_values="x"))
    assert hosted(later) == hosted()


FIELDS = [(name, key) for name in ENVELOPES for key in json.loads(recorded(name))]


@pytest.mark.parametrize(("name", "key"), FIELDS)
def test_a_message_may_lack_what_is_optional_and_nothing_else(name: str, key: str) -> None:
    envelope = ENVELOPES[name]
    if key in envelope.defaults:
        assert getattr(envelope.read(without(name, key)), key) == envelope.defaults[key]
    elif key in envelope.not_read:
        envelope.read(without(name, key))
    else:
        with pytest.raises(ValueError, match=r"."):
            envelope.read(without(name, key))


@pytest.mark.parametrize(("name", "key"), FIELDS)
def test_a_field_of_another_type_or_size_is_refused(name: str, key: str) -> None:
    envelope = ENVELOPES[name]
    expected = json.loads(recorded(name))[key]
    for value in WRONG:
        if key in envelope.not_read or same_type(value, expected):
            continue
        wrong = recorded(name)[:-1].replace(f'"{key}"', '"x"', 1) + f", {json.dumps({key: value})[1:]}"
        with pytest.raises(ValueError, match=r"."):
            envelope.read(wrong)


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_message_of_another_version_is_refused(name: str) -> None:
    envelope = ENVELOPES[name]
    for version in (0, 2, 3):
        other = recorded(name).replace('"v":', f'"v": {version}, "was":', 1)
        if envelope.any_version:
            assert envelope.read(other) == envelope.read(recorded(name))
        else:
            with pytest.raises(ValueError, match="version"):
                envelope.read(other)


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_message_that_has_a_field_twice_is_refused(name: str) -> None:
    """Two readers could use different values of the two."""
    for key, value in json.loads(recorded(name)).items():
        twice = recorded(name)[:-1] + f", {json.dumps(key)}: {json.dumps(value)}}}"
        assert json.loads(twice) == json.loads(recorded(name))
        with pytest.raises(ValueError, match="twice"):
            ENVELOPES[name].read(twice)


@pytest.mark.parametrize("name", ENVELOPES)
@pytest.mark.parametrize(
    "text",
    ["", "x", "null", "7", "true", '"x"', "[]", "{}", "[" * 1_279, "[" * 99_999, "9" * 5_000, '{"v":1'],
)
def test_a_text_that_is_no_message_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ENVELOPES[name].read(text)


NO_DESTINATIONS: list[Any] = [
    *(None, "email", {"channel": "email", "address": "a@b.example"}, [None], ["email"], [[]], [{}]),
    *([{"channel": "email"}], [{"address": "a@b.example"}]),
    *([{"channel": "email", "address": None}], [{"channel": "email", "address": ["a@b.example"]}]),
    *([{"channel": "email", "address": 1}], [{"channel": "email", "address": True}]),
    *([{"channel": name, "address": "a@b.example"}] for name in ("pigeon", "Email", "")),
    *([{"channel": "email", "address": other}] for other in ("a@B.example", " a@b.example", "unknown")),
    *([{"channel": None, "address": "a@b.example"}], [{"channel": ["email"], "address": "a@b.example"}]),
]


@pytest.mark.parametrize("name", ["queue_code.json", "queue_cognito.json", "queue_notice.json"])
@pytest.mark.parametrize("to", NO_DESTINATIONS)
def test_a_destination_without_a_channel_or_an_address_in_its_form_is_refused(name: str, to: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(changed(name, lambda fields: fields.update(to=to)))


@pytest.mark.parametrize(("place", "code"), [(0, "39062906"), (1, "41534105")])
def test_the_code_of_a_recorded_message_never_changes(place: int, code: str) -> None:
    """Another derivation in a new release would make the codes wrong that are on their way."""
    message = unpack(recorded("queue_code.json"))
    to = message.destinations[place]
    mac = code_mac(message.challenge.mac_message())
    made = derive_code(mac, to.channel.name, destination_id(to, SALT), message.challenge.digits)
    assert made.reveal() == code


def test_the_code_of_a_recorded_token_never_changes() -> None:
    ticket = token(recorded("challenge_token.json"))
    mac = code_mac(ticket.challenge.mac_message())
    made = derive_code(mac, ticket.challenge.channel, ticket.sub, ticket.challenge.digits)
    assert made.reveal() == "692865"


@pytest.mark.parametrize("decoy", [2, -1, True, False, "0", None])
def test_a_decoy_is_written_as_0_or_1(decoy: object) -> None:
    """The lengths of `true` and `false` differ, and could show an unknown user."""
    with pytest.raises(ValueError, match="decoy"):
        Challenge.unpack(changed("challenge.json", lambda fields: fields.update(decoy=decoy)))


def test_a_challenge_of_the_release_before_is_refused() -> None:
    """It has no number of digits, and its code was derived in another way."""
    before = (
        '{"v":1,"purpose":"sign_in","subject":"6f1d2a52-6c1e-4f0e-9d3a-2b7c9f0a1e44","counter":1,"nonce":'
        '"00112233445566778899aabbccddeeff","issued_at":1767225600,"expires_at":1767225900,"channel":"email",'
        '"bound":"f452a7bb7e45aa5f","decoy":false}'
    )
    with pytest.raises(ValueError, match="wrong value"):
        Challenge.unpack(before)


@pytest.mark.parametrize("kind", ["letter", "", "Code"])
def test_a_queue_body_of_another_kind_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        unpack(changed("queue_code.json", lambda fields: fields.update(kind=kind)))


def test_the_proof_of_a_challenge_token_is_the_recorded_one() -> None:
    ticket = token(recorded("challenge_token.json"))
    made = proof_claims(ticket, "pay 20 EUR", ISSUER, 1767225700, 600)
    assert made == json.loads(recorded("proof.json"))


@pytest.mark.parametrize("change", [{"jti": "0" * 32}, {"exp": 1767225901}])
def test_a_token_that_differs_from_its_challenge_is_refused(change: Json) -> None:
    with pytest.raises(ValueError, match="challenge"):
        token(changed("challenge_token.json", lambda claims: claims.update(change)))


@pytest.mark.parametrize("key", ["client_id", "redirect_uri", "state", "nonce", "code_challenge"])
def test_a_stored_request_that_lacks_a_field_is_refused(key: str) -> None:
    """Without its code challenge, a request would need no PKCE."""
    with pytest.raises(ValueError, match=key):
        hosted(changed("hosted_plain.json", lambda fields: fields["request"].pop(key)))
    with pytest.raises(ValueError, match=key):
        hosted(changed("hosted_plain.json", lambda fields: fields["request"].update({key: None})))


def test_a_stored_request_of_a_release_without_levels_requires_none() -> None:
    earlier = changed("hosted_plain.json", lambda fields: fields["request"].pop("required_level"))
    assert hosted(earlier).request.required_level == 0


@pytest.mark.parametrize("level", [None, True, "3", -1, 3.0])
def test_a_stored_request_with_a_wrong_level_is_refused(level: object) -> None:
    with pytest.raises(ValueError, match="required_level"):
        hosted(changed("hosted_plain.json", lambda fields: fields["request"].update(required_level=level)))


@pytest.mark.parametrize(
    "change",
    [{"phase": "later"}, {"notice": "later"}, {"shown": {"channel": 1}}, {"shown": {"channel": None}}],
)
def test_a_stored_sign_in_with_an_unknown_value_is_refused(change: Json) -> None:
    with pytest.raises(ValueError, match=r"."):
        hosted(changed("hosted_plain.json", lambda fields: fields.update(change)))


def test_the_metadata_of_a_round_is_read_and_written_again_as_it_was() -> None:
    assert encode_metadata(decode_metadata(recorded("metadata.txt"))) == recorded("metadata.txt")
    assert Challenge.unpack(decode_metadata(recorded("metadata.txt")).challenge).counter == 1


def counts(record: RoundRecord) -> tuple[int, int, int]:
    """The numbers in the metadata of a round."""
    return record.answers, record.resends, record.resend_at


def test_the_metadata_of_a_round_with_a_field_more_or_less_is_read() -> None:
    later = decode_metadata(recorded("metadata.txt").replace("v=1;", "v=2;channel_asked=1;"))
    assert counts(later) == (2, 1, 1767225630)
    earlier = decode_metadata(recorded("metadata.txt").replace("resend_at=1767225630;", ""))
    assert counts(earlier) == (2, 1, 0)
    without_texts = recorded("metadata.txt").replace("asked=sms;locale=pt_BR;", "")
    assert (decode_metadata(without_texts).asked, decode_metadata(without_texts).locale) == ("", "")


@pytest.mark.parametrize(
    ("part", "other"),
    [
        *((part, "") for part in ("v=1;", "answers=2;", "resends=1;", ";challenge=")),
        *(("v=1;", other) for other in ("v=;", "v;", "v=x;", "v=1;v=1;")),
        *(
            ("answers=2;", f"answers={other};")
            for other in ("", "-1", "2.0", "x", "9" * 13, "True", "2;answers=0")
        ),
        *(("resend_at=1767225630;", f"resend_at={other};") for other in ("", "null", "1e9", "5;resend_at=0")),
    ],
)
def test_the_metadata_of_a_round_without_a_count_or_with_a_wrong_one_is_refused(
    part: str, other: str
) -> None:
    text = recorded("metadata.txt")
    assert part in text
    with pytest.raises(ValueError, match="metadata"):
        decode_metadata(text.replace(part, other))


@pytest.mark.parametrize("metadata", [None, 1, True, [], {}, "", ";challenge=", "v=1;" * 400])
def test_metadata_that_is_none_is_refused(metadata: object) -> None:
    with pytest.raises(ValueError, match="metadata"):
        decode_metadata(metadata)
