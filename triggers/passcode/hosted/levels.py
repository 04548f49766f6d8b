"""The levels of authentication (ACR) of the hosted sign-in: the four levels of Cognito, with its names.

Cognito's developer guide defines the factors of each level ("Authentication levels with ACR and AMR claims").
"""

from enum import IntEnum


class Level(IntEnum):
    """A level of authentication. A higher level is stronger, so it also meets a request for a lower one."""

    PASSWORD = 1
    CODE = 2
    PASSWORD_AND_CODE = 3
    # With the one-time password of an authenticator app. No sign-in of this provider reaches it.
    PASSWORD_AND_APP = 4

    @property
    def acr(self) -> str:
        """The name of the level in `acr` and `acr_values`."""
        return f"urn:cognito:loa:{self.value}"


_BY_NAME = {level.acr: level for level in Level}


def level_of(*, with_password: bool) -> Level:
    """Return the level of a sign-in with an accepted code, and with the password before it or without."""
    return Level.PASSWORD_AND_CODE if with_password else Level.CODE


def required_level(acr_values: str, reachable: Level) -> int | None:
    """Return the level that a sign-in has to reach; 0 if any is enough, None if it cannot reach it.

    `acr_values` are the names of levels in the order of preference, separated by spaces. The first one up to
    `reachable` counts. Unknown names are ignored, as in Cognito. RFC 9470, section 5, makes the values a
    requirement: in OpenID Connect Core (3.1.2.1) alone they are a wish.
    """
    names = acr_values.split()
    levels = (_BY_NAME[name] for name in names if name in _BY_NAME)
    return next((int(level) for level in levels if level <= reachable), None) if names else 0
