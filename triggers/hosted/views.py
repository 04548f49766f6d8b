"""What a page shows. The words for it are in words/, the form of it in templates/."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Notice(Enum):
    """What happened, for the person to read. The value names its sentence in words/."""

    WRONG_NAME_OR_PASSWORD = "wrong_name_or_password"  # noqa: S105 - the name of a sentence
    NAME_MISSING = "name_missing"
    WRONG_CODE = "wrong_code"
    NO_CODE = "no_code"  # what was typed cannot be a code
    EXPIRED = "expired"
    SENT_AGAIN = "sent_again"
    NOT_SENT_YET = "not_sent_yet"  # a message went out moments ago, and nothing new was sent
    WAIT = "wait"  # too many wrong codes, or too many codes asked for; {minutes}
    STOPPED = "stopped"  # an operator has to unlock
    NO_DESTINATION = "no_destination"
    OVER = "over"  # this sign-in has ended: too many answers, too late, or it was used in another window
    OTHER_WINDOW = "other_window"  # the form is of another sign-in than the newest one of this browser
    BAD_LINK = "bad_link"  # the app sent the person here with a request that cannot be honoured
    NEW_PASSWORD = "new_password"  # noqa: S105 - a new password is to be set first, which this page cannot do
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Brand:
    """The look of the app. `color` is #rrggbb; `has_logo`: /assets/logo answers."""

    app: str
    color: str
    has_logo: bool


@dataclass(frozen=True)
class Start:
    """The first page: who signs in. Ends in `do=start` with user_name (and password), or `do=cancel`."""

    asks_password: bool
    user_name: str = ""


@dataclass(frozen=True)
class Choose:
    """No code was sent yet: where to? Each channel is a button: `do=resend` with channel."""

    channels: Mapping[str, str] = field(default_factory=dict)  # channel to masked destination


@dataclass(frozen=True)
class Code:
    """The code is on its way. `do` is answer (with code), resend (with channel), restart or cancel."""

    channel: str
    destination: str
    channels: Mapping[str, str]  # all that may be asked for, the current one among them
    digits: int
    expires_in: int  # seconds
    resend_in: int  # seconds; 0 if a message may be asked for now
    attempts_left: int
    resends_left: int


@dataclass(frozen=True)
class Ended:
    """Nothing goes on here. `may_restart`: `do=restart` begins anew; else the person goes back to the app."""

    may_restart: bool


@dataclass(frozen=True)
class View:
    """One page. `csrf` goes back with every form; `action` is where forms go, relative to the page."""

    page: Start | Choose | Code | Ended
    csrf: str
    notice: Notice | None = None
    minutes: int = 0  # of Notice.WAIT
    action: str = "sign-in"
