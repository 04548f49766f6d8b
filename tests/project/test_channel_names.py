"""No code names a channel: a name outside the files below would be a branch that a new channel needs too."""

import ast
from pathlib import Path

import pytest

from passcode.channels.registry import CHANNELS

TRIGGERS = Path(__file__).parents[2] / "triggers"
NAMES = {text for channel in CHANNELS.values() for text in (channel.name, channel.attribute)}
NAMES |= {channel.verified_attribute for channel in CHANNELS.values()}
OBJECTS = NAMES | {channel.name.upper() for channel in CHANNELS.values()}
# File, and the names that it may have.
ALLOWED: dict[str, set[str]] = {
    # The objects themselves, and their one line each.
    "passcode/channels/email.py": {"email", "EMAIL"},
    "passcode/channels/sms.py": {"sms", "phone_number", "SMS"},
    # A call reaches the numbers of SMS.
    "passcode/channels/voice.py": {"voice", "VOICE", "sms", "SMS"},
    "passcode/channels/registry.py": {"email", "EMAIL", "sms", "SMS", "voice", "VOICE"},
    # Both channels to a number have one code.
    "passcode/token_service/challenge.py": {"sms", "voice"},
    # A gateway names the channel on which it sends.
    "passcode/adapters/ses.py": {"email", "EMAIL"},
    "passcode/adapters/sns.py": {"sms", "SMS"},
    "passcode/adapters/end_user_messaging.py": {"sms", "SMS", "voice", "VOICE"},
    # The events of each service are about its channel.
    "passcode/delivery/events.py": {"email", "EMAIL", "sms", "voice"},
    # The module of phone numbers, which limits by country need.
    "verify_auth_challenge.py": {"phone_number"},
    "token_api.py": {"phone_number"},
    "passcode/delivery/sms_limits.py": {"phone_number"},
    # Scopes and claims of OpenID Connect (Core 5.1, 5.4).
    "passcode/hosted/oidc.py": {"email", "email_verified", "phone_number", "phone_number_verified"},
    # The sign-in options of a pool: users sign in with a phone number, whatever channel their codes use.
    "passcode/adapters/pool_sign_in.py": {"phone_number"},
}


def named(source: str) -> set[str]:
    """The names of channels in a Python source: string literals, identifiers and parts of imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value.lower()} & NAMES
        elif isinstance(node, ast.Attribute):
            found |= {node.attr} & OBJECTS
        elif isinstance(node, ast.Name):
            found |= {node.id} & OBJECTS
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            found |= {node.arg} & OBJECTS
        elif isinstance(node, ast.ImportFrom):
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            found |= set(parts) & OBJECTS
    return found


@pytest.mark.parametrize("path", sorted(TRIGGERS.rglob("*.py")), ids=lambda p: str(p.relative_to(TRIGGERS)))
def test_only_the_files_of_a_channel_name_it(path: Path) -> None:
    file = path.relative_to(TRIGGERS).as_posix()
    assert named(path.read_text("utf-8")) == ALLOWED.get(file, set())


@pytest.mark.parametrize(
    "source",
    [
        'x = "sms" if y else z',
        "Channel.SMS",
        "body.email",
        'found["phone_number"]',
        "from passcode.channels.sms import SMS",
        "f(email=1)",
        'f"{email}"',
        "def f(phone_number): ...",
    ],
)
def test_a_name_is_found_in_every_kind_of_code(source: str) -> None:
    assert named(source)


def test_every_allowed_file_exists() -> None:
    assert not [file for file in ALLOWED if not (TRIGGERS / file).is_file()]
