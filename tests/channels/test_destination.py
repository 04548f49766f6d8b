"""Valid destinations, their masks, ids and decoys."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.channels.channel import (
    Channel,
    Destination,
    choose_destination,
    destination_id,
    destination_ids,
    verified_destinations,
)
from passcode.channels.email import EMAIL
from passcode.channels.registry import CHANNELS
from passcode.channels.sms import SMS
from passcode.sign_in.create import read_user
from passcode.sign_in.decoys import decoy_attributes

BOTH = (EMAIL, SMS)
ADA = {
    "sub": "5f0c6a52-0000-4000-8000-000000000001",
    "email": "Ada.L@Example.COM",
    "email_verified": "True",
    "phone_number": "+12025550123",
    "phone_number_verified": "true",
}


def test_only_the_host_of_an_address_is_lower_cased() -> None:
    assert EMAIL.destination("Ada.L+x@Example.COM") == Destination(EMAIL, "Ada.L+x@example.com")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example.com,eve@evil.example",
        "ada@example.com;eve@evil.example",
        "ada@example.com eve@evil.example",
        "Ada <ada@example.com>",
        "ada@example.com\r\nBcc: eve@evil.example",
        "ada@example.com\n",
        "ada@@example.com",
        "\u00e4da@example.com",
        "ada@ex\uff41mple.com",  # normalises to a plain letter
        "a" * 65 + "@example.com",
        "a@" + "b" * 260,
        "ada@example..com",
        "ada@.example.com",
    ],
    ids=lambda value: repr(value)[:30],
)
def test_lists_headers_and_look_alikes_are_no_address(address: str) -> None:
    assert EMAIL.destination(address) is None


def test_an_address_has_at_most_254_characters() -> None:
    """RFC 5321 4.5.3.1.3 limits a path to 256 octets, and two of them are the angle brackets."""
    host = ".".join(["h" * 63, "h" * 63, "h" * 61])
    assert len(longest := f"{'a' * 64}@{host}") == 254
    assert EMAIL.destination(longest) == Destination(EMAIL, longest)
    assert EMAIL.destination(f"{longest}h") is None


@pytest.mark.parametrize(
    "number",
    [
        "",
        "12025550123",
        "+0123456789",
        "+1",
        "+1202555012a",
        "+1 202 555 0123",
        "+" + "1" * 16,
        "+١٢٠٢٥٥٥٠١٢٣",
    ],
)
def test_only_an_e164_number_is_a_destination(number: str) -> None:
    assert SMS.destination(number) is None


@given(st.text())
def test_any_text_is_a_destination_or_none(text: str) -> None:
    for channel in CHANNELS.values():
        found, fault = channel.destination(text), channel.fault(text)
        assert (found is None) is (fault is not None)
        assert found is None or channel.destination(found.value) == found


@pytest.mark.parametrize("flag", ["false", "False", "", "1", "yes", "TRUE "])
def test_only_a_verified_attribute_is_a_destination(flag: str) -> None:
    assert list(verified_destinations(ADA | {"email_verified": flag}, BOTH)) == [SMS]
    assert verified_destinations({"email": "a@example.com"}, BOTH) == {}


@pytest.mark.parametrize("flag", ["true", "True", "TRUE"])
def test_the_verified_flag_is_read_in_any_letter_case(flag: str) -> None:
    assert list(verified_destinations(ADA | {"email_verified": flag}, BOTH)) == [EMAIL, SMS]


def test_a_requested_channel_comes_before_the_order_of_the_deployment() -> None:
    found = verified_destinations(ADA, (SMS, EMAIL))
    assert choose_destination(found).channel is SMS
    assert choose_destination(found, "", "email").channel is EMAIL
    assert choose_destination(found, "pigeon", "email").channel is EMAIL
    assert choose_destination(verified_destinations(ADA, (EMAIL,)), "sms").channel is EMAIL


def test_a_mask_hides_most_of_the_address() -> None:
    assert [d.masked for d in verified_destinations(ADA, BOTH).values()] == ["A***@e***", "+***0123"]


def test_all_users_have_the_same_masks_before_the_password() -> None:
    event: dict[str, Any] = {
        "userName": "x",
        "request": {"userAttributes": {"sub": "s", "email": "a@b.example", "email_verified": "true"}},
    }
    missing = {"userName": "x", "request": {"userAttributes": {}, "userNotFound": True}}
    known, unknown = read_user(event, BOTH, "salt"), read_user(missing, BOTH, "salt")
    assert known.masks == unknown.masks == {"email": "***@***", "sms": "+***"}
    event["request"]["session"] = [{"challengeName": "PASSWORD_VERIFIER", "challengeResult": True}]
    assert read_user(event, BOTH, "salt").masks == {"email": "a***@b***"}


@pytest.mark.parametrize(
    ("session", "masks"),
    [
        ([], {"email": "***@***", "sms": "+***"}),
        ([{"challengeName": "PASSWORD_VERIFIER", "challengeResult": True}], {"sms": "+***0123"}),
    ],
)
def test_a_user_without_sub_is_a_decoy(session: list[dict[str, object]], masks: dict[str, str]) -> None:
    """Without a subject, all such users would share one record of counters."""
    attributes = {name: value for name, value in ADA.items() if name != "sub"}
    request = {"userAttributes": attributes, "session": session}
    user = read_user({"userName": "user-292", "request": request}, BOTH, "salt")
    assert user.decoy
    assert user.subject == decoy_attributes("salt", "user-292", BOTH)["sub"]
    assert user.masks == masks


def test_a_user_without_preferences_has_empty_ones() -> None:
    user = read_user({"userName": "x", "request": {"userAttributes": ADA}}, BOTH, "salt")
    assert not user.decoy
    assert (user.preferred, user.locale) == ("", "")


def test_the_repr_of_a_destination_contains_no_address() -> None:
    assert "0123" not in repr(Destination(SMS, "+12025550123"))


@pytest.mark.parametrize(
    ("channel", "address"),
    [(EMAIL, "eve@evil.example"), (EMAIL, "ada.l@example.com"), (EMAIL, "Ada.L+x@example.com")],
)
def test_each_address_has_another_id(channel: Channel, address: str) -> None:
    """RFC 5321 leaves the letter case and tags to the receiving host, so they may name another mailbox."""
    ids = destination_ids(verified_destinations(ADA, BOTH), "salt")
    assert destination_id(Destination(channel, address), "salt") not in ids.values()


def test_the_id_of_an_address_depends_on_its_channel_and_on_the_salt() -> None:
    one = destination_id(Destination(EMAIL, "a@b.example"), "salt")
    assert one != destination_id(Destination(EMAIL, "a@b.example"), "another")
    assert one != destination_id(Destination(SMS, "a@b.example"), "salt")


def test_the_ids_of_a_user_are_those_of_the_verified_destinations() -> None:
    assert destination_ids(verified_destinations(ADA, BOTH), "salt") == {
        "email": destination_id(Destination(EMAIL, "Ada.L@example.com"), "salt"),
        "sms": destination_id(Destination(SMS, "+12025550123"), "salt"),
    }
    unverified = ADA | {"email_verified": "false"}
    assert list(destination_ids(verified_destinations(unverified, BOTH), "salt")) == ["sms"]


def test_the_id_of_an_address_never_changes() -> None:
    """With another derivation, a deployment would invalidate every code that is already sent."""
    assert (
        destination_id(Destination(EMAIL, "Ada.L@example.com"), "salt") == "6fab38eb1dab4e87a1ddefb212f2c240"
    )
    assert destination_id(Destination(SMS, "+12025550123"), "salt") == "941923396051cdbc6894d4968f30904a"


def test_a_decoy_depends_on_the_name_and_the_salt() -> None:
    assert decoy_attributes("salt", "unknown", BOTH) == decoy_attributes("salt", "UnKnown", BOTH)
    assert decoy_attributes("salt", "unknown", BOTH) != decoy_attributes("other salt", "unknown", BOTH)


def test_a_decoy_has_a_subject_like_a_user() -> None:
    made = [decoy_attributes("salt", f"name-{n}", BOTH) for n in range(400)]
    assert len({a["sub"] for a in made}) == 400
    assert all(a["sub"][14] == "4" and a["sub"][19] in "89ab" and len(a["sub"]) == 36 for a in made)


@pytest.mark.parametrize("order", [(EMAIL,), (SMS,), (EMAIL, SMS), (SMS, EMAIL)])
def test_decoys_have_the_same_sets_of_destinations_as_users(order: tuple[Channel, ...]) -> None:
    made = [decoy_attributes("salt", f"name-{n}", order) for n in range(2_000)]
    sets = Counter(frozenset(verified_destinations(attributes, order)) for attributes in made)
    assert set(sets) == {frozenset(order), *(frozenset([channel]) for channel in order)}
    assert sum(count for kind, count in sets.items() if order[0] in kind) > 1_850
    assert {a["custom:otp_channel"] for a in made} == {"", *(channel.name for channel in order[1:])}


@pytest.mark.parametrize(
    ("name", "sub", "channels", "preferred"),
    [
        # Each of the first four has one byte of its digest at a threshold or next to it.
        ("user-292", "7f5a0f1a-84b7-4573-bfab-ba04a3b0b525", [SMS], ""),
        ("user-612", "8891f7b6-6f46-47ac-9da0-594232fb97e8", [EMAIL, SMS], ""),
        ("user-1575", "6b9acaf2-daf3-4853-8af9-ec1362d2b2c3", [EMAIL, SMS], "sms"),
        ("user-143", "2a4abaab-3909-4676-8566-137cc2157f6c", [EMAIL, SMS], ""),
        ("user-4", "6a58d942-cce7-4ef5-9817-035bba0839db", [EMAIL], ""),
    ],
)
def test_the_decoy_of_a_name_never_changes(
    name: str, sub: str, channels: list[Channel], preferred: str
) -> None:
    """If a release changed the decoys, an observer could distinguish unknown users from known ones."""
    decoy = decoy_attributes("salt", name, BOTH)
    assert (decoy["sub"], decoy["custom:otp_channel"]) == (sub, preferred)
    assert list(verified_destinations(decoy, BOTH)) == channels
