"""Make the app's colour readable: WCAG 2.2 contrast in light and dark mode, for any colour."""

import re

# The background of the card in the hosted pages and in emails, light and dark.
LIGHT, DARK = "#ffffff", "#1c1f26"
TEXT = 4.5  # success criterion 1.4.3


def check_color(color: str) -> str:
    """Return `color`. Raises ValueError if it is not #rrggbb: other text could inject styles or scripts."""
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", color):
        raise ValueError("BrandColor must be #rrggbb: a number sign and six hexadecimal digits.")
    return color


def text_on(color: str) -> str:
    """Return black or white: the one with more contrast.

    It is at least 4.58, because the ratios to black and to white multiply to 21.
    """
    return max("#ffffff", "#000000", key=lambda text: contrast(text, color))


def readable_on(color: str, background: str) -> str:
    """Return `color`, moved towards black or white until it is readable as text on `background`."""
    end = text_on(background)
    steps = (mix(color, end, step / 20) for step in range(21))
    return next(candidate for candidate in steps if contrast(candidate, background) >= TEXT)


def contrast(color: str, other: str) -> float:
    """Return WCAG's contrast ratio, from 1 to 21."""
    darker, lighter = sorted((luminance(color), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """Return WCAG's relative luminance, from 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in _parts(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(color: str, end: str, share: float) -> str:
    """Return `color` mixed with `end`. `share` is the share of `end`, from 0 to 1."""
    pairs = zip(_parts(color), _parts(end), strict=True)
    return "#" + "".join(f"{round(start + (stop - start) * share):02x}" for start, stop in pairs)


def _parts(color: str) -> bytes:
    return bytes.fromhex(color.removeprefix("#"))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
