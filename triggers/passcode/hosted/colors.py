"""The style sheet and the icon in the app's colour."""

from passcode.texts.colors import DARK, LIGHT, check_color, readable_on, text_on


def brand_css(color: str) -> str:
    """Return the style sheet with `color` (#rrggbb).

    It is a file, because a strict CSP forbids inline styles.
    """
    check_color(color)
    rules = f"--brand:{color};--on-brand:{text_on(color)};--accent:"
    dark = f"@media (prefers-color-scheme:dark){{:root{{--accent:{readable_on(color, DARK)}}}}}"
    return f":root{{{rules}{readable_on(color, LIGHT)}}}\n{dark}\n"


def icon(color: str) -> str:
    """Return the icon of the browser tab, for an app without a logo."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="9" fill="{check_color(color)}"/></svg>'
    )
