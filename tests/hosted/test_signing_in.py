"""The steps of the page: the effects of each form."""

from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted.pages import ChannelPage, CodePage, EndPage, StartPage
from passcode.hosted.ports import Authenticated
from passcode.hosted.sign_in_page import NO_SIGN_IN, Redirect, Reload
from passcode.hosted.state import Notice
from passcode.token_service.refusal import RefusalTag
from tests.support.hosted_world import BACK, ISSUER, LONG_RIGHT, PASSWORD, RIGHT, USER, FakePool, World


def query(left: object) -> dict[str, list[str]]:
    """The query parameters of the redirect back to Cognito."""
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
    assert world.pool.calls == [("start", "ann@example.com"), ("answer", USER.user_name, RIGHT)]


def test_a_password_is_ignored_in_code_only_mode() -> None:
    world = World()
    cookie = world.begin()
    world.submit(cookie, "start", user_name="ann", password="anything else")
    assert isinstance(world.view(cookie).page, CodePage)


def test_the_right_password_is_required_in_password_mode() -> None:
    world = World(asks_password=True)
    cookie = world.begin()
    world.submit(cookie, "start", user_name="ann", password="")
    assert world.view(cookie).notice is Notice.NAME_MISSING
    assert world.pool.calls == []
    world.submit(cookie, "start", user_name="ann", password="wrong")
    assert world.view(cookie).notice is Notice.WRONG_NAME_OR_PASSWORD
    assert world.view(cookie).page == StartPage(asks_password=True, user_name="ann")


def test_a_malformed_code_costs_no_round() -> None:
    world = World()
    cookie = world.at_code()
    for code in ("", "12345", "abcdef", "１２３４５６", "1" * 5_000):
        world.submit(cookie, "answer", code=code)
        assert world.view(cookie).notice is Notice.NO_CODE
    assert [call[0] for call in world.pool.calls] == ["start"]


def test_a_wrong_code_shows_a_notice_and_the_right_one_is_accepted_afterwards() -> None:
    world = World()
    cookie = world.at_code()
    world.submit(cookie, "answer", code="000000")
    assert world.view(cookie).notice is Notice.WRONG_CODE
    assert "code" in query(world.submit(cookie, "answer", code=RIGHT))


def test_the_sign_in_ends_after_the_last_answer_and_can_start_again() -> None:
    world = World()
    cookie = world.at_code()
    for _ in range(5):
        world.submit(cookie, "answer", code="000000")
    view = world.view(cookie)
    assert (view.page, view.notice) == (EndPage(may_restart=True), Notice.OVER)
    assert world.submit(cookie, "answer", code=RIGHT) == Reload()
    world.submit(cookie, "restart")
    assert isinstance(world.view(cookie).page, StartPage)


def test_a_resend_shows_a_notice_and_can_use_another_channel() -> None:
    world = World()
    cookie = world.at_code()
    world.submit(cookie, "resend", channel="sms")
    view = world.view(cookie)
    assert view.notice is Notice.SENT_AGAIN
    assert isinstance(view.page, CodePage)
    assert view.page.channel == "sms"


def test_a_resend_by_a_channel_that_was_not_offered_names_no_channel() -> None:
    world = World()
    world.submit(world.at_code(), "resend", channel="pigeon")
    assert world.pool.calls[-1] == ("resend", USER.user_name, "")


def test_the_page_asks_for_the_channel_when_the_deployment_lets_the_user_choose() -> None:
    world = World(pool=FakePool(choose=True))
    cookie = world.at_code()
    assert world.view(cookie).page == ChannelPage({"email": "***@***", "sms": "+***"})
    world.submit(cookie, "resend", channel="sms")
    assert world.pool.calls[-1] == ("send", USER.user_name, "sms")


def test_the_countdown_continues_when_the_page_is_reloaded() -> None:
    world = World()
    cookie = world.at_code()
    world.now += 12
    page = world.view(cookie).page
    assert isinstance(page, CodePage)
    assert (page.resend_in, page.expires_in) == (18, 288)


def test_the_countdown_starts_when_the_pool_has_responded() -> None:
    # The triggers count from their own start. A request at the end of the countdown must not be too early.
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
        (RefusalTag("longer_code"), Notice.LONGER_CODE),
        (RefusalTag("no_destination"), Notice.NO_DESTINATION),
        (RefusalTag("unavailable"), Notice.UNAVAILABLE),
        (RefusalTag("a_reason_to_come", 5), Notice.UNAVAILABLE),
    ],
)
def test_each_refusal_has_its_notice(tag: RefusalTag, notice: Notice) -> None:
    world = World(pool=FakePool(tag=tag))
    cookie = world.at_code()
    view = world.view(cookie)
    assert (view.notice, view.retry_after) == (notice, tag.retry_after)
    assert isinstance(view.page, StartPage)


def test_a_refusal_by_a_trigger_ends_the_sign_in() -> None:
    world = World()
    cookie = world.at_code()
    world.pool.tag = RefusalTag("quota", 300)
    world.submit(cookie, "resend")
    view = world.view(cookie)
    assert (view.page, view.notice, view.retry_after) == (EndPage(may_restart=True), Notice.QUOTA, 300)


def test_after_several_wrong_codes_the_user_starts_again_and_gets_a_long_code() -> None:
    world = World()
    cookie = world.at_code()
    world.pool.tag = RefusalTag("longer_code")
    world.submit(cookie, "answer", code=RIGHT)
    view = world.view(cookie)
    assert (view.page, view.notice) == (EndPage(may_restart=True), Notice.LONGER_CODE)
    world.pool.tag, world.pool.digits = None, 20
    world.submit(cookie, "restart")
    world.submit(cookie, "start", user_name="ann@example.com", password=PASSWORD)
    page = world.view(cookie).page
    assert isinstance(page, CodePage)
    assert page.digits == 20
    assert "code" in query(world.submit(cookie, "answer", code="1234 5678 9012 3456 7890"))
    assert world.pool.calls[-1] == ("answer", USER.user_name, LONG_RIGHT)


def test_a_resend_may_bring_a_code_of_another_length() -> None:
    world = World()
    cookie = world.at_code()
    world.pool.digits = 20
    world.submit(cookie, "resend")
    world.submit(cookie, "answer", code=RIGHT)
    assert world.view(cookie).notice is Notice.NO_CODE
    assert "code" in query(world.submit(cookie, "answer", code=LONG_RIGHT))


@pytest.mark.parametrize(("digits", "other"), [(6, 8), (8, 6), (20, 8)])
def test_a_code_of_another_length_is_malformed_and_costs_no_round(digits: int, other: int) -> None:
    world = World(pool=FakePool(digits=digits))
    cookie = world.at_code()
    world.submit(cookie, "answer", code="1" * other)
    assert world.view(cookie).notice is Notice.NO_CODE
    assert [call[0] for call in world.pool.calls] == ["start"]


def test_a_user_who_must_set_a_password_sees_a_notice() -> None:
    world = World(pool=FakePool(must_change=True), asks_password=True)
    assert world.view(world.at_code()).notice is Notice.NEW_PASSWORD


def test_cancel_ends_the_sign_in_with_access_denied() -> None:
    world = World()
    cookie = world.at_code()
    assert query(world.submit(cookie, "cancel"))["error"] == ["access_denied"]
    world.submit(cookie, "answer", code=RIGHT)
    assert world.pool.calls[-1][0] == "start"


def test_a_form_after_the_back_button_only_shows_the_current_page() -> None:
    world = World()
    cookie = world.at_code()
    assert world.submit(cookie, "start", user_name="mallory") == Reload()
    assert world.pool.calls == [("start", "ann@example.com")]
    assert isinstance(world.view(cookie).page, CodePage)


def test_a_second_click_is_ignored_at_any_time() -> None:
    world = World()
    cookie = world.at_code()
    version = world.table.states[cookie].version
    page = {"do": "answer", "code": RIGHT}

    def slow(session: str, user_name: str, code: str) -> Authenticated:
        # The second click arrives while Cognito processes the first.
        assert world.page.submit(cookie, version, page, world.now) == Reload()
        return FakePool.answer(world.pool, session, user_name, code)  # type: ignore[return-value]

    world.pool.answer = slow  # type: ignore[method-assign]
    assert "code" in query(world.page.submit(cookie, version, page, world.now))
    assert world.page.submit(cookie, version, page, world.now) == Reload()
    assert len(world.table.grants) == 1


def test_only_one_of_two_forms_of_the_same_page_is_processed() -> None:
    world = World()
    cookie = world.at_code()
    seen = world.table.states[cookie]
    world.submit(cookie, "answer", code="000000")
    world.table.late = seen
    late = {"do": "answer", "code": "111111"}
    assert world.page.submit(cookie, seen.version, late, world.now) == Reload()
    assert [call for call in world.pool.calls if call[0] == "answer"] == [
        ("answer", USER.user_name, "000000")
    ]


def test_leaving_ends_the_sign_in() -> None:
    world = World()
    cookie = world.at_code()
    world.page.leave(cookie, world.now)
    assert isinstance(world.view(cookie).page, EndPage)
    world.submit(cookie, "answer", code=RIGHT)
    assert world.table.grants == {}


def test_a_sign_in_expires_before_the_session_of_cognito() -> None:
    world = World()
    cookie = world.at_code()
    world.now += 290
    assert world.view(cookie) is NO_SIGN_IN
    assert world.submit(cookie, "answer", code=RIGHT) is None


def test_a_completed_sign_in_cannot_be_used_again() -> None:
    world = World()
    cookie = world.at_code()
    world.submit(cookie, "answer", code=RIGHT)
    assert world.submit(cookie, "answer", code=RIGHT) == Reload()
    assert len(world.table.grants) == 1
    assert isinstance(world.view(cookie).page, EndPage)


def test_the_repr_of_a_sign_in_does_not_contain_the_session() -> None:
    world = World()
    cookie = world.at_code()
    state = world.table.states[cookie]
    assert "session" not in repr(state)
