"""Valid destinations: one plain address, or one number of an allowed country."""

import pytest

from passcode.channels.email import EMAIL
from tests.support.token_api_in_memory import Api

TWO = [
    *("a@x.example,b@x.example", "a@x.example;b@x.example", "a@x.example b@x.example", "a@b@x.example"),
    *("A <a@x.example>", "<a@x.example>", "a@x.example\nb@x.example", "a@x.example\r\nBcc: b@x.example"),
    *("a@x.example\t", "a@x.example\x00", "mailto:a@x.example,b@x.example"),
    '"a b"@x.example',
    *("a@x.example?cc=b@x.example", "a(b)@x.example", "a@[192.0.2.1]", "a@x.example..", "a@.example"),
    "@x.example",
    *("a@", "unknown", "a@x..example", "a\\@b@x.example", "a%40b", f"{'a' * 65}@x.example"),
    f"a@{'x' * 64}.example",
]
LOOK_ALIKE = [
    *("\u0430nn@example.com", "ann\uff20example.com", "\u0131nn@example.com", "a\u0301nn@example.com"),
    *("ann@ex\uff41mple.com", "ann@example.com\u200b", "\u202eann@example.com", "ann@\u202eexample.com"),
    *("ann@\u212aelvin.example", "\uff41nn@example.com", "ann@exa\u00admple.com"),
    *("a\u00f1n@example.com", "\U0001d41ann@example.com", "ann\ufe6bexample.com"),
]


@pytest.mark.parametrize("email", [*TWO, *LOOK_ALIKE])
def test_an_address_that_is_not_one_plain_address_is_refused(api: Api, email: str) -> None:
    response = api.create(email)
    assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])
    assert "`email`" in response.body["detail"]
    assert email not in str(response.body)


@pytest.mark.parametrize(
    "email", ["o'neil+tag@x.example", "a@x", "!#$%&*/=?^_`{|}~-@x-y.example", "A.B@1.example"]
)
def test_every_character_that_a_mailbox_may_contain_is_accepted(api: Api, email: str) -> None:
    assert api.create(email).status == 200
    assert api.queued[0].destinations[0].value == email


def test_an_address_has_at_most_254_characters(api: Api) -> None:
    host = ".".join(["x" * 63, "y" * 63, "z" * 61])
    assert api.create(f"{'a' * 64}@{host}").status == 200
    assert api.create(f"{'a' * 64}@{host}y").status == 400


NO_E164 = [
    *("12065550100", "+1 206 555 0100", "+1-206-555-0100", "0012065550100", "+0123456789", "+1206"),
    "tel:+12065550100",
    *(
        "+12065550100,+12065550101",
        "+１２０６５５５０１００",
        "+1206555010\u0660",
        "+12065550100\n",
        "++12065550100",
    ),
    "+1" * 9,
]


@pytest.mark.parametrize("number", NO_E164)
def test_a_number_that_is_not_e164_is_refused(api: Api, number: str) -> None:
    response = api.post("/createToken", {"phone_number": number})
    assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])
    assert "`phone_number`" in response.body["detail"]


def test_a_number_of_a_country_that_is_not_allowed_is_refused(api: Api) -> None:
    response = api.post("/createToken", {"phone_number": "+4915123456789"})
    assert (response.status, response.problem, api.queued) == (422, "destination-not-allowed", [])
    assert api.store.read("token#anything").issued == 0


def test_a_channel_that_is_off_or_without_an_address_is_refused() -> None:
    api = Api(order=(EMAIL,))
    bodies = [
        {"phone_number": "+12065550100"},
        {"email": "a@x.example", "phone_number": "+12065550100", "channel": "sms"},
        {"email": "a@x.example", "channel": "sms"},
    ]
    for body in bodies:
        response = api.post("/createToken", body)
        assert (response.status, response.problem) == (422, "channel-not-offered")
    assert api.queued == []
    assert api.post("/createToken", {"email": "a@x.example", "phone_number": "+12065550100"}).status == 200


MARKED = {
    "email": ["M4RK", "M4RK@", "M4RK@x.example,y@x.example"],
    "phone_number": ["M4RK", "+M4RK"],
    "channel": ["M4RK"],
    "purpose": ["M4RK\n", "M4RK" * 17],
    "locale": ["M4RK"],
    "audience": ["M4RK \u00e9"],
}


@pytest.mark.parametrize(("field", "value"), [(name, value) for name in MARKED for value in MARKED[name]])
def test_no_response_repeats_an_invalid_field(api: Api, field: str, value: str) -> None:
    response = api.post("/createToken", {field: value})
    assert response.status == 400
    assert "M4RK" not in str(response)
    assert "M4RK" not in api.log.getvalue()


@pytest.mark.parametrize(("path", "field"), [("/verifyToken", "token"), ("/introspect", "proof")])
def test_no_response_repeats_a_token_or_a_code(api: Api, path: str, field: str) -> None:
    body = {field: "M4RK.M4RK.M4RK"} | ({"verification_code": "M4RK"} if field == "token" else {})
    assert "M4RK" not in str(api.post(path, body))
    assert "M4RK" not in str(api.post(path, body, key="M4RK\n"))
    token = api.create().body["token"]
    assert "M4RK" not in str(api.verify(token, "M4RK"))
    assert "M4RK" not in api.log.getvalue()
