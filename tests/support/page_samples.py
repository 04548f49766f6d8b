"""One sample of each view that the pages can render."""

from dataclasses import replace

from passcode.hosted.pages import Brand, ChannelPage, CodePage, EndPage, PageView, StartPage
from passcode.hosted.state import Notice

CSRF = "0123456789abcdef"
BRAND = Brand("Harbour Bank", "#0b6e6e", has_logo=False)
CHANNELS = {"email": "a***@e***", "sms": "+***4567"}
WITH_CALLS = CHANNELS | {"voice": "+***4567"}
CODE = CodePage("email", "a***@e***", CHANNELS, 6, 540, 0, 5, 3)

VIEWS = {
    "start": PageView(StartPage(asks_password=False), CSRF),
    "start-password": PageView(StartPage(asks_password=True), CSRF),
    "start-phone": PageView(StartPage(asks_password=True, takes_phone_numbers=True), CSRF),
    "start-missing": PageView(StartPage(asks_password=False), CSRF, Notice.NAME_MISSING),
    "start-wrong": PageView(
        StartPage(asks_password=True, user_name="ann@example.com"), CSRF, Notice.WRONG_NAME_OR_PASSWORD
    ),
    "start-quota": PageView(
        StartPage(asks_password=False, user_name="ann"), CSRF, Notice.QUOTA, retry_after=700
    ),
    "choose": PageView(ChannelPage(CHANNELS), CSRF),
    "code": PageView(replace(CODE, resend_in=27), CSRF),
    "code-hidden": PageView(replace(CODE, channels={"email": "***@***"}, destination="***@***"), CSRF),
    "code-sms": PageView(replace(CODE, channel="sms", destination="+***4567"), CSRF, Notice.SENT_AGAIN),
    "code-fallback": PageView(
        replace(CODE, channel="sms", destination="+***4567", fallback="email", resend_in=61), CSRF
    ),
    "code-voice": PageView(
        replace(CODE, channel="voice", destination="+***4567", channels=WITH_CALLS, fallback="email"), CSRF
    ),
    "code-wrong": PageView(replace(CODE, attempts_left=4), CSRF, Notice.WRONG_CODE),
    "code-long": PageView(replace(CODE, digits=20), CSRF, Notice.WRONG_CODE),
    "code-expired": PageView(replace(CODE, expires_in=0), CSRF, Notice.EXPIRED),
    "code-last": PageView(replace(CODE, resends_left=0, attempts_left=1), CSRF, Notice.NOT_SENT_YET),
    "ended": PageView(EndPage(may_restart=True), CSRF, Notice.OVER),
    "other-window": PageView(EndPage(may_restart=False), "", Notice.OTHER_WINDOW),
    "ended-for-good": PageView(EndPage(may_restart=False), CSRF, Notice.BAD_LINK),
    "ended-silent": PageView(EndPage(may_restart=False), CSRF),
} | {
    f"notice-{notice.value}": PageView(EndPage(may_restart=True), CSRF, notice, retry_after=420)
    for notice in Notice
}
