"""The texts of a caller: a purpose has only visible characters, and names are visible ASCII."""

import pytest

from tests.support.token_api_world import Api

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
    answer = api.create(purpose=around.format(hidden))
    assert (answer.status, answer.problem, api.queued) == (400, "invalid-request", [])
    assert "`purpose`" in answer.body["detail"]


@pytest.mark.parametrize("letter", ["x", "\u00e4", "\u65e5", "\U0001f600", '"', "\\", "{", "%"])
def test_a_purpose_has_up_to_64_letters_of_any_script(api: Api, letter: str) -> None:
    created = api.create(purpose=letter * 64, audience="~" * 128)
    assert api.verify(created.body["token"]).status == 200, "the longest tokens are accepted"
    assert api.queued[0].challenge.purpose == f"token:{letter * 64}"
    assert "`purpose`" in api.create(purpose=letter * 65).body["detail"]


def test_purposes_that_differ_only_in_spaces_are_the_same(api: Api) -> None:
    first = api.create(purpose="  pay\u00a0 20\u2003EUR ")
    assert api.queued[0].challenge.purpose == "token:pay 20 EUR"
    assert api.create(purpose="pay 20 EUR").body["token"] == first.body["token"]


def test_a_purpose_that_looks_like_a_kind_does_not_change_the_kind(api: Api) -> None:
    api.create(purpose="step_up:x")
    assert list(api.store.records) == [f"token#{api.queued[0].challenge.subject}"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("audience", ["", "a b", "x" * 129, "\u00e9", "a\n", "\x7f", "\u0430"])
def test_an_audience_that_is_not_visible_ascii_is_refused(api: Api, audience: str) -> None:
    for answer in (
        api.create(audience=audience),
        api.step_up(audience=audience),
        api.introspect("p", audience=audience),
    ):
        assert (answer.status, answer.problem) == (400, "invalid-request")
        assert "`audience`" in answer.body["detail"]


@pytest.mark.parametrize(
    "locale", ["", "d", "deutsch", "de_", "de-DE-x-y-z", "de\n", "../etc", "\u0434\u0435"]
)
def test_an_invalid_locale_is_refused(api: Api, locale: str) -> None:
    answer = api.create(locale=locale)
    assert (answer.status, answer.problem, api.queued) == (400, "invalid-request", [])


@pytest.mark.parametrize("locale", ["de", "deu", "de-AT", "de_AT", "zh-Hant-TW", "sl-rozaj-1994"])
def test_every_form_of_a_locale_is_accepted(api: Api, locale: str) -> None:
    api.create(locale=locale)
    assert api.queued[0].locale == locale


@pytest.mark.parametrize("key", [" ", "a b", "x" * 65, "\u00e9", "a\n", "\x00"])
def test_an_idempotency_key_that_is_not_visible_ascii_is_refused(api: Api, key: str) -> None:
    for path, user in (("/createToken", None), ("/step-up", {"sub": "s"})):
        body = {"email": "ann@example.com"} if user is None else {}
        answer = api.post(path, body, key=key, user=user)
        assert (answer.status, answer.problem, api.queued) == (400, "invalid-request", [])
        assert "idempotency-key" in answer.body["detail"]
