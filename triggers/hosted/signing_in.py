"""The page: from the app's request to the way back, one form at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from hosted.flow import Flow, Step
from hosted.oidc import RelyingParty, answer_url, login_hint, read_request
from hosted.sign_ins import LIFE, csrf_of
from hosted.views import Ended, View
from passcode.token_service.telemetry import Telemetry
from token_service.hosted_ports import Passed, SignIns
from token_service.hosted_state import Grant, Notice, SignInState, Stage

# None of them is a way to begin anew, and none is kept.
NOT_HERE = View(Ended(may_restart=False), "", Notice.OVER)
BAD_LINK = View(Ended(may_restart=False), "", Notice.BAD_LINK)
OTHER_WINDOW = View(Ended(may_restart=False), "", Notice.OTHER_WINDOW)
# What somebody who tries things out comes to; counted, because nobody else counts it.
_REFUSED = {Notice.WRONG_NAME_OR_PASSWORD, Notice.WRONG_CODE, Notice.OVER, Notice.WAIT, Notice.STOPPED}


@dataclass(frozen=True)
class Leave:
    """The browser goes back to where it came from."""

    url: str


@dataclass(frozen=True)
class Stay:
    """The browser loads the page again."""


@dataclass(frozen=True)
class SigningIn:
    """The page's rules. `chance` gives 43 letters, new at each call."""

    party: RelyingParty
    flow: Flow
    table: SignIns
    issuer: str
    chance: Callable[[], str]
    tell: Telemetry

    def begin(self, given: Mapping[str, Sequence[str]], now: int) -> str:
        """Begin a sign-in; answers its cookie. Raises `BadLink`, `Declined` or `Unavailable`."""
        request = read_request(given, self.party)
        cookie = self.chance()
        self.table.write(cookie, SignInState(request, user_name=login_hint(given), expires_at=now + LIFE))
        return cookie

    def view(self, cookie: str | None, now: int) -> View:
        """The page of a cookie. Raises `Unavailable`."""
        state = self.table.read(cookie, now) if cookie else None
        if cookie is None or state is None:
            return NOT_HERE
        page = self.flow.page(state, now)
        return View(page, csrf_of(cookie, state.version), state.notice, state.minutes)

    def submit(self, cookie: str, version: int, form: Mapping[str, str], now: int) -> Leave | Stay | None:
        """What a form of the page of `version` does; None if its sign-in is over. Raises `Unavailable`."""
        state = self.table.read(cookie, now)
        if state is None:
            return None
        act = form.get("do", "")
        if act == "cancel":
            self._end(cookie, state)
            return self._back(state, error="access_denied")
        # A form of an older page, as after the back button or a second click, is not heard. And the page is
        # taken before Cognito is asked, so that of two forms at once one is heard.
        if version != state.version or not self.table.take(cookie, state):
            return Stay()
        heard = replace(state, notice=None, minutes=0, version=state.version + 1)
        step = self._step(act, heard, form)
        if step.passed:
            return self._passed(cookie, step, step.passed, now)
        if step.state.notice in _REFUSED:
            self.tell.count("refused", reason=step.state.notice.value)
        self.table.write(cookie, step.state)
        return Stay()

    def leave(self, cookie: str, now: int) -> None:
        """End a sign-in wherever it is. Raises `Unavailable`."""
        state = self.table.read(cookie, now)
        if state is not None:
            self._end(cookie, state)

    def _step(self, act: str, state: SignInState, form: Mapping[str, str]) -> Step:
        if act == "restart":
            return Step(SignInState(state.request, expires_at=state.expires_at, version=state.version))
        if act == "start" and state.stage is Stage.START:
            return self.flow.start(state, form)
        if act == "answer" and state.stage is Stage.CODE:
            return self.flow.answer(state, form)
        if act == "resend" and state.stage is Stage.CODE:
            return self.flow.resend(state, form)
        return Step(state)  # a form that no page of ours has here

    def _passed(self, cookie: str, step: Step, user: Passed, now: int) -> Leave:
        code, request = self.chance(), step.state.request
        grant = Grant(
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            user_name=user.user_name,
            sub=user.sub,
            auth_time=now,
            channel=step.state.shown.get("channel", ""),
            with_password=self.flow.asks_password,
        )
        self.tell.about(user.sub)
        self.table.grant(code, grant, now)
        self._end(cookie, step.state)
        self.tell.count("signed_in")
        self.tell.log.info("signed in")
        return self._back(step.state, code=code)

    def _end(self, cookie: str, state: SignInState) -> None:
        over = SignInState(state.request, Stage.ENDED, notice=Notice.OVER, expires_at=state.expires_at)
        self.table.write(cookie, replace(over, version=state.version))

    def _back(self, state: SignInState, **said: str) -> Leave:
        request = state.request
        return Leave(answer_url(request.redirect_uri, request.state, self.issuer, **said))
