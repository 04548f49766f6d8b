"""Channels, actions and languages of apps and attributes, in the forms that SDKs and people use."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passcode.channels.email import EMAIL as BY_EMAIL
from passcode.delivery.envelope import language_list, language_tag
from tests.support.events import attributes, code_of, entry, golden, wrong_code_of
from tests.support.handlers import HandlerOutput
from tests.support.live_sign_in import SignIn, code_only
from tests.support.sign_in_handlers import Flow, SignInHandlers
from tests.support.users import User
from tools.local_stack.stack import Stack

CODE = "CUSTOM_CHALLENGE"
AFTER_PASSWORD = [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]


def after_password(handlers: SignInHandlers, **request: object) -> dict[str, str]:
    """The first challenge after the password. Cognito passes the ClientMetadata of PASSWORD_VERIFIER."""
    event = golden("create_after_password", session=AFTER_PASSWORD, **request)
    found: dict[str, str] = handlers.create(event)["publicChallengeParameters"]
    return found


def in_any_form(*words: str) -> st.SearchStrategy[str]:
    """The words in any letter case, with spaces around them."""
    space = st.text(" \t\r\n\u00a0\u3000", max_size=3)
    cased = st.sampled_from(words).flatmap(
        lambda word: st.tuples(*(st.sampled_from((letter, letter.upper())) for letter in word)).map("".join)
    )
    return st.tuples(space, cased, space).map("".join)


SMS = ["sms", "SMS", "Sms", " sms", "sms ", "\tSMS\n", "\u00a0sms"]
EMAIL = ["email", "EMAIL", "Email", " eMail "]
# Values that ask for nothing. ClientMetadata has texts only, but an attacker can send any JSON.
NOTHING: list[object] = ["", " ", None, 7, True, ["sms"], {"sms": 1}]
UNKNOWN = ["pigeon", "sms,email", "s m s", "e-mail", "phone", "\u017fms", "\ud800", "s" * 100_000]


@pytest.mark.parametrize(("word", "channel"), [*((w, "sms") for w in SMS), *((w, "email") for w in EMAIL)])
def test_a_channel_is_read_in_any_form(word: str, channel: str) -> None:
    by_attribute = after_password(SignInHandlers(), userAttributes=attributes(otp_channel=word))
    other = attributes(otp_channel="email" if channel == "sms" else "sms")
    with_password = after_password(SignInHandlers(), userAttributes=other, clientMetadata={"channel": word})
    chosen = after_password(SignInHandlers(choice_asked=True), clientMetadata={"channel": word})
    for shown in (by_attribute, with_password, chosen):
        assert (shown["status"], shown["channel"]) == ("SENT", channel)
    flow = Flow(SignInHandlers(), user=other, with_password=True)
    flow.start()
    flow.handlers.now += 31
    flow.answer("again", action="resend", channel=word)
    assert (flow.public["status"], flow.public["channel"]) == ("SENT", channel)


@pytest.mark.parametrize("value", NOTHING)
def test_a_channel_that_is_no_text_or_is_empty_asks_for_nothing(value: object, output: HandlerOutput) -> None:
    handlers = SignInHandlers(telemetry=output.telemetry)
    user = attributes(otp_channel="sms")
    shown = after_password(handlers, userAttributes=user, clientMetadata={"channel": value})
    assert (shown["status"], shown["channel"]) == ("SENT", "sms")
    choice = after_password(SignInHandlers(choice_asked=True), clientMetadata={"channel": value})
    assert (choice["status"], choice["channel"]) == ("CHOOSE", "")
    assert "unknown word" not in output.text


def unknown_words(output: HandlerOutput) -> list[str]:
    """The fields of the unknown words in the log."""
    return [str(line["field"]) for line in output.lines if line["message"] == "an unknown word"]


@pytest.mark.parametrize("word", UNKNOWN)
def test_an_unknown_channel_asks_the_app_to_choose(word: str, output: HandlerOutput) -> None:
    handlers = SignInHandlers(telemetry=output.telemetry)
    first = after_password(handlers, clientMetadata={"channel": word})
    assert (first["status"], first["channel"], handlers.touched()) == ("CHOOSE", "", (0, 0, 0))
    assert unknown_words(output) == ["channel"]
    assert word not in output.text
    flow = Flow(SignInHandlers(), with_password=True)
    flow.start()
    flow.handlers.now += 31
    assert flow.answer("again", action="resend", channel=word) == CODE
    shown = [flow.public[key] for key in ("status", "channel", "resendsLeft", "attemptsLeft", "expiresIn")]
    assert shown == ["CHOOSE", "email", "3", "5", "269"]
    assert len(flow.handlers.queued) == 1
    assert flow.answer(code_of(flow.challenge)) == "tokens", "the code of the first message is still valid"


@pytest.mark.parametrize("with_password", [True, False])
def test_with_one_channel_an_unknown_one_is_no_choice(with_password: bool, output: HandlerOutput) -> None:
    flow = Flow(SignInHandlers(order=(BY_EMAIL,), telemetry=output.telemetry), with_password=with_password)
    flow.start()
    flow.handlers.now += 31
    flow.answer("again", action="resend", channel="pigeon")
    assert (flow.public["status"], flow.public["channel"]) == ("SENT", "email")
    assert unknown_words(output) == ["channel"]


def test_an_unknown_channel_of_the_user_is_one_log_line(output: HandlerOutput) -> None:
    user = attributes(otp_channel="pigeon")
    flow = Flow(SignInHandlers(telemetry=output.telemetry), user=user, with_password=True)
    flow.start()
    assert (flow.public["status"], flow.public["channel"]) == ("SENT", "email")
    flow.answer(wrong_code_of(flow.challenge))
    flow.handlers.now += 31
    flow.answer("again", action="resend")
    assert unknown_words(output) == ["custom:otp_channel"]
    assert "pigeon" not in output.text


@pytest.mark.parametrize("choice_asked", [True, False])
def test_a_channel_that_the_user_does_not_have_is_not_used(choice_asked: bool) -> None:
    user = attributes(phone_number_verified="false")
    handlers = SignInHandlers(choice_asked=choice_asked)
    shown = after_password(handlers, userAttributes=user, clientMetadata={"channel": "sms"})
    expected = ("CHOOSE", "", 0) if choice_asked else ("SENT", "email", 1)
    assert (shown["status"], shown["channel"], len(handlers.queued)) == expected


@pytest.mark.parametrize("action", ["resend", "RESEND", " Resend ", "\tresend\n", "send", "SEND "])
def test_an_action_is_read_in_any_form(action: str) -> None:
    flow = Flow(SignInHandlers())
    flow.start()
    flow.handlers.now += 31
    assert flow.answer(code_of(flow.challenge), action=action) == CODE
    assert (flow.public["status"], flow.public["attemptsLeft"]) == ("SENT", "5")


@pytest.mark.parametrize("value", NOTHING)
def test_an_action_that_is_no_text_or_is_empty_is_an_answer(value: object) -> None:
    flow = Flow(SignInHandlers())
    flow.start()
    assert flow.answer(code_of(flow.challenge), action=value) == "tokens"


@pytest.mark.parametrize("with_password", [True, False])
@pytest.mark.parametrize("user_not_found", [True, False])
@pytest.mark.parametrize("action", ["resnd", "answer", "sms", "re send", "\ud800"])
def test_an_unknown_action_is_neither_an_answer_nor_a_resend(
    action: str, user_not_found: bool, with_password: bool, output: HandlerOutput
) -> None:
    handlers = SignInHandlers(telemetry=output.telemetry)
    flow = Flow(handlers, with_password=with_password, user_not_found=user_not_found)
    flow.start()
    first, touched = flow.challenge, handlers.touched()
    handlers.now += 31
    for answer in (wrong_code_of(first), code_of(first), "again"):
        assert flow.answer(answer, action=action) == CODE
        shown = [flow.public[key] for key in ("status", "attemptsLeft", "resendsLeft")]
        assert shown == ["WAITING", "5", "3"]
    assert (flow.challenge, handlers.touched()) == (first, touched)
    assert unknown_words(output) == ["action"] * 3
    assert flow.answer(code_of(first)) == (CODE if user_not_found else "tokens")


WORDS = st.one_of(
    in_any_form("email", "sms", "send", "resend"), st.text(max_size=8), st.none(), st.integers()
)
STEPS = st.lists(st.tuples(WORDS, WORDS, st.sampled_from([1, 31])), max_size=6)


@settings(max_examples=200)
@given(steps=STEPS, choice_asked=st.booleans())
def test_any_words_give_the_same_rounds_to_users_and_unknown_names(
    steps: list[tuple[object, object, int]], choice_asked: bool
) -> None:
    """Before the password, the responses and the lengths of hidden texts are the same for all names."""
    seen = []
    users: list[dict[str, Any]] = [
        {},
        {"user": attributes(otp_channel=" SMS")},
        {"user": attributes(phone_number_verified="false", locale="de-AT")},
        {"user": {}, "user_not_found": True},
    ]
    for user in users:
        flow = Flow(SignInHandlers(choice_asked=choice_asked), **user)
        rounds: list[object] = [flow.start()]
        for action, channel, seconds in steps:
            flow.handlers.now += seconds
            # No code: the answer is malformed for each name.
            rounds.append(flow.answer("again", action=action, channel=channel, locale=channel))
            if rounds[-1] == "fail":
                break
            private = {key: len(text) for key, text in flow.response["privateChallengeParameters"].items()}
            rounds.append((flow.public, len(flow.response["challengeMetadata"]), private))
            assert flow.public["fallback"] == ""
        seen.append((rounds, flow.handlers.touched()))
    assert all(each == seen[0] for each in seen)


@settings(max_examples=200)
@given(word=in_any_form("email", "sms"), action=in_any_form("send", "resend"))
def test_generated_forms_of_words_are_understood(word: str, action: str) -> None:
    channel = word.strip().lower()
    flow = Flow(SignInHandlers(choice_asked=True), with_password=True)
    flow.start()
    assert flow.answer("go", action=action, channel=word) == CODE
    assert (flow.public["status"], flow.public["channel"]) == ("SENT", channel)


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        *((text, text) for text in ("de", "pt_BR", "pt-BR", "zh-Hans-CN", "sr_Latn_RS", "es-419", "iw")),
        *((" de ", "de"), ("de\n", "de"), ("de_DE.UTF-8", "de_DE"), ("ca_ES@valencia", "ca_ES")),
        *((other, "") for other in ("", " ", None, 7, ["de"], "de,fr", "de;q=1", "d e", "<b>", "d\u00e9")),
        *((other, "") for other in ("a" * 36, "-", "_", "de\nSubject: x", "\ud800", "\uff44\uff45", "v=1")),
        ("a" * 35, "a" * 35),
    ],
)
def test_a_language_of_an_app_or_a_user_is_a_tag_or_nothing(value: object, tag: str) -> None:
    assert language_tag(value) == tag
    flow = Flow(SignInHandlers(), user=attributes(locale="fr"))
    flow.start()
    flow.handlers.now += 31
    flow.answer("again", action="resend", locale=value)
    assert flow.handlers.queued[-1].locale == language_list(tag, "fr")


@settings(max_examples=200)
@given(first=st.text(), second=st.text(max_size=50))
def test_the_list_of_languages_has_a_bounded_length_and_safe_characters(first: str, second: str) -> None:
    locale = language_list(language_tag(first), language_tag(second))
    assert len(locale) <= 100
    assert locale.count(",") <= 1
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_,") for letter in locale)


def test_the_language_of_the_app_comes_before_that_of_the_user_and_is_remembered() -> None:
    flow = Flow(SignInHandlers(), user=attributes(locale="de"))
    flow.start()
    flow.answer(wrong_code_of(flow.challenge), locale="pt_BR")
    locales = []
    for metadata in ({}, {"locale": "fr"}, {"locale": " "}, {"locale": "de"}):
        flow.handlers.now += 31
        flow.answer("again", action="resend", **metadata)
        locales.append(flow.handlers.queued[-1].locale if flow.public["status"] == "SENT" else "")
    assert locales == ["pt_BR,de", "fr,de", "fr,de", ""]
    assert [delivery.locale for delivery in flow.handlers.queued] == ["de", "pt_BR,de", "fr,de", "fr,de"]


def test_the_language_with_the_password_is_that_of_the_first_message() -> None:
    handlers = SignInHandlers()
    after_password(handlers, userAttributes=attributes(locale=""), clientMetadata={"locale": "ja"})
    assert handlers.queued[0].locale == "ja"


def test_a_notice_of_a_changed_address_has_the_language_of_the_sign_in() -> None:
    flow = Flow(SignInHandlers(), user=attributes(locale="de"), with_password=True)
    flow.start()
    flow.user = attributes(locale="de", email="new@people.example")
    flow.handlers.now += 31
    flow.answer("again", action="resend", locale="it")
    (notice,) = flow.handlers.notices
    assert notice.locale == "it,de"


@pytest.mark.parametrize(
    ("changes", "fallback"),
    [
        ({}, "sms"),
        ({"otp_channel": "sms"}, "email"),
        ({"phone_number_verified": "false"}, ""),
        ({"email_verified": "false"}, ""),
    ],
)
def test_the_fallback_is_shown_after_the_password_only(changes: dict[str, str], fallback: str) -> None:
    user = attributes(**changes)
    assert after_password(SignInHandlers(), userAttributes=user)["fallback"] == fallback
    assert after_password(SignInHandlers(choice_asked=True), userAttributes=user)["fallback"] == ""
    without = Flow(SignInHandlers(), user=user)
    without.start()
    assert without.public["fallback"] == ""


def sign_in_with(stack: Stack, user: User, **metadata: str) -> dict[str, str]:
    """Prove the password through Cognito, with ClientMetadata. Returns the challenge's parameters."""
    sign_in = SignIn(stack, stack.clients["password_and_code"])
    return sign_in.start_with_password(user.email, user.password, **metadata).parameters


def test_through_cognito_the_channel_is_asked_for_with_the_password(
    local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]
) -> None:
    user = new_user()
    shown = sign_in_with(local_stack, user, channel=" Sms")
    assert (shown["status"], shown["channel"], shown["fallback"]) == ("SENT", "sms", "email")
    assert len(code_for(user.phone)) == 6
    other = sign_in_with(local_stack, new_user(), channel="pigeon")
    assert (other["status"], other["channel"], other["expiresIn"]) == ("CHOOSE", "", "0")
    assert set(json.loads(other["channels"])) == {"email", "sms"}


def test_through_cognito_sms_in_capitals_is_the_channel(
    local_stack: Stack, new_user: Callable[..., User], code_for: Callable[..., str]
) -> None:
    user = new_user(channel="SMS")
    sign_in = code_only(local_stack).start(user.email)
    code = code_for(user.phone)
    assert sign_in.answer(code, action="resnd").parameters["status"] == "WAITING"
    assert sign_in.answer("again", action=" RESEND ", channel="EMAIL").parameters["status"] == "WAITING"
    assert sign_in.parameters["attemptsLeft"] == "5"
    assert sign_in.answer(code).tokens
