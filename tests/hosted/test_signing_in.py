"""The steps of the page: the effects of each form."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from passcode.hosted import sign_in_page
from passcode.hosted.pages import ChannelPage, CodePage, EndPage, StartPage
from passcode.hosted.ports import Authenticated
from passcode.hosted.sign_in_page import NO_SIGN_IN, Redirect, Reload
from passcode.hosted.state import Grant, Notice
from passcode.token_service.refusal import RefusalTag, Unavailable
from tests.support.hosted_in_memory import (
    BACK,
    ISSUER,
    LONG_RIGHT,
    PASSWORD,
    RIGHT,
    USER,
    FakePool,
    HostedPageInMemory,
)


def query(left: object) -> dict[str, list[str]]:
    """The query parameters of the redirect back to Cognito."""
    assert isinstance(left, Redirect)
    assert left.url.startswith(BACK + "?")
    return parse_qs(urlsplit(left.url).query)


@pytest.mark.parametrize("asks_password", [True, False])
def test_a_sign_in_ends_at_the_redirect_uri_with_a_code_and_the_state(asks_password: bool) -> None:
    hosted_page = HostedPageInMemory(asks_password=asks_password)
    cookie = hosted_page.begin(login_hint="ann@example.com")
    assert hosted_page.view(cookie).page == StartPage(asks_password, "ann@example.com")
    assert hosted_page.submit(cookie, "start", user_name=" ann@example.com ", password=PASSWORD) == Reload()
    assert isinstance(hosted_page.view(cookie).page, CodePage)
    back = query(hosted_page.submit(cookie, "answer", code="123 456"))
    assert back["state"] == ["the state"]
    assert back["iss"] == [ISSUER]
    grant = hosted_page.table.redeem(back["code"][0], "use", hosted_page.now)
    assert grant is not None
    assert (grant.user_name, grant.sub, grant.with_password) == (USER.user_name, USER.sub, asks_password)
    assert hosted_page.pool.calls == [("start", "ann@example.com"), ("answer", USER.user_name, RIGHT)]


NEEDS_BOTH = "urn:cognito:loa:3"


def granted(hosted_page: HostedPageInMemory, left: object) -> Grant:
    """The grant of the code in the redirect."""
    grant = hosted_page.table.redeem(query(left)["code"][0], "use", hosted_page.now)
    assert grant is not None
    return grant


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("after", [True, False])
def test_a_password_counts_only_if_this_sign_in_asked_for_it(before: bool, after: bool) -> None:
    """A deployment can change the mode between the two pages of a sign-in."""
    first = HostedPageInMemory(asks_password=before)
    cookie = first.at_code()
    second = HostedPageInMemory(asks_password=after, pool=first.pool, table=first.table)
    second.submit(cookie, "answer", code="000000")
    assert granted(second, second.submit(cookie, "answer", code=RIGHT)).with_password is before


def test_a_password_before_a_restart_does_not_count() -> None:
    first = HostedPageInMemory(asks_password=True)
    cookie = first.at_code()
    second = HostedPageInMemory(asks_password=False, pool=first.pool, table=first.table)
    second.submit(cookie, "restart")
    second.submit(cookie, "start", user_name="ann@example.com")
    assert granted(second, second.submit(cookie, "answer", code=RIGHT)).with_password is False


def test_a_sign_in_that_does_not_reach_its_level_ends_with_the_error() -> None:
    hosted_page = HostedPageInMemory(asks_password=True)
    cookie = hosted_page.begin(acr_values=NEEDS_BOTH)
    alone = HostedPageInMemory(asks_password=False, pool=hosted_page.pool, table=hosted_page.table)
    alone.submit(cookie, "start", user_name="ann@example.com")
    back = query(hosted_page.submit(cookie, "answer", code=RIGHT))
    assert back["error"] == ["unmet_authentication_requirements"]
    assert back["state"] == ["the state"]
    assert hosted_page.table.grants == {}
    assert isinstance(hosted_page.view(cookie).page, EndPage)
    assert hosted_page.submit(cookie, "answer", code=RIGHT) == Reload()


@pytest.mark.parametrize("asks_password", [True, False])
def test_a_sign_in_with_a_level_and_an_age_asks_the_user_again(asks_password: bool) -> None:
    hosted_page = HostedPageInMemory(asks_password=asks_password)
    for later in (0, 10):
        hosted_page.now += later
        cookie = hosted_page.begin(acr_values="urn:cognito:loa:2", max_age="0")
        assert isinstance(hosted_page.view(cookie).page, StartPage)
        hosted_page.submit(cookie, "start", user_name="ann@example.com", password=PASSWORD)
        grant = granted(hosted_page, hosted_page.submit(cookie, "answer", code=RIGHT))
        assert (grant.auth_time, grant.with_password) == (hosted_page.now, asks_password)


@pytest.mark.parametrize("in_token", ["email", "sms", ""])
@pytest.mark.parametrize("shown_channel", ["email", "sms"])
@pytest.mark.parametrize("in_use", [("email", "sms"), ("sms",)])
def test_the_grant_names_the_channel_of_the_accepted_code(
    in_token: str, shown_channel: str, in_use: tuple[str, ...]
) -> None:
    """The code of an earlier message, on another channel than the shown one, is accepted too."""
    user = replace(USER, channel=in_token)
    hosted_page = HostedPageInMemory(pool=FakePool(user=user, in_use=in_use))
    cookie = hosted_page.at_code()
    hosted_page.submit(cookie, "resend", channel=shown_channel)
    code = query(hosted_page.submit(cookie, "answer", code=RIGHT))["code"][0]
    grant = hosted_page.table.redeem(code, "use", hosted_page.now)
    assert grant is not None
    # Without assurance claims only a deployment or a user with one channel leaves no doubt.
    assert grant.channel == (in_token or ("sms" if in_use == ("sms",) else ""))


def test_a_password_is_ignored_in_code_only_mode() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.begin()
    hosted_page.submit(cookie, "start", user_name="ann", password="anything else")
    assert isinstance(hosted_page.view(cookie).page, CodePage)


def test_the_right_password_is_required_in_password_mode() -> None:
    hosted_page = HostedPageInMemory(asks_password=True)
    cookie = hosted_page.begin()
    hosted_page.submit(cookie, "start", user_name="ann", password="")
    assert hosted_page.view(cookie).notice is Notice.NAME_MISSING
    assert hosted_page.pool.calls == []
    hosted_page.submit(cookie, "start", user_name="ann", password="wrong")
    assert hosted_page.view(cookie).notice is Notice.WRONG_NAME_OR_PASSWORD
    assert hosted_page.view(cookie).page == StartPage(asks_password=True, user_name="ann")


def test_a_malformed_code_costs_no_round() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    for code in ("", "12345", "abcdef", "１２３４５", "1" * 5_000):
        hosted_page.submit(cookie, "answer", code=code)
        assert hosted_page.view(cookie).notice is Notice.NO_CODE
    assert [call[0] for call in hosted_page.pool.calls] == ["start"]


def test_a_wrong_code_shows_a_notice_and_the_right_one_is_accepted_afterwards() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.submit(cookie, "answer", code="000000")
    assert hosted_page.view(cookie).notice is Notice.WRONG_CODE
    assert "code" in query(hosted_page.submit(cookie, "answer", code=RIGHT))


def test_the_sign_in_ends_after_the_last_answer_and_can_start_again() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    for _ in range(5):
        hosted_page.submit(cookie, "answer", code="000000")
    view = hosted_page.view(cookie)
    assert (view.page, view.notice) == (EndPage(may_restart=True), Notice.OVER)
    assert hosted_page.submit(cookie, "answer", code=RIGHT) == Reload()
    hosted_page.submit(cookie, "restart")
    assert isinstance(hosted_page.view(cookie).page, StartPage)


def test_a_resend_shows_a_notice_and_can_use_another_channel() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.submit(cookie, "resend", channel="sms")
    view = hosted_page.view(cookie)
    assert view.notice is Notice.SENT_AGAIN
    assert isinstance(view.page, CodePage)
    assert view.page.channel == "sms"


def test_a_resend_by_a_channel_that_was_not_offered_names_no_channel() -> None:
    hosted_page = HostedPageInMemory()
    hosted_page.submit(hosted_page.at_code(), "resend", channel="pigeon")
    assert hosted_page.pool.calls[-1] == ("resend", USER.user_name, "")


def test_the_page_asks_for_the_channel_when_the_deployment_lets_the_user_choose() -> None:
    hosted_page = HostedPageInMemory(pool=FakePool(choose=True))
    cookie = hosted_page.at_code()
    assert hosted_page.view(cookie).page == ChannelPage({"email": "***@***", "sms": "+***"})
    hosted_page.submit(cookie, "resend", channel="sms")
    assert hosted_page.pool.calls[-1] == ("send", USER.user_name, "sms")


def test_the_countdown_continues_when_the_page_is_reloaded() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.now += 12
    page = hosted_page.view(cookie).page
    assert isinstance(page, CodePage)
    assert (page.resend_in, page.expires_in) == (18, 288)


def test_the_countdown_starts_when_the_pool_has_responded() -> None:
    # The triggers count from their own start. A request at the end of the countdown must not be too early.
    hosted_page = HostedPageInMemory(response_seconds=3)
    cookie = hosted_page.at_code()
    hosted_page.now += 12
    page = hosted_page.view(cookie).page
    assert isinstance(page, CodePage)
    assert page.resend_in == 21


@pytest.mark.parametrize(
    ("tag", "notice"),
    [
        (RefusalTag("quota", 700), Notice.QUOTA),
        (RefusalTag("cooldown", 1), Notice.COOLDOWN),
        (RefusalTag("busy", 30), Notice.BUSY),
        (RefusalTag("longer_code"), Notice.LONGER_CODE),
        (RefusalTag("sms_stopped", 600), Notice.SMS_STOPPED),
        (RefusalTag("no_destination"), Notice.NO_DESTINATION),
        (RefusalTag("unavailable"), Notice.UNAVAILABLE),
        (RefusalTag("a_reason_to_come", 5), Notice.UNAVAILABLE),
    ],
)
def test_each_refusal_has_its_notice(tag: RefusalTag, notice: Notice) -> None:
    hosted_page = HostedPageInMemory(pool=FakePool(tag=tag))
    cookie = hosted_page.at_code()
    view = hosted_page.view(cookie)
    assert (view.notice, view.retry_after) == (notice, tag.retry_after)
    assert isinstance(view.page, StartPage)


def test_a_refusal_by_a_trigger_ends_the_sign_in() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.pool.tag = RefusalTag("quota", 300)
    hosted_page.submit(cookie, "resend")
    view = hosted_page.view(cookie)
    assert (view.page, view.notice, view.retry_after) == (EndPage(may_restart=True), Notice.QUOTA, 300)


def test_after_several_wrong_codes_the_user_starts_again_and_gets_a_long_code() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.pool.tag = RefusalTag("longer_code")
    hosted_page.submit(cookie, "answer", code=RIGHT)
    view = hosted_page.view(cookie)
    assert (view.page, view.notice) == (EndPage(may_restart=True), Notice.LONGER_CODE)
    hosted_page.pool.tag, hosted_page.pool.digits = None, 20
    hosted_page.submit(cookie, "restart")
    hosted_page.submit(cookie, "start", user_name="ann@example.com", password=PASSWORD)
    page = hosted_page.view(cookie).page
    assert isinstance(page, CodePage)
    assert page.digits == 20
    assert "code" in query(hosted_page.submit(cookie, "answer", code="1234 5678 9012 3456 7890"))
    assert hosted_page.pool.calls[-1] == ("answer", USER.user_name, LONG_RIGHT)


def test_a_resend_may_bring_a_code_of_another_length() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.pool.digits = 20
    hosted_page.submit(cookie, "resend")
    hosted_page.submit(cookie, "answer", code=RIGHT)
    assert hosted_page.view(cookie).notice is Notice.NO_CODE
    assert "code" in query(hosted_page.submit(cookie, "answer", code=LONG_RIGHT))


@pytest.mark.parametrize(("digits", "other"), [(6, 8), (8, 6), (20, 8)])
def test_a_code_of_another_length_is_malformed_and_costs_no_round(digits: int, other: int) -> None:
    hosted_page = HostedPageInMemory(pool=FakePool(digits=digits))
    cookie = hosted_page.at_code()
    hosted_page.submit(cookie, "answer", code="1" * other)
    assert hosted_page.view(cookie).notice is Notice.NO_CODE
    assert [call[0] for call in hosted_page.pool.calls] == ["start"]


def test_a_user_who_must_set_a_password_sees_a_notice() -> None:
    hosted_page = HostedPageInMemory(pool=FakePool(must_change=True), asks_password=True)
    assert hosted_page.view(hosted_page.at_code()).notice is Notice.NEW_PASSWORD


def test_cancel_ends_the_sign_in_with_access_denied() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    assert query(hosted_page.submit(cookie, "cancel"))["error"] == ["access_denied"]
    hosted_page.submit(cookie, "answer", code=RIGHT)
    assert hosted_page.pool.calls[-1][0] == "start"


def test_a_form_after_the_back_button_only_shows_the_current_page() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    assert hosted_page.submit(cookie, "start", user_name="mallory") == Reload()
    assert hosted_page.pool.calls == [("start", "ann@example.com")]
    assert isinstance(hosted_page.view(cookie).page, CodePage)


def test_a_second_click_is_not_processed_again() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    version = hosted_page.table.states[cookie].version
    page = {"do": "answer", "code": RIGHT}

    def slow(session: str, user_name: str, code: str) -> Authenticated:
        # The second click arrives while Cognito processes the first.
        assert hosted_page.page.submit(cookie, version, page, hosted_page.now) == Reload()
        return FakePool.answer(hosted_page.pool, session, user_name, code)  # type: ignore[return-value]

    hosted_page.pool.answer = slow  # type: ignore[method-assign]
    redirect = hosted_page.page.submit(cookie, version, page, hosted_page.now)
    assert "code" in query(redirect)
    assert hosted_page.page.submit(cookie, version, page, hosted_page.now) == redirect
    assert len(hosted_page.table.grants) == 1


def test_only_one_of_two_forms_of_the_same_page_is_processed() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    seen = hosted_page.table.states[cookie]
    hosted_page.submit(cookie, "answer", code="000000")
    hosted_page.table.late = seen
    late = {"do": "answer", "code": "111111"}
    assert hosted_page.page.submit(cookie, seen.version, late, hosted_page.now) == Reload()
    assert [call for call in hosted_page.pool.calls if call[0] == "answer"] == [
        ("answer", USER.user_name, "000000")
    ]


def test_leaving_ends_the_sign_in() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.page.end(cookie, hosted_page.now)
    assert isinstance(hosted_page.view(cookie).page, EndPage)
    hosted_page.submit(cookie, "answer", code=RIGHT)
    assert hosted_page.table.grants == {}


def test_a_sign_in_expires_before_the_session_of_cognito() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.now += 290
    assert hosted_page.view(cookie) is NO_SIGN_IN
    assert hosted_page.submit(cookie, "answer", code=RIGHT) is None


def test_a_completed_sign_in_cannot_be_used_again() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    hosted_page.submit(cookie, "answer", code=RIGHT)
    assert hosted_page.submit(cookie, "answer", code=RIGHT) == Reload()
    assert len(hosted_page.table.grants) == 1
    assert isinstance(hosted_page.view(cookie).page, EndPage)


def submit_with_fault(hosted_page: HostedPageInMemory, cookie: str, fault: str, **form: str) -> int:
    """Submit a form while an operation of the table fails. Returns the version of the form's page."""
    version = hosted_page.table.states[cookie].version
    hosted_page.table.fault = fault
    with pytest.raises(Unavailable):
        hosted_page.page.submit(cookie, version, form, hosted_page.now)
    hosted_page.table.fault = ""
    return version


@pytest.mark.parametrize("fault", ["write", "write, lost", "grant", "grant, lost"])
def test_after_a_fault_the_same_form_completes_the_sign_in(fault: str) -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    form = {"do": "answer", "code": RIGHT}
    version = submit_with_fault(hosted_page, cookie, fault, **form)
    codes = [
        query(hosted_page.page.submit(cookie, version, form, hosted_page.now + later))["code"][0]
        for later in (1, 59)
    ]
    assert codes[0] == codes[1], "one code for one sign-in"
    assert [call[0] for call in hosted_page.pool.calls] == ["start", "answer"]
    grant = hosted_page.table.redeem(codes[0], "use", hosted_page.now)
    assert grant is not None
    assert grant.sub == USER.sub
    assert hosted_page.page.submit(cookie, version, form, hosted_page.now + 60) == Reload()


@pytest.mark.parametrize("fault", ["grant", "grant, lost"])
def test_another_process_completes_a_sign_in_that_the_table_knows(fault: str) -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    form = {"do": "answer", "code": RIGHT}
    version = submit_with_fault(hosted_page, cookie, fault, **form)
    other = HostedPageInMemory(table=hosted_page.table)
    assert query(other.page.submit(cookie, version, form, other.now))["code"]
    assert other.pool.calls == []


@pytest.mark.parametrize("fault", ["write", "write, lost"])
def test_after_a_fault_a_sign_in_goes_on_with_the_session_of_cognito(fault: str) -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    submit_with_fault(hosted_page, cookie, fault, do="answer", code="000000")
    assert hosted_page.view(cookie).notice is Notice.WRONG_CODE
    assert query(hosted_page.submit(cookie, "answer", code=RIGHT))["code"]


@pytest.mark.parametrize("fault", ["read", "increment_version", "increment_version, lost"])
def test_a_fault_before_the_answer_leaves_the_sign_in_open(fault: str) -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    submit_with_fault(hosted_page, cookie, fault, do="answer", code=RIGHT)
    assert query(hosted_page.submit(cookie, "answer", code=RIGHT))["code"]


def test_a_form_of_another_page_does_not_get_the_code_of_a_complete_sign_in() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    version = hosted_page.table.states[cookie].version
    form = {"do": "answer", "code": RIGHT}
    assert query(hosted_page.page.submit(cookie, version, form, hosted_page.now))["code"]
    for other in (version - 2, version - 1, version + 1, version + 3):
        assert hosted_page.page.submit(cookie, other, form, hosted_page.now) == Reload()


def test_a_process_keeps_a_limited_number_of_states() -> None:
    hosted_page = HostedPageInMemory()
    cookies = [hosted_page.at_code() for _ in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_in_page, "_MOST_UNWRITTEN", 2)
        for cookie in cookies:
            submit_with_fault(hosted_page, cookie, "write", do="answer", code="000000")
    assert list(hosted_page.page.unwritten) == cookies[1:]


def test_the_repr_of_a_sign_in_does_not_contain_the_session() -> None:
    hosted_page = HostedPageInMemory()
    cookie = hosted_page.at_code()
    state = hosted_page.table.states[cookie]
    assert "session" not in repr(state)
