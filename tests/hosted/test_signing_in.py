"""The page's steps: what each form does, and what it does not."""

from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted.pages import ChannelPage, CodePage, EndPage, StartPage
from passcode.hosted.ports import Authenticated
from passcode.hosted.sign_in_page import NO_SIGN_IN, Redirect, Reload
from passcode.hosted.state import Notice
from passcode.token_service.refusal import RefusalTag
from tests.support.hosted_world import BACK, ISSUER, PASSWORD, RIGHT, USER, FakePool, World


def query(left: object) -> dict[str, list[str]]:
    """What stands in the address that the browser leaves for."""
    assert isinstance(left, Redirect)
    assert left.url.startswith(BACK + "?")
    return parse_qs(urlsplit(left.url).query)


@pytest.mark.parametrize("asks_password", [True, False])
def test_a_sign_in_ends_at_the_redirect_uri_with_a_code_and_the_state(asks_password: bool) -> None:
    world = World(asks_password=asks_password)
    cookie = world.begin(login_hint="ann@example.com")
    assert world.view(cookie).page == StartPage(asks_password, "ann@example.com")
    assert world.submit(cookie, "start", user_name=" ann@example.com ", password=PASSWORD) == Reload()
    assert isinstance(world.view(cookie).page, CodePage)
    back = query(world.submit(cookie, "answer", code="123 456"))
    assert back["state"] == ["the state"]
    assert back["iss"] == [ISSUER]
    grant = world.table.redeem(back["code"][0], world.now)
    assert grant is not None
    assert Authenticated(grant.user_name, grant.sub) == USER
    assert (grant.with_password, grant.channel) == (asks_password, "email")
    assert world.pool.heard == [("start", "ann@example.com"), ("answer", USER.user_name, RIGHT)]


def test_in_code_only_mode_a_password_is_never_looked_at() -> None:
    world = World()
    cookie = world.begin()
    world.submit(cookie, "start", user_name="ann", password="anything else")
    assert isinstance(world.view(cookie).page, CodePage)


def test_in_password_mode_nobody_gets_on_without_the_password() -> None:
    world = World(asks_password=True)
    cookie = world.begin()
    world.submit(cookie, "start", user_name="ann", password="")
    assert world.view(cookie).notice is Notice.NAME_MISSING
    assert world.pool.heard == []
    world.submit(cookie, "start", user_name="ann", password="wrong")
    assert world.view(cookie).notice is Notice.WRONG_NAME_OR_PASSWORD
    assert world.view(cookie).page == StartPage(asks_password=True, user_name="ann")


def test_what_cannot_be_a_code_costs_no_round() -> None:
    world = World()
    cookie = world.at_code()
    for code in ("", "12345", "abcdef", "１２３４５６", "1" * 5_000):
        world.submit(cookie, "answer", code=code)
        assert world.view(cookie).notice is Notice.NO_CODE
    assert [call[0] for call in world.pool.heard] == ["start"]


def test_a_wrong_code_is_said_so_and_the_next_one_may_be_right() -> None:
    world = World()
    cookie = world.at_code()
    world.submit(cookie, "answer", code="000000")
    assert world.view(cookie).notice is Notice.WRONG_CODE
    assert "code" in query(world.submit(cookie, "answer", code=RIGHT))


def test_after_the_last_answer_the_sign_in_is_over_and_can_begin_anew() -> None:
    world = World()
    cookie = world.at_code()
    for _ in range(5):
        world.submit(cookie, "answer", code="000000")
    view = world.view(cookie)
    assert (view.page, view.notice) == (EndPage(may_restart=True), Notice.OVER)
    assert world.submit(cookie, "answer", code=RIGHT) == Reload()
    world.submit(cookie, "restart")
    assert isinstance(world.view(cookie).page, StartPage)


def test_a_resend_says_what_it_did_and_takes_another_channel() -> None:
    world = World()
    cookie = world.at_code()
    world.submit(cookie, "resend", channel="sms")
    view = world.view(cookie)
    assert view.notice is Notice.SENT_AGAIN
    assert isinstance(view.page, CodePage)
    assert view.page.channel == "sms"


def test_a_channel_that_was_not_offered_is_not_asked_for() -> None:
    world = World()
    world.submit(world.at_code(), "resend", channel="pigeon")
    assert world.pool.heard[-1] == ("resend", USER.user_name, "")


def test_where_the_app_chooses_the_channel_the_page_asks_first() -> None:
    world = World(pool=FakePool(choose=True))
    cookie = world.at_code()
    assert world.view(cookie).page == ChannelPage({"email": "***@***", "sms": "+***"})
    world.submit(cookie, "resend", channel="sms")
    assert world.pool.heard[-1] == ("send", USER.user_name, "sms")


def test_the_countdown_goes_on_when_the_page_is_loaded_again() -> None:
    world = World()
    cookie = world.at_code()
    world.now += 12
    page = world.view(cookie).page
    assert isinstance(page, CodePage)
    assert (page.resend_in, page.expires_in) == (18, 288)


def test_the_countdown_begins_when_the_pool_has_answered() -> None:
    # Its triggers count from when they ran; whoever asks at the end of the countdown must not come too early.
    world = World(took=3)
    cookie = world.at_code()
    world.now += 12
    page = world.view(cookie).page
    assert isinstance(page, CodePage)
    assert page.resend_in == 21


@pytest.mark.parametrize(
    ("tag", "notice"),
    [
        (RefusalTag("quota", 700), Notice.QUOTA),
        (RefusalTag("cooldown", 1), Notice.COOLDOWN),
        (RefusalTag("busy", 30), Notice.BUSY),
        (RefusalTag("locked", 300), Notice.WAIT),
        (RefusalTag("paused", 86_400), Notice.WAIT),
        (RefusalTag("paused"), Notice.STOPPED),
        (RefusalTag("no_destination"), Notice.NO_DESTINATION),
        (RefusalTag("unavailable"), Notice.UNAVAILABLE),
        (RefusalTag("a_reason_to_come", 5), Notice.UNAVAILABLE),
    ],
)
def test_each_cause_of_a_refusal_has_its_notice(tag: RefusalTag, notice: Notice) -> None:
    world = World(pool=FakePool(tag=tag))
    cookie = world.at_code()
    view = world.view(cookie)
    assert (view.notice, view.retry_after) == (notice, tag.retry_after)
    assert isinstance(view.page, StartPage)


def test_a_trigger_that_refuses_an_answer_ends_the_sign_in() -> None:
    world = World()
    cookie = world.at_code()
    world.pool.tag = RefusalTag("locked", 300)
    world.submit(cookie, "resend")
    view = world.view(cookie)
    assert (view.page, view.notice, view.retry_after) == (EndPage(may_restart=True), Notice.WAIT, 300)


def test_a_user_who_must_set_a_password_is_told_where_to() -> None:
    world = World(pool=FakePool(must_change=True), asks_password=True)
    assert world.view(world.at_code()).notice is Notice.NEW_PASSWORD


def test_cancel_goes_back_with_access_denied_and_ends_the_sign_in() -> None:
    world = World()
    cookie = world.at_code()
    assert query(world.submit(cookie, "cancel"))["error"] == ["access_denied"]
    world.submit(cookie, "answer", code=RIGHT)
    assert world.pool.heard[-1][0] == "start"


def test_a_form_after_the_back_button_does_nothing_but_show_where_things_are() -> None:
    world = World()
    cookie = world.at_code()
    assert world.submit(cookie, "start", user_name="mallory") == Reload()
    assert world.pool.heard == [("start", "ann@example.com")]
    assert isinstance(world.view(cookie).page, CodePage)


def test_a_second_click_is_not_heard_whenever_it_comes() -> None:
    world = World()
    cookie = world.at_code()
    version = world.table.states[cookie].version
    page = {"do": "answer", "code": RIGHT}

    def slow(session: str, user_name: str, code: str) -> Authenticated:
        # While Cognito thinks, the second click arrives.
        assert world.page.submit(cookie, version, page, world.now) == Reload()
        return FakePool.answer(world.pool, session, user_name, code)  # type: ignore[return-value]

    world.pool.answer = slow  # type: ignore[method-assign]
    assert "code" in query(world.page.submit(cookie, version, page, world.now))
    assert world.page.submit(cookie, version, page, world.now) == Reload()
    assert len(world.table.grants) == 1


def test_of_two_forms_that_saw_the_same_page_one_is_heard() -> None:
    world = World()
    cookie = world.at_code()
    seen = world.table.states[cookie]
    world.submit(cookie, "answer", code="000000")
    world.table.late = seen
    late = {"do": "answer", "code": "111111"}
    assert world.page.submit(cookie, seen.version, late, world.now) == Reload()
    assert [call for call in world.pool.heard if call[0] == "answer"] == [
        ("answer", USER.user_name, "000000")
    ]


def test_leaving_ends_a_sign_in_wherever_it_is() -> None:
    world = World()
    cookie = world.at_code()
    world.page.leave(cookie, world.now)
    assert isinstance(world.view(cookie).page, EndPage)
    world.submit(cookie, "answer", code=RIGHT)
    assert world.table.grants == {}


def test_a_sign_in_is_over_before_cognito_stops_waiting() -> None:
    world = World()
    cookie = world.at_code()
    world.now += 290
    assert world.view(cookie) is NO_SIGN_IN
    assert world.submit(cookie, "answer", code=RIGHT) is None


def test_a_sign_in_that_ended_well_cannot_be_used_again() -> None:
    world = World()
    cookie = world.at_code()
    world.submit(cookie, "answer", code=RIGHT)
    assert world.submit(cookie, "answer", code=RIGHT) == Reload()
    assert len(world.table.grants) == 1
    assert isinstance(world.view(cookie).page, EndPage)


def test_nothing_of_the_person_or_the_session_is_in_what_is_printed() -> None:
    world = World()
    cookie = world.at_code()
    state = world.table.states[cookie]
    assert "session" not in repr(state)
