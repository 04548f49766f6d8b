"""One user's sign-in under faults, as an app runs it, and the end of each message that it was promised."""

from dataclasses import dataclass, field
from enum import Enum

from tests.faults.user_pool import CODE_ONLY, Session
from tests.faults.world import World
from tests.support.challenge_triggers import TriggerFailed
from tests.support.outbox import Sent

# A user waits this long for a message, and as long before the next try, in seconds.
PATIENCE, PAUSE = 10.0, 3.0
# A long code lives 600 s; a message waits in the queue at most a little longer.
LIFE = 700.0
# A rejoined challenge may have had its message this long before.
REJOIN = 300.0
TOLD_OF_A_MESSAGE = ("SENT", "WAITING")


class Ending(Enum):
    """The end of a user's challenges."""

    TAKEN = "taken"
    FAILED_OVER = "failed over"
    SUPERSEDED = "superseded"
    DEAD_LETTERED = "dead-lettered"
    REFUSED = "refused with a sentence"
    LOST = "lost"


@dataclass
class SignIn:
    """The sign-in of one user. Times are in seconds.

    `told` has the status or the error text of each start, `codes` the seconds until the message of each start
    that got one in time.
    """

    world: World
    user: str
    client: str = CODE_ONLY
    told: list[str] = field(default_factory=list)
    starts: list[tuple[float, str]] = field(default_factory=list)
    codes: list[float] = field(default_factory=list)
    tries: int = 0
    session: Session | None = None
    code: str = ""
    is_accepted: bool = False

    def attempt(self, patience: float = PATIENCE) -> bool:
        """Try once: start, wait for the message, answer. Returns whether there are tokens."""
        self.tries += 1
        clock, began = self.world.clock, self.world.clock.now
        session = self.start()
        if session is None:
            return False
        message = self.wait(began, patience)
        if message is None:
            return False
        self.codes.append(max(0.0, message.at - began))
        self.session, self.code = session, message.code
        clock.now += 1
        try:
            self.is_accepted = self.world.pool.answer(session, self.code).tokens is not None
        except TriggerFailed as failed:
            self.told.append(str(failed))
        return self.is_accepted

    def attempts(self, most: int, pause: float = PAUSE) -> bool:
        """Try up to `most` times."""
        for number in range(most):
            self.world.clock.now += pause if number else 0
            if self.attempt():
                return True
        return False

    def start(self) -> Session | None:
        """Start once. Returns None after an error."""
        began = self.world.clock.now
        try:
            session = self.world.pool.start(self.user, self.client)
        except TriggerFailed as failed:
            self.told.append(str(failed))
            return None
        status = session.public["status"]
        self.told.append(status)
        self.starts.append((began, status))
        return session

    def wait(self, began: float, patience: float = PATIENCE) -> Sent | None:
        """Wait for a message. Returns the newest one that a started sign-in can use."""
        end = began + patience
        clock, step = self.world.clock, 0.5
        while True:
            found = self.world.sent_to(self.user, began - REJOIN)
            if found and (found[-1].at >= began or self.starts[-1][1] == "WAITING"):
                return found[-1]
            if clock.now >= end:
                return None
            self.world.run_until(min(end, clock.now + step))

    def messages(self) -> list[Sent]:
        """Return all messages to the user."""
        return self.world.sent_to(self.user)

    def endings(self) -> list[Ending]:
        """Wait for the end of each message, and return the end of each start that promised a message."""
        self.world.run_until(self.world.clock.now + LIFE)
        told = [(at, status) for at, status in self.starts if status in TOLD_OF_A_MESSAGE]
        if not told:
            return [Ending.REFUSED]
        ends = [at for at, _ in told[1:]] + [float("inf")]
        return [self._ending(at, status, end) for (at, status), end in zip(told, ends, strict=True)]

    def _ending(self, at: float, status: str, end: float) -> Ending:
        attributes = self.world.pool.users[self.user]
        since = at - REJOIN if status == "WAITING" else at
        in_time = [m for m in self.messages() if since <= m.at < end]
        if in_time:
            prefers = "sms" if attributes.get("custom:otp_channel") == "sms" else "email"
            return Ending.TAKEN if in_time[0].channel == prefers else Ending.FAILED_OVER
        if any(m.at >= end for m in self.messages()):
            return Ending.SUPERSEDED
        is_dead = any(attributes["email"] in m.body for m in self.world.dead_letters)
        return Ending.DEAD_LETTERED if is_dead and self.world.is_counted_as_lost() else Ending.LOST

    def accepts_again(self) -> bool:
        """Return whether the code of this sign-in is accepted in another session, or again in its own."""
        if not self.session or not self.code:
            return False
        repeats = [self.session]
        self.world.clock.now += 31
        later = SignIn(self.world, self.user, self.client).start()
        repeats += [later] if later else []
        self.world.clock.now += 20
        for session in repeats:
            try:
                if self.world.pool.answer(session, self.code).tokens is not None:
                    return True
            except TriggerFailed:
                continue
        return False
