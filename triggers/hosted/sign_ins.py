"""How long a sign-in on the page lives, and how its forms name it."""

import hashlib
import hmac

# Cognito waits five minutes for somebody whom it has sent to a provider. Who came back later would have given
# a code for nothing.
LIFE = 290


def csrf_of(cookie: str, version: int) -> str:
    """The word that each form of a page brings back: which page it is of, and that it is this browser's."""
    return f"{version}.{_word(cookie, version)}"


def version_of(cookie: str, csrf: str) -> int | None:
    """The version that a form's page was made of; None if the form is not of this sign-in."""
    number, _, word = csrf.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        return None
    same = hmac.compare_digest(_word(cookie, int(number)).encode(), word.encode())
    return int(number) if same else None


def _word(cookie: str, version: int) -> str:
    return hmac.digest(cookie.encode(), f"csrf {version}".encode(), hashlib.sha256).hex()
