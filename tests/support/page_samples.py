"""One sample of each view that the pages can render."""

from dataclasses import replace

from passcode.hosted.pages import Brand, ChannelPage, CodePage, EndPage, StartPage, View
from passcode.hosted.state import Notice

CSRF = "0123456789abcdef"
BRAND = Brand("Harbour Bank", "#0b6e6e", has_logo=False)
CHANNELS = {"email": "a***@e***", "sms": "+***4567"}
CODE = CodePage("email", "a***@e***", CHANNELS, 6, 540, 0, 5, 3)

VIEWS = {
    "start": View(StartPage(asks_password=False), CSRF),
    "start-password": View(StartPage(asks_password=True), CSRF),
    "start-missing": View(StartPage(asks_password=False), CSRF, Notice.NAME_MISSING),
    "start-wrong": View(
        StartPage(asks_password=True, user_name="ann@example.com"), CSRF, Notice.WRONG_NAME_OR_PASSWORD
    ),
    "start-wait": View(StartPage(asks_password=False, user_name="ann"), CSRF, Notice.WAIT, retry_after=700),
    "choose": View(ChannelPage(CHANNELS), CSRF),
    "code": View(replace(CODE, resend_in=27), CSRF),
    "code-hidden": View(replace(CODE, channels={"email": "***@***"}, destination="***@***"), CSRF),
    "code-sms": View(replace(CODE, channel="sms", destination="+***4567"), CSRF, Notice.SENT_AGAIN),
    "code-wrong": View(replace(CODE, attempts_left=4), CSRF, Notice.WRONG_CODE),
    "code-expired": View(replace(CODE, expires_in=0), CSRF, Notice.EXPIRED),
    "code-last": View(replace(CODE, resends_left=0, attempts_left=1), CSRF, Notice.NOT_SENT_YET),
    "ended": View(EndPage(may_restart=True), CSRF, Notice.OVER),
    "other-window": View(EndPage(may_restart=False), "", Notice.OTHER_WINDOW),
    "ended-for-good": View(EndPage(may_restart=False), CSRF, Notice.BAD_LINK),
    "ended-silent": View(EndPage(may_restart=False), CSRF),
} | {
    f"notice-{notice.value}": View(EndPage(may_restart=True), CSRF, notice, retry_after=420)
    for notice in Notice
}
