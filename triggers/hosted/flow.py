"""The steps of a sign-in on the page: what a form does to it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hosted import waits
from hosted.views import Choose, Code, Ended, Start
from passcode.token_service.code import read_answer
from token_service.hosted_ports import Asked, MustChangePassword, NotLetIn, Outcome, Passed, Told, UserPool
from token_service.hosted_state import Notice, SignInState, Stage

_NOTICES = {"WRONG": Notice.WRONG_CODE, "EXPIRED": Notice.EXPIRED}


@dataclass(frozen=True)
class Step:
    """A sign-in after a form. `passed`: it is over, and this is who signed in."""

    state: SignInState
    passed: Passed | None = None


@dataclass(frozen=True)
class Flow:
    """The pool's sign-in behind the page. `asks_password` is the deployment's mode, never the person's.

    `clock` answers Unix seconds. The pool takes seconds at times, and waits are counted from its answer on.
    """

    pool: UserPool
    asks_password: bool
    digits: int
    clock: Callable[[], int]

    def start(self, state: SignInState, form: Mapping[str, str]) -> Step:
        """`do=start`. Raises `Unavailable`."""
        user_name, password = form.get("user_name", "").strip(), form.get("password", "")
        if not user_name or (self.asks_password and not password):
            return Step(replace(state, user_name=user_name, notice=Notice.NAME_MISSING))
        began = replace(state, user_name=user_name)
        try:
            outcome = self.pool.start(user_name, password if self.asks_password else None)
        except NotLetIn:
            return Step(replace(began, notice=Notice.WRONG_NAME_OR_PASSWORD))
        except MustChangePassword:
            return Step(replace(began, stage=Stage.ENDED, notice=Notice.NEW_PASSWORD))
        return self._after(began, outcome, stays=Stage.START)

    def answer(self, state: SignInState, form: Mapping[str, str]) -> Step:
        """`do=answer`. Raises `Unavailable`."""
        code = read_answer(form.get("code", ""), self.digits)
        if code is None:
            # A round of the session is not given away for what cannot be right.
            return Step(replace(state, notice=Notice.NO_CODE))
        try:
            outcome = self.pool.answer(state.session, state.user_name, code)
        except (NotLetIn, MustChangePassword):
            return _over(state)
        return self._after(state, outcome, stays=Stage.ENDED)

    def resend(self, state: SignInState, form: Mapping[str, str]) -> Step:
        """`do=resend`, also for the first choice of a channel. Raises `Unavailable`."""
        chosen = form.get("channel", "")
        action = "send" if state.shown.get("status") == "CHOOSE" else "resend"
        channel = chosen if chosen in _channels(state) else ""
        try:
            outcome = self.pool.send(state.session, state.user_name, action, channel)
        except (NotLetIn, MustChangePassword):
            return _over(state)
        step = self._after(state, outcome, stays=Stage.ENDED)
        if action == "resend" and step.state.notice is None:
            sent = step.state.shown.get("status") == "SENT"
            return Step(replace(step.state, notice=Notice.SENT_AGAIN if sent else Notice.NOT_SENT_YET))
        return step

    def page(self, state: SignInState, now: int) -> Start | Choose | Code | Ended:
        """What the page shows of a sign-in."""
        if state.stage is Stage.START:
            return Start(self.asks_password, state.user_name)
        if state.stage is Stage.ENDED:
            return Ended(may_restart=True)
        if state.shown["status"] == "CHOOSE":
            return Choose(_channels(state))
        return _code(state.shown, max(0, now - int(state.shown["at"])))

    def _after(self, state: SignInState, outcome: Outcome, *, stays: Stage) -> Step:
        """`stays` is where a trigger's refusal leaves the person: Cognito's session is over with it."""
        if isinstance(outcome, Passed):
            return Step(state, outcome)
        if isinstance(outcome, Told):
            notice, minutes = waits.read(outcome.sentence)
            return Step(replace(state, stage=stays, session="", notice=notice, minutes=minutes))
        return Step(_asked(state, outcome, self.clock()))


def _asked(state: SignInState, asked: Asked, now: int) -> SignInState:
    return replace(
        state,
        stage=Stage.CODE,
        user_name=asked.user_name,
        session=asked.session,
        shown={name: value for name, value in asked.parameters.items() if name in _SHOWN} | {"at": str(now)},
        notice=_NOTICES.get(asked.parameters.get("status", "")),
        minutes=0,
    )


def _over(state: SignInState) -> Step:
    return Step(replace(state, stage=Stage.ENDED, session="", shown={}, notice=Notice.OVER))


def _channels(state: SignInState) -> dict[str, str]:
    return dict(json.loads(state.shown.get("channels", "{}")))


def _code(shown: Mapping[str, str], gone: int) -> Code:
    """`gone`: seconds since the challenge was made, so that a page that is loaded again does not lie."""
    return Code(
        channel=shown["channel"],
        destination=shown["destination"],
        channels=json.loads(shown["channels"]),
        digits=int(shown["codeLength"]),
        expires_in=max(0, int(shown["expiresIn"]) - gone),
        resend_in=max(0, int(shown["resendIn"]) - gone),
        attempts_left=int(shown["attemptsLeft"]),
        resends_left=int(shown["resendsLeft"]),
    )


# Masked, as the app would get them, and no user name.
_SHOWN = frozenset(
    {"status", "channel", "destination", "channels", "codeLength", "expiresIn", "resendIn"}
    | {"attemptsLeft", "resendsLeft"}
)
