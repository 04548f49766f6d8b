"""Read forms, typed text and the cookie, and set the cookie and the security headers of pages."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

COOKIE = "__Host-sign-in"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_FORM = 8_192

# Unicode's categories of control and format characters, such as line breaks, marks of direction, zero-width
# characters and soft hyphens.
_INVISIBLE = frozenset(("Cc", "Cf"))
_SPACES = frozenset(("Zs", "Zl", "Zp"))
_ASCII_SPACES = " \t\n\v\f\r"
# Characters in phone numbers as people write them. Brackets, dashes and spaces have categories in Unicode.
_PLUS, _SEPARATORS = frozenset("+＋﹢"), frozenset("./．／\N{MINUS SIGN}")
_PHONE_CATEGORIES = {"Zs": "", "Pd": "", "Ps": "(", "Pe": ")"}
_PHONE = re.compile(r"\(*(?P<prefix>\+|00)(?P<rest>[0-9()]+)")
# E.164 has at most 15 digits. A shorter text after `00` may be a user name, such as a staff number.
_FEWEST_DIGITS = {"+": 7, "00": 10}
_MOST_DIGITS = 15
# In Italy and San Marino the first 0 is a part of the number. Elsewhere callers from abroad leave `(0)` out.
_WITH_ZERO = ("39", "378")


def cookie_of(event: Mapping[str, Any]) -> str | None:
    """Return the value of the sign-in cookie; None if it does not have the format of our cookies."""
    values = [value for line in _headers(event, "cookie") for value in _named(line)]
    # An attacker may have set one of two cookies, although the `__Host-` prefix should prevent that. So the
    # function uses neither.
    return values[0] if len(values) == 1 and _COOKIE_VALUE.fullmatch(values[0]) else None


def _named(line: str) -> Iterable[str]:
    pairs = (part.strip().partition("=") for part in line.split(";"))
    return [value for name, _, value in pairs if name == COOKIE]


def set_cookie(value: str, life: int) -> str:
    """Return the Set-Cookie header of a sign-in. `life` is in seconds; 0 deletes the cookie.

    SameSite is Lax, not Strict, because users arrive by a redirect from Cognito.
    """
    return f"{COOKIE}={value}; Max-Age={life}; Path=/; Secure; HttpOnly; SameSite=Lax"


def form_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a form. Raises ValueError if it is not a form, or if a field occurs twice."""
    body = event.get("body") or ""
    kinds = _headers(event, "content-type")
    if len(body) > _LONGEST_FORM or not all(
        kind.lower().startswith("application/x-www-form-urlencoded") for kind in kinds
    ):
        raise ValueError("the body is not a form")
    fields = parse_qs(body, keep_blank_values=True, strict_parsing=bool(body), max_num_fields=20)
    if any(len(values) != 1 for values in fields.values()):
        raise ValueError("a field occurs twice")
    return {name: values[0] for name, values in fields.items()}


def user_name_of(typed: str, takes_phone_numbers: Callable[[], bool]) -> str:
    """Return the user name, email address or phone number that the user means by `typed`.

    Invisible characters and surrounding spaces are dropped. Cognito's `UsernameType` has letters, marks,
    numbers, symbols and punctuation only. Inner spaces stay, unless it is an email address or a phone number:
    a `preferred_username` may have them.

    A phone number becomes E.164: `+`, and its digits in ASCII. The digits stay as typed, apart from `(0)`,
    because the pool compares them. `takes_phone_numbers` returns True if users of the pool sign in with phone
    numbers. Only then `00` means `+`: in other pools it may begin a user name. A number without a country
    code stays as typed.
    """
    kept = (character for character in typed if unicodedata.category(character) not in _INVISIBLE)
    visible = "".join(kept).strip()
    prefix, number = _phone_number(visible)
    if number and (prefix == "+" or takes_phone_numbers()):
        return number
    return "".join(visible.split()) if "@" in visible else visible


def _phone_number(text: str) -> tuple[str, str]:
    """Return the prefix of a phone number, `+` or `00`, and its E.164 form; both empty for other text."""
    found = _PHONE.fullmatch("".join(_phone_character(character) for character in text))
    if found is None:
        return "", ""
    prefix, rest = found["prefix"], found["rest"]
    rest = rest.replace("(0)", "0" if rest.strip("(").startswith(_WITH_ZERO) else "", 1)
    digits = rest.replace("(", "").replace(")", "")
    if digits.startswith("0") or not _FEWEST_DIGITS[prefix] <= len(digits) <= _MOST_DIGITS:
        return "", ""
    return prefix, f"+{digits}"


def _phone_character(character: str) -> str:
    """Return the ASCII form of a character in a phone number. It is empty for a separator.

    A character that phone numbers do not have stays unchanged.
    """
    if character in _PLUS:
        return "+"
    if character in _SEPARATORS:
        return ""
    digit = unicodedata.decimal(character, None)
    return _PHONE_CATEGORIES.get(unicodedata.category(character), character) if digit is None else str(digit)


def passwords_of(typed: str) -> tuple[str, ...]:
    """Return the passwords that the user may mean by `typed`, the likely one first; empty if there is none.

    Cognito accepts no password with a space, tab or line break at an end: the pattern of its API is
    `^[\\S]+.*[\\S]+$`, and its developer guide allows "non-leading, non-trailing space characters". So these
    are dropped. A no-break space or an invisible character at an end fits the pattern. So the password with
    it comes first, and the one without it second: the user cannot see why the first one is wrong.
    """
    password = typed.strip(_ASCII_SPACES)
    places = [place for place, character in enumerate(password) if _is_visible(character)]
    visible = password[places[0] : places[-1] + 1] if places else ""
    return tuple(candidate for candidate in dict.fromkeys((password, visible)) if candidate)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE | _SPACES


def bearer_of(event: Mapping[str, Any]) -> str:
    """Return the Bearer token (RFC 6750), or an empty string."""
    values = _headers(event, "authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def language_of(event: Mapping[str, Any]) -> str:
    """Return the Accept-Language header."""
    return ",".join(_headers(event, "accept-language"))[:256]


def page_headers(return_urls: Iterable[str]) -> dict[str, str]:
    """Return the headers of every page. `return_urls` are the URLs to which a sign-in may return.

    Browsers apply form-action to a redirect after a form too, so the header allows these URLs.
    """
    origins = sorted({_origin(url) for url in return_urls})
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {' '.join(origins)}"
    )
    return {
        "Content-Security-Policy": policy.strip(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "otp-credentials=(self)",
        "Strict-Transport-Security": "max-age=31536000",
    }


def _origin(address: str) -> str:
    url = urlsplit(address)
    # The redirect URI of a mobile app may have a custom scheme. Its host has no meaning for the browser.
    return f"{url.scheme}://{url.netloc}" if url.scheme in ("https", "http") else f"{url.scheme}:"


def _headers(event: Mapping[str, Any], name: str) -> list[str]:
    all_headers = event.get("multiValueHeaders") or {}
    return [value for key, values in all_headers.items() if key.lower() == name for value in values]
