"""The texts of a caller: a purpose has only visible characters, and names are visible ASCII."""

import pytest

from tests.support.token_api_in_memory import Api

HIDDEN = [
    *("\r\n", "\n", "\r", "\t", "\x00", "\x0b", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e"),
    "\u202a",
    *("\u2066", "\u200b", "\u200d", "\u200e", "\ufeff", "\u00ad", "\u061c", "\u180e", "\ue000", "\uffff"),
    "\U000e0041",
    *("\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u2800", "\u3164", "\uffa0", "\ufe00", "\ufe0f"),
    *("\U000e0100", "\U000e01ef"),
    *("\ud800", "\udfff", "\u2060", "\u0378", "\U0010ffff"),
]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("around", ["{}", "{}pay", "pay{}", "pay\u0020{}20 EUR"])
def test_a_purpose_with_line_ends_or_invisible_characters_is_refused(
    api: Api, hidden: str, around: str
) -> None:
    """They could add an email header or a second `@host #code` line, or reverse the displayed text."""
    response = api.create(purpose=around.format(hidden))
    assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])
    assert "`purpose`" in response.body["detail"]


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u65e5", "\U0001f600", '"', "\\", "{", "%"])
def test_a_purpose_has_up_to_64_letters_of_any_script(api: Api, letter: str) -> None:
    created = api.create(purpose=letter * 64, audience="~" * 128)
    assert api.verify(created.body["token"]).status == 200, "the longest tokens are accepted"
    assert api.queued[0].challenge.purpose == f"token:{letter * 64}"
    assert "`purpose`" in api.create(purpose=letter * 65).body["detail"]


ACCEPTED = {
    "Arabic with vowel marks": "\u062a\u064e\u0623\u0652\u0643\u0650\u064a\u062f\u064c "
    "\u0627\u0644\u062f\u0651\u064e\u0641\u0652\u0639",
    "Thai": "\u0e0a\u0e33\u0e23\u0e30\u0e40\u0e07\u0e34\u0e19\u0e17\u0e35\u0e48\u0e23\u0e49\u0e32\u0e19",
    "Hindi with nukta, vowel sign and nasal sign": "\u092a\u0922\u093c\u0947\u0902 \u0914\u0930 "
    "\u092d\u0941\u0917\u0924\u093e\u0928 \u0915\u0930\u0947\u0902",
    "Vietnamese": "x\u00e1c nh\u1eadn thanh to\u00e1n",
    "Vietnamese, decomposed": "xa\u0301c nha\u0323\u0302n to\u0301an",
    "Hebrew with points": "\u05e9\u05b7\u05c1\u05dc\u05d5\u05b9\u05dd",
    "Burmese": "\u1019\u103c\u102d\u102f\u1037 \u1015\u1031\u1038\u1015\u102b",
    "Japanese": "\u652f\u6255\u3044\u3002\u6b21/\u8fd4\u91d1",
    "German": "Rechnung Nr. 12/24, z.B./bzw. 20,50 EUR",
    "French": "payer l\u2019achat n\u00b0 3 : 20 \u20ac",
    "Spanish": "\u00bfpagar 20.000/mes?",
    "Greek": "\u03c0\u03bb\u03b7\u03c1\u03c9\u03bc\u03ae 20 \u0395\u03a5\u03a1",
    "a shop": "pay example.com and/or Dr.No",
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_a_purpose_in_any_language_is_accepted(api: Api, text: str) -> None:
    assert api.create(purpose=text).status == 200
    assert api.queued[0].challenge.purpose == f"token:{text}"


@pytest.mark.parametrize(
    "marks", ["\u0335\u0336\u0337", "\u0316" * 3, "\u0301\u0327\u0338\u0323", "\u0e35" * 6]
)
@pytest.mark.parametrize("letter", ["x", "\u0e17", "\u062f"])
def test_a_purpose_has_no_stacked_marks(api: Api, letter: str, marks: str) -> None:
    """They would cover other lines of the message."""
    for response in (api.create(purpose=f"pay {letter}{marks}"), api.step_up(purpose=f"pay {letter}{marks}")):
        assert (response.status, api.queued) == (400, [])
        assert response.body["detail"] == "`purpose`: must not have more than two combining marks in a row."


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.example", "HTTP://x", "app://pay", "www.evil.example", "(WWW.evil.example)"),
        *(
            "evil.example/pay",
            "see evil.co.uk/",
            "b\u00fccher.example/x",
            "\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d\uff0f",
        ),
    ],
)
def test_a_purpose_has_no_web_address(api: Api, address: str) -> None:
    """A link in the message would look as if the sender of the code had written it."""
    response = api.create(purpose=f"pay {address}")
    assert (response.status, api.queued) == (400, [])
    assert response.body["detail"] == "`purpose`: must not have a web address."


def test_purposes_that_differ_only_in_spaces_are_the_same(api: Api) -> None:
    first = api.create(purpose="  pay\u00a0 20\u2003EUR ")
    assert api.queued[0].challenge.purpose == "token:pay 20 EUR"
    assert api.create(purpose="pay 20 EUR").body["token"] == first.body["token"]


def test_a_purpose_that_looks_like_a_kind_does_not_change_the_kind(api: Api) -> None:
    api.create(purpose="step_up:x")
    assert list(api.store.records) == [f"token#{api.queued[0].challenge.subject}"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("audience", ["", "a b", "x" * 129, "\u00e9", "a\n", "\x7f", "\u0430"])
def test_an_audience_that_is_not_visible_ascii_is_refused(api: Api, audience: str) -> None:
    for response in (
        api.create(audience=audience),
        api.step_up(audience=audience),
        api.introspect("p", audience=audience),
    ):
        assert (response.status, response.problem) == (400, "invalid-request")
        assert "`audience`" in response.body["detail"]


@pytest.mark.parametrize(
    "locale", ["", "d", "deutsch", "de_", "de-DE-x-y-z", "de\n", "../etc", "\u0434\u0435"]
)
def test_an_invalid_locale_is_refused(api: Api, locale: str) -> None:
    response = api.create(locale=locale)
    assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])


@pytest.mark.parametrize("locale", ["de", "deu", "de-AT", "de_AT", "zh-Hant-TW", "sl-rozaj-1994"])
def test_every_form_of_a_locale_is_accepted(api: Api, locale: str) -> None:
    api.create(locale=locale)
    assert api.queued[0].locale == locale


@pytest.mark.parametrize("key", [" ", "a b", "x" * 65, "\u00e9", "a\n", "\x00"])
def test_an_idempotency_key_that_is_not_visible_ascii_is_refused(api: Api, key: str) -> None:
    for path, user in (("/createToken", None), ("/step-up", {"sub": "s"})):
        body = {"email": "ann@example.com"} if user is None else {}
        response = api.post(path, body, key=key, user=user)
        assert (response.status, response.problem, api.queued) == (400, "invalid-request", [])
        assert "idempotency-key" in response.body["detail"]
