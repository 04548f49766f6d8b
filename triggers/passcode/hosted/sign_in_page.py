"""One sign-in on the page, form by form, from the app's request to the redirect back."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from passcode.hosted import refusals
from passcode.hosted.levels import Level, level_of
from passcode.hosted.oidc import UNMET, RelyingParty, login_hint, read_request, response_url
from passcode.hosted.pages import ChannelPage, CodePage, EndPage, PageView, StartPage
from passcode.hosted.ports import (
    Authenticated,
    AuthenticationFailed,
    CodeRequired,
    HostedStore,
    MustChangePassword,
    Outcome,
    SignInRefused,
    UserPool,
)
from passcode.hosted.requests import passwords_of, user_name_of
from passcode.hosted.state import CODE_LIFE, LIFE, Grant, Notice, SignInPhase, SignInState, csrf_of
from passcode.token_service.challenge import parse_answer
from passcode.token_service.refusal import Unavailable
from passcode.token_service.telemetry import Telemetry

_NOTICES = {"WRONG": Notice.WRONG_CODE, "EXPIRED": Notice.EXPIRED}


@dataclass(frozen=True)
class FormResult:
    """A sign-in after a form. `user` is the user who signed in, if the sign-in is complete."""

    state: SignInState
    user: Authenticated | None = None


@dataclass(frozen=True)
class SignInForms:
    """Runs the pool's sign-in for the page. `asks_password` is set for the deployment, not for each user.

    `clock` returns Unix seconds. A call to the pool may take seconds, so waits start at its response.
    `takes_phone_numbers` returns True if users of the pool sign in with phone numbers.
    """

    pool: UserPool
    asks_password: bool
    clock: Callable[[], int]
    takes_phone_numbers: Callable[[], bool]

    @property
    def level(self) -> Level:
        """The level of authentication that a sign-in reaches."""
        return level_of(with_password=self.asks_password)

    def start(self, state: SignInState, form: Mapping[str, str], locale: str) -> FormResult:
        """Handle `do=start`. `locale` is that of the page. Raises `Unavailable`."""
        user_name = user_name_of(form.get("user_name", ""), self.takes_phone_numbers)
        passwords = passwords_of(form.get("password", "")) if self.asks_password else (None,)
        named = replace(state, user_name=user_name)
        if not user_name or not passwords:
            return FormResult(replace(named, notice=Notice.NAME_MISSING))
        try:
            outcome = self._start(user_name, passwords, locale)
        except AuthenticationFailed:
            return FormResult(replace(named, notice=Notice.WRONG_NAME_OR_PASSWORD))
        except MustChangePassword:
            return FormResult(replace(named, phase=SignInPhase.ENDED, notice=Notice.NEW_PASSWORD))
        proven = replace(named, with_password=self.asks_password)
        return self._after(proven, outcome, refused=SignInPhase.START)

    def _start(self, user_name: str, passwords: Sequence[str | None], locale: str) -> Outcome:
        """Start a sign-in with the first password that Cognito accepts.

        Cognito counts each attempt. So an attacker gains nothing by the second one.
        """
        *others, last = passwords
        for password in others:
            with suppress(AuthenticationFailed):
                return self.pool.start(user_name, password, locale)
        return self.pool.start(user_name, last, locale)

    def answer(self, state: SignInState, form: Mapping[str, str]) -> FormResult:
        """Handle `do=answer`. Raises `Unavailable`."""
        code = parse_answer(form.get("code", ""), int(state.shown["codeLength"]))
        if code is None:
            # The text cannot be a code, so it must not use up a round of the session.
            return FormResult(replace(state, notice=Notice.NO_CODE))
        try:
            outcome = self.pool.answer(state.session, state.user_name, code)
        except (AuthenticationFailed, MustChangePassword):
            return _ended(state)
        return self._after(state, outcome, refused=SignInPhase.ENDED)

    def resend(self, state: SignInState, form: Mapping[str, str], locale: str) -> FormResult:
        """Handle `do=resend`, also for the first choice of a channel. `locale` is that of the page.

        Raises `Unavailable`.
        """
        chosen = form.get("channel", "")
        action = "send" if state.shown.get("status") == "CHOOSE" else "resend"
        channel = chosen if chosen in _channels(state) else ""
        try:
            outcome = self.pool.send(state.session, state.user_name, action, channel, locale)
        except (AuthenticationFailed, MustChangePassword):
            return _ended(state)
        step = self._after(state, outcome, refused=SignInPhase.ENDED)
        if action == "resend" and step.state.notice is None:
            sent = step.state.shown.get("status") == "SENT"
            return FormResult(replace(step.state, notice=Notice.SENT_AGAIN if sent else Notice.NOT_SENT_YET))
        return step

    def page(self, state: SignInState, now: int) -> StartPage | ChannelPage | CodePage | EndPage:
        """Return the page for a sign-in."""
        if state.phase is SignInPhase.START:
            return StartPage(self.asks_password, state.user_name, self.takes_phone_numbers())
        if state.phase in (SignInPhase.ENDED, SignInPhase.COMPLETE):
            return EndPage(may_restart=True)
        if state.shown["status"] == "CHOOSE":
            return ChannelPage(_channels(state))
        return _code(state.shown, max(0, now - int(state.shown["at"])))

    def _after(self, state: SignInState, outcome: Outcome, *, refused: SignInPhase) -> FormResult:
        """Return the next state. `refused` is the phase after a refusal, which ends Cognito's session."""
        if isinstance(outcome, Authenticated):
            return FormResult(state, outcome)
        if isinstance(outcome, SignInRefused):
            notice = refusals.notice_of(outcome.tag)
            wait = outcome.tag.retry_after if outcome.tag else 0
            return FormResult(replace(state, phase=refused, session="", notice=notice, retry_after=wait))
        return FormResult(_code_required(state, outcome, self.clock()))


def _code_required(state: SignInState, challenge: CodeRequired, now: int) -> SignInState:
    return replace(
        state,
        phase=SignInPhase.CODE,
        user_name=challenge.user_name,
        session=challenge.session,
        shown={name: value for name, value in challenge.parameters.items() if name in _SHOWN}
        | {"at": str(now)},
        notice=_NOTICES.get(challenge.parameters.get("status", "")),
        retry_after=0,
    )


def _ended(state: SignInState) -> FormResult:
    return FormResult(replace(state, phase=SignInPhase.ENDED, session="", shown={}, notice=Notice.OVER))


def _channels(state: SignInState) -> dict[str, str]:
    return dict(json.loads(state.shown.get("channels", "{}")))


def _only_channel(state: SignInState) -> str:
    """Return the one channel of the sign-in; empty if there are several.

    The shown channel proves nothing: the user may type the code of an earlier message on another channel.
    """
    channels = [*_channels(state)]
    return channels[0] if len(channels) == 1 else ""


def _code(shown: Mapping[str, str], elapsed: int) -> CodePage:
    """Return the page of a challenge. `elapsed` is the time since the challenge was made, in seconds.

    Without it, a reload would show too much time.
    """
    return CodePage(
        channel=shown["channel"],
        destination=shown["destination"],
        channels=json.loads(shown["channels"]),
        digits=int(shown["codeLength"]),
        expires_in=max(0, int(shown["expiresIn"]) - elapsed),
        resend_in=max(0, int(shown["resendIn"]) - elapsed),
        attempts_left=int(shown["attemptsLeft"]),
        resends_left=int(shown["resendsLeft"]),
        fallback=shown.get("fallback", ""),
    )


# The page needs only these values: masked destinations, as an app gets them, and no user name.
_SHOWN = frozenset(
    {"status", "channel", "destination", "channels", "codeLength", "expiresIn", "resendIn"}
    | {"attemptsLeft", "resendsLeft", "fallback"}
)

# These pages have no form to restart, and they are not stored.
NO_SIGN_IN = PageView(EndPage(may_restart=False), "", Notice.OVER)
BAD_LINK = PageView(EndPage(may_restart=False), "", Notice.BAD_LINK)
OTHER_WINDOW = PageView(EndPage(may_restart=False), "", Notice.OTHER_WINDOW)
# Results that an attacker's guesses cause. This page counts them, because no other metric does.
_REFUSED = {Notice.WRONG_NAME_OR_PASSWORD, Notice.WRONG_CODE, Notice.OVER, Notice.LONGER_CODE}
_REFUSED |= {Notice.COOLDOWN, Notice.QUOTA, Notice.BUSY}


# A form increments the version before the call to Cognito and with its result.
_VERSIONS_PER_FORM = 2
_MOST_UNWRITTEN = 1_000


@dataclass(frozen=True)
class Redirect:
    """Send the browser back to the client."""

    url: str


@dataclass(frozen=True)
class Reload:
    """Let the browser load the page again."""


@dataclass(frozen=True)
class SignInPage:
    """Runs sign-ins on the page. `random_token` returns 43 characters, new at each call.

    `unwritten` has the states that the table did not store, by cookie. Cognito's session can be used once, so
    without these states a failed write would end the sign-in. Other processes do not have them.
    """

    party: RelyingParty
    forms: SignInForms
    table: HostedStore
    issuer: str
    random_token: Callable[[], str]
    telemetry: Telemetry
    unwritten: dict[str, SignInState] = field(default_factory=dict, repr=False)

    def begin(self, query: Mapping[str, Sequence[str]], now: int) -> str:
        """Start a sign-in and return its cookie.

        Raises `InvalidRedirect`, `AuthorizationError` or `Unavailable`.
        """
        request = read_request(query, self.party, self.forms.level)
        cookie = self.random_token()
        self.table.write(cookie, SignInState(request, user_name=login_hint(query), expires_at=now + LIFE))
        return cookie

    def view(self, cookie: str | None, now: int) -> PageView:
        """Return the page for a cookie. Raises `Unavailable`."""
        state = self._read(cookie, now) if cookie else None
        if cookie is None or state is None:
            return NO_SIGN_IN
        page = self.forms.page(state, now)
        return PageView(page, csrf_of(cookie, state.version), state.notice, state.retry_after)

    def submit(
        self, cookie: str, version: int, form: Mapping[str, str], now: int, locale: str = ""
    ) -> Redirect | Reload | None:
        """Handle a form of the page of `version`. None if its sign-in is over. Raises `Unavailable`.

        `locale` is that of the page, and empty if the browser asks for no language with a catalogue.
        The repeat of the form that completed the sign-in gets the same redirect, while its code is valid.
        """
        state = self._read(cookie, now)
        if state is None:
            return None
        if state.phase is SignInPhase.COMPLETE and version == state.version - _VERSIONS_PER_FORM:
            return self._redirect(state, now)
        action = form.get("do", "")
        if action == "cancel":
            self._end(cookie, state)
            return self._back(state, error="access_denied")
        # A form of an older page, as after the back button or a second click, is ignored. The version is
        # incremented before the call to Cognito, so only one of two simultaneous forms is handled.
        if version != state.version or not self.table.increment_version(cookie, state):
            return Reload()
        current = replace(state, notice=None, retry_after=0, version=state.version + 1)
        step = self._step(action, current, form, locale)
        if step.user:
            return self._finish(cookie, step, step.user, now)
        if step.state.notice in _REFUSED:
            self.telemetry.count("refused", reason=step.state.notice.value)
        self._write(cookie, step.state)
        return Reload()

    def end(self, cookie: str, now: int) -> None:
        """End a sign-in in any phase. Raises `Unavailable`."""
        state = self._read(cookie, now)
        if state is not None:
            self._end(cookie, state)

    def _read(self, cookie: str, now: int) -> SignInState | None:
        state, unwritten = self.table.read(cookie, now), self.unwritten.get(cookie)
        if state is None or unwritten is None or state.version != unwritten.version:
            self.unwritten.pop(cookie, None)
            return state
        self._write(cookie, unwritten)
        return replace(unwritten, version=unwritten.version + 1)

    def _write(self, cookie: str, state: SignInState) -> bool:
        try:
            is_written = self.table.write(cookie, state)
        except Unavailable:
            if len(self.unwritten) >= _MOST_UNWRITTEN:
                self.unwritten.pop(next(iter(self.unwritten)))
            self.unwritten[cookie] = state
            raise
        self.unwritten.pop(cookie, None)
        return is_written

    def _step(self, action: str, state: SignInState, form: Mapping[str, str], locale: str) -> FormResult:
        if action == "restart":
            return FormResult(SignInState(state.request, expires_at=state.expires_at, version=state.version))
        if action == "start" and state.phase is SignInPhase.START:
            return self.forms.start(state, form, locale)
        if action == "answer" and state.phase is SignInPhase.CODE:
            return self.forms.answer(state, form)
        if action == "resend" and state.phase is SignInPhase.CODE:
            return self.forms.resend(state, form, locale)
        return FormResult(state)  # no page has this form in this phase

    def _finish(self, cookie: str, step: FormResult, user: Authenticated, now: int) -> Redirect | Reload:
        request, with_password = step.state.request, step.state.with_password
        if level_of(with_password=with_password) < request.required_level:
            # The sign-in began before a deployment, and its page asked for no password.
            self.telemetry.count("refused", reason=UNMET)
            self._end(cookie, step.state)
            return self._back(step.state, error=UNMET)
        grant = Grant(
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            user_name=user.user_name,
            sub=user.sub,
            auth_time=now,
            channel=user.channel or _only_channel(step.state),
            with_password=with_password,
        )
        complete = SignInState(
            request,
            SignInPhase.COMPLETE,
            code=self.random_token(),
            grant=grant.pack(),
            notice=Notice.OVER,
            expires_at=step.state.expires_at,
            version=step.state.version,
        )
        # First, so that the repeat of this form finds the code if the grant cannot be stored.
        return self._redirect(complete, now) if self._write(cookie, complete) else Reload()

    def _redirect(self, state: SignInState, now: int) -> Redirect | Reload:
        """Return the redirect of a complete sign-in. Its code can be redeemed once."""
        grant = Grant.unpack(state.grant)
        if now >= grant.auth_time + CODE_LIFE:
            return Reload()
        self.telemetry.set_context(grant.sub)
        self.table.grant(state.code, grant, now)
        self.telemetry.count("signed_in")
        self.telemetry.log.info("signed in")
        return self._back(state, code=state.code)

    def _end(self, cookie: str, state: SignInState) -> None:
        ended = SignInState(state.request, SignInPhase.ENDED, notice=Notice.OVER, expires_at=state.expires_at)
        self.table.write(cookie, replace(ended, version=state.version))

    def _back(self, state: SignInState, **parameters: str) -> Redirect:
        request = state.request
        return Redirect(response_url(request.redirect_uri, request.state, self.issuer, **parameters))
