"""Every page in every language: well-formed, escaped, labelled, and small."""

from dataclasses import replace
from pathlib import Path

import pytest

from passcode.hosted import pages
from passcode.hosted.pages import Brand, ChannelPage, CodePage, PageView, StartPage
from passcode.texts.catalogue import locales, page_texts
from tests.support.html_document import Document
from tests.support.page_samples import BRAND, CHANNELS, CODE, CSRF, VIEWS, WITH_CALLS

LOCALES = sorted(locales())
HOSTILE = "\"'><script>alert(1)</script><b onclick=x {csrf} {{ 7*7 }} %s \u202e"


def shown(view: PageView, brand: Brand = BRAND, locale: str = "en") -> Document:
    return Document(pages.render(view, brand, locale))


@pytest.mark.parametrize("locale", LOCALES)
def test_a_page_is_well_formed_and_names_its_language(locale: str) -> None:
    for name, view in VIEWS.items():
        page = shown(view, locale=locale)
        html = page.only("html")
        assert html["lang"] == locale
        assert html["dir"] == page_texts(locale)["dir"]
        assert [tag for tag, _ in page.tags if tag in {"h1", "h2", "h3"}] in (["h1"], ["h1", "h2"])
        assert len(page.ids) == len(set(page.ids)), name
        assert not {"{", "}"} & set(page.text), f"{name} has an empty placeholder"


@pytest.mark.parametrize("name", VIEWS)
def test_every_form_has_an_action_and_a_csrf_token(name: str) -> None:
    for form in shown(VIEWS[name]).forms:
        assert (form.attributes["method"], form.attributes["action"]) == ("post", "sign-in")
        assert form.values["csrf"] == CSRF
        assert form.values["do"] in {"start", "answer", "resend", "restart", "cancel"}
        assert form.values["do"] == "resend" or "channel" not in form.values
        assert form.buttons == 1


@pytest.mark.parametrize("name", VIEWS)
def test_a_page_has_no_inline_code_and_no_foreign_resources(name: str) -> None:
    page = shown(VIEWS[name], replace(BRAND, has_logo=True))
    for tag, attributes in page.tags:
        assert tag != "style"
        assert not [key for key in attributes if key.startswith("on") or key == "style"]
        for key in ("src", "href", "action"):
            assert ":" not in attributes.get(key, "")
            assert not attributes.get(key, "").startswith(("/", ".."))
    assert [attributes["src"].partition("?")[0] for attributes in page.all("script")] == ["assets/page.js"]
    assert page.in_script == ""


@pytest.mark.parametrize("name", VIEWS)
def test_every_field_has_a_label_and_every_reference_a_target(name: str) -> None:
    page = shown(VIEWS[name])
    labelled = {label["for"] for label in page.all("label")}
    assert {field["id"] for field in page.all("input") if field["type"] != "hidden"} == labelled
    for _, attributes in page.tags:
        for key in ("aria-describedby", "aria-labelledby", "data-reveals"):
            assert set(attributes.get(key, "").split()) <= set(page.ids)
    # A browser uses the first one and ignores a second one silently.
    assert sum("autofocus" in attributes for _, attributes in page.tags) <= 1


def test_the_code_field_has_the_attributes_for_autofill() -> None:
    field = next(field for field in shown(VIEWS["code"]).all("input") if field.get("id") == "code")
    assert field["autocomplete"] == "one-time-code"
    assert (field["inputmode"], field["type"], field["dir"]) == ("numeric", "text", "ltr")
    assert "maxlength" not in field, "it would cut a pasted text"


@pytest.mark.parametrize("digits", [6, 8, 20])
def test_the_field_has_the_length_of_the_code(digits: int) -> None:
    page = shown(PageView(replace(CODE, digits=digits), CSRF))
    field = next(field for field in page.all("input") if field.get("id") == "code")
    assert field["data-digits"] == str(digits)
    assert field["title"].startswith(f"Enter the {digits} digits")
    assert f"{digits}-digit code" in page.text
    assert field["pattern"].count(r"\p{Nd}") == 2
    assert rf"\p{{Nd}}){{{digits - 1}}}[" in field["pattern"], "the browser tests check the rest of it"
    # 20 large digits with spaces are wider than a phone.
    assert ("long" in field.get("class", "")) is (digits == 20)


@pytest.mark.parametrize("locale", LOCALES)
def test_after_a_refused_short_code_the_page_offers_to_start_over(locale: str) -> None:
    page = shown(VIEWS["notice-longer_code"], locale=locale)
    assert page.forms[0].values["do"] == "restart"
    assert page.with_id("notice")["role"] == "alert"


@pytest.mark.parametrize(
    ("name", "described"), [("code", None), ("code-last", None), ("code-expired", "wait")]
)
def test_the_main_button_is_the_next_useful_step(name: str, described: str | None) -> None:
    (main,) = [each for each in shown(VIEWS[name]).all("button") if "main" in each.get("class", "").split()]
    assert main.get("aria-describedby") == described


def test_the_fields_have_the_attributes_for_password_managers() -> None:
    fields = {field["name"]: field for field in shown(VIEWS["start-wrong"]).all("input")}
    assert fields["user_name"]["autocomplete"] == "username"
    assert fields["user_name"]["value"] == "ann@example.com"
    assert fields["user_name"]["maxlength"] == "128", "the longest user name in Cognito"
    assert fields["password"]["autocomplete"] == "current-password"
    assert "value" not in fields["password"]


@pytest.mark.parametrize("name", ["start-wrong", "start-missing", "code-wrong"])
def test_an_error_notice_has_the_focus_and_describes_its_field(name: str) -> None:
    page = shown(VIEWS[name])
    notice = next(attributes for _, attributes in page.tags if attributes.get("id") == "notice")
    assert {"autofocus", "tabindex"} <= set(notice)
    assert page.title.startswith("Error: ")
    fields = [field for field in page.all("input") if field.get("aria-invalid") == "true"]
    assert fields
    assert all("notice" in field["aria-describedby"].split() for field in fields)


def test_other_notices_leave_the_focus_in_the_field() -> None:
    page = shown(VIEWS["code-sms"])
    field = next(field for field in page.all("input") if field.get("id") == "code")
    assert "autofocus" in field
    assert "notice" in field["aria-describedby"].split()
    assert page.title == "Enter your code · Harbour Bank"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "page",
    [
        StartPage(asks_password=True, user_name=HOSTILE),
        ChannelPage({"email": HOSTILE, "sms": HOSTILE}),
        replace(CODE, destination=HOSTILE, channels={"email": HOSTILE, "sms": HOSTILE}),
    ],
)
def test_hostile_values_are_shown_as_text(page: StartPage | ChannelPage | CodePage, locale: str) -> None:
    brand = Brand(HOSTILE, "#000000", has_logo=True)
    document = shown(PageView(page, HOSTILE), brand, locale)
    plain = shown(PageView(page, "x"), replace(brand, app="x"), locale)
    assert document.in_script == ""
    assert [tag for tag, _ in document.tags] == [tag for tag, _ in plain.tags]
    assert [set(attributes) for _, attributes in document.tags] == [set(a) for _, a in plain.tags]
    assert {form.values["csrf"] for form in document.forms} == {HOSTILE}
    assert document.only("img")["alt"] == HOSTILE


def test_a_hidden_destination_is_described_without_asterisks() -> None:
    page = shown(VIEWS["code-hidden"])
    assert "*" not in page.text
    assert "to the email address of your account" in page.text


def test_before_a_password_the_text_fits_each_channel_that_the_message_may_have_used() -> None:
    hidden = {"email": "***@***", "sms": "+***"}
    for channel, mask in hidden.items():
        code = replace(CODE, channel=channel, destination=mask, channels=hidden)
        page = shown(PageView(code, CSRF))
        assert "Check your email and your text messages." in page.text
        assert "your account" not in page.text
        # The phone may offer the code of an SMS, whatever the app asked for.
        assert page.with_id("code")["data-channel"] == "sms"


@pytest.mark.parametrize("channel", ["email", "sms", "voice"])
def test_before_a_password_the_text_fits_a_call_too_if_the_stack_uses_calls(channel: str) -> None:
    hidden = {"email": "***@***", "sms": "+***", "voice": "+***"}
    page = shown(PageView(replace(CODE, channel=channel, destination="***", channels=hidden), CSRF))
    assert "Check your messages, and answer if we call you." in page.text
    assert "text messages" not in page.text


def test_the_page_offers_a_call_and_names_one() -> None:
    page = shown(VIEWS["code-voice"])
    assert "We are calling +***4567 to read the code to you." in page.text
    assert "If your phone doesn't ring, start over" in page.text
    assert page.with_id("code")["data-channel"] == "voice", "the page does not wait for an SMS"
    choice = shown(PageView(ChannelPage(WITH_CALLS), CSRF))
    assert "Phone call to +***4567" in choice.text
    hidden = shown(PageView(ChannelPage({"sms": "+***", "voice": "+***"}), CSRF))
    assert "Phone call" in hidden.text
    assert "+" not in hidden.text


@pytest.mark.parametrize(
    ("channel", "words"), [("sms", "by text message"), ("email", "by email"), ("voice", "by phone call")]
)
def test_the_page_names_the_channel_for_a_message_that_falls_over(channel: str, words: str) -> None:
    first = "email" if channel == "sms" else "sms"
    code = replace(CODE, channel=first, destination=CHANNELS[first], channels=WITH_CALLS, fallback=channel)
    text = shown(PageView(code, CSRF)).text
    assert f"If it can't be sent that way, you get it {words}: {WITH_CALLS[channel]}." in text
    for without in (replace(code, fallback=""), replace(code, channels={first: CHANNELS[first]})):
        assert "can't be sent that way" not in shown(PageView(without, CSRF)).text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (300, "5 minutes"),
        (291, "5 minutes"),  # the message has been on its way
        (289, "4 minutes"),
        (61, "1 minute"),
        (60, "1 minute"),
        (59, "59 seconds"),
        (1, "1 second"),
    ],
)
def test_the_page_shows_the_time_until_a_code_expires(seconds: int, text: str) -> None:
    page = shown(PageView(replace(CODE, expires_in=seconds), CSRF))
    assert f"It expires in {text}." in page.text.replace("\u00a0", " ")


def test_the_first_page_names_phone_numbers_only_where_users_sign_in_with_them() -> None:
    assert "Username, email address or phone number" in shown(VIEWS["start-phone"]).text
    assert "phone number" not in shown(VIEWS["start-password"]).text


def resends(code: CodePage) -> list[str]:
    """The channels that the buttons for a new code ask for. That of the usual button is empty."""
    forms = shown(PageView(code, CSRF)).forms
    return [form.values.get("channel", "") for form in forms if form.values["do"] == "resend"]


def test_the_usual_button_for_a_new_code_asks_for_no_channel() -> None:
    """A code that a user asks for on a channel goes there, even if messages to that address fail."""
    code = replace(CODE, channel="email", destination=WITH_CALLS["email"], channels=WITH_CALLS)
    assert resends(code) == ["", "sms", "voice"]
    # Before the password, the code may have gone to another channel than the page names.
    hidden = {"email": "***@***", "sms": "+***"}
    code = replace(CODE, channel="email", destination="***@***", channels=hidden)
    assert resends(code) == ["", *hidden]
    assert resends(replace(code, channels={"email": "***@***"})) == [""]


def test_the_page_has_no_resend_button_when_no_resend_is_left() -> None:
    assert {form.values["do"] for form in shown(VIEWS["code-last"]).forms} == {"answer", "restart", "cancel"}


def test_the_page_states_the_wait_for_browsers_without_scripts() -> None:
    assert "in 27\u00a0seconds." in shown(VIEWS["code"]).text
    assert "in 2\u00a0minutes." in shown(VIEWS["code-fallback"]).text
    assert shown(VIEWS["code-wrong"]).with_id("wait")["data-seconds"] == "0"


def test_the_url_of_an_asset_changes_with_its_content() -> None:
    def links(brand: Brand) -> set[str]:
        page = shown(VIEWS["code"], brand)
        found = [link["href"] for link in page.all("link")]
        return {*found, *(script["src"] for script in page.all("script"))}

    for link in links(BRAND):
        name = link.removeprefix("assets/").partition("?v=")[0]
        assert pages.asset(name, BRAND), link
    changed = links(BRAND) ^ links(replace(BRAND, color="#123456"))
    assert {link.partition("?")[0] for link in changed} == {"assets/brand.css", "assets/icon.svg"}


@pytest.mark.parametrize("name", ["", "page", "logo", "../pages.py", "page.css/", "templates/page.html"])
def test_an_unknown_asset_is_not_found(name: str) -> None:
    assert pages.asset(name, BRAND) is None


def test_a_page_with_its_assets_is_smaller_than_20_kb() -> None:
    names = ("page.css", "page.js", "brand.css", "icon.svg")
    assets = sum(len(found[0]) for name in names if (found := pages.asset(name, BRAND)))
    heaviest = max(
        len(pages.render(view, BRAND, locale).encode()) for view in VIEWS.values() for locale in LOCALES
    )
    assert assets + heaviest < 20_000


def test_the_folder_contains_only_templates_that_are_used() -> None:
    folder = Path(pages.__file__).parent / "templates"
    assert {file.name for file in folder.iterdir()} == {
        *("start.html", "choose.html", "code.html", "ended.html"),
        *("page.html", "parts.html"),
    }
