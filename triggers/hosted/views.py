"""What a page shows. The words for it are in words/, the form of it in templates/."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from token_service.hosted_state import Notice


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
    """One page. `csrf` goes back with every form."""

    page: Start | Choose | Code | Ended
    csrf: str
    notice: Notice | None = None
    minutes: int = 0  # of Notice.WAIT
