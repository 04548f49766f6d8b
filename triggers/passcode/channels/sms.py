"""The SMS that carries a code. A phone can fill in the code from its last line."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from passcode.texts.catalogue import isolate_digits, purpose_lines
from passcode.token_service.code import Code


@dataclass(frozen=True)
class TextMessage:
    """A text message. What it says is never in its repr."""

    text: str = field(repr=False)


def render_sms(
    words: Mapping[str, str], code: Code | None, *, app: str, host: str, purpose: str = ""
) -> TextMessage:
    """Fill in an SMS. Its last line is `@host #code` (WICG origin-bound one-time codes), and nothing else.

    The digits stand in both lines: phones that know the format fill them in on that host alone. `purpose` is
    in the caller's own words, or empty. Without a host there is no last line: a password is no one-time code.
    """
    digits = code.reveal() if code else ""
    text = words["sms"].format(app=app, code=isolate_digits(words, digits))
    return TextMessage(
        "\n".join([text, *purpose_lines(words, purpose), *(["", f"@{host} #{digits}"] if host else [])])
    )
