"""The tag of a refusal: the triggers write it, and three parsers read it in the same way.

The hosted page, the command line client and the demo page each have a parser. The clients are examples
for apps and import nothing from the triggers. docs/clients.md shows a fourth one to copy.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from demo_client import refusals
from demo_client.errors import RETRY_LATER, to_cli_error
from passcode.hosted.refusals import notice_of
from passcode.hosted.state import Notice
from passcode.token_service.refusal import (
    REFUSALS,
    UNAVAILABLE_TEXT,
    Refusal,
    RefusalTag,
    parse_tag,
    refusal_text,
)
from tests.support.demo_pool import refusal

ROOT = Path(__file__).parents[2]
TEXTS_JS = ROOT / "demo_client" / "web" / "static" / "texts.js"
IN_SIGN_IN = [each for each, row in REFUSALS.items() if row.in_sign_in]
WRITTEN = [refusal_text(each, wait) for each in Refusal for wait in (0, 1, 600, 86_400)]
WRITTEN += [UNAVAILABLE_TEXT, f"New. {RefusalTag('a_reason_to_come', 9)}"]
HOSTILE = [
    "",
    "Please wait.",
    "[passcode:]",
    "[passcode:quota:-1]",
    "[passcode:quota:\u0661]",
    "[passcode:quota:12345678901]",
    "[passcode:QUOTA:60]",
    "[passcode:quota:60] more",
    "[passcode:quota:60]\n",
    "[passcode:quota:60]\u00a0",
    "<b>[passcode:quota:5]</b>",
    "[passcode:quota:60] [passcode:busy:300]",
    f"[passcode:{'x' * 33}]",
    "'userAttributes'",
    "cannot import name (/var/task/a.py)",
]
MESSAGES = [f"VerifyAuthChallengeResponse failed with error {text}." for text in (*WRITTEN, *HOSTILE)]
EXPECTED = [(tag.reason, tag.retry_after) if (tag := parse_tag(message)) else None for message in MESSAGES]


def in_node(expression: str) -> Any:
    """Return the value of a JavaScript expression with the module `texts` and the list `messages`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is missing")
    source = "const texts = await import(process.argv[1]); const messages = JSON.parse(process.argv[2]);"
    source += f"process.stdout.write(JSON.stringify({expression}));"
    command = [node, "--input-type=module", "--eval", source, "--", TEXTS_JS.as_uri(), json.dumps(MESSAGES)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def cli_message(message: str) -> str:
    """Return the text that the command line client shows for a UserLambdaValidationException."""
    shown = to_cli_error(refusal("UserLambdaValidationException", message))
    assert shown.exit_code == RETRY_LATER
    return shown.message


def test_the_messages_include_texts_with_and_without_a_tag() -> None:
    assert EXPECTED.count(None) > 10
    assert ("quota", 600) in EXPECTED
    assert ("longer_code", 0) in EXPECTED


def test_the_command_line_client_reads_the_same_tags_as_the_hosted_page() -> None:
    found = [refusals.parse_tag(message) for message in MESSAGES]
    assert [(tag.reason, tag.retry_after) if tag else None for tag in found] == EXPECTED


def test_the_demo_page_reads_the_same_tags_as_the_hosted_page() -> None:
    found = in_node("messages.map(texts.parseTag)")
    assert [(tag["reason"], tag["retryAfter"]) if tag else None for tag in found] == EXPECTED


def test_the_demo_page_shows_the_texts_of_the_command_line_client() -> None:
    shown = in_node(
        "messages.map((message) => texts.explain({ name: 'UserLambdaValidationException', message }))"
    )
    # The page has only the plural "seconds".
    assert [text.replace("1 seconds", "1 second") for text in shown] == [
        cli_message(each) for each in MESSAGES
    ]


def test_the_pattern_in_the_documents_reads_the_tags_of_the_triggers() -> None:
    page = (ROOT / "docs" / "clients.md").read_text("utf-8")
    (pattern,) = re.findall(r"= /(\\\[passcode.*?)/\.exec\(error\.message\)", page)
    for message, expected in zip(MESSAGES[: len(WRITTEN)], EXPECTED, strict=False):
        found = re.search(pattern, message)
        assert found is not None
        assert (found[1], int(found[2] or 0)) == expected


@pytest.mark.parametrize("cause", IN_SIGN_IN)
def test_the_clients_have_a_text_for_each_refusal_of_a_sign_in(cause: Refusal) -> None:
    wait = 600 if REFUSALS[cause].status == 429 else 0
    shown = cli_message(refusal_text(cause, wait))
    assert not shown.startswith("The pool refused")
    assert ("10 minutes" in shown) is (wait == 600)


@pytest.mark.parametrize(
    ("wording", "shown"),
    [
        ("Anything else. [passcode:quota:600]", "Too many codes were requested. Try again in 10 minutes."),
        ("hunter2 [passcode:quota:86400]", "Too many codes were requested. Try again in 24 hours."),
        ("hunter2 [passcode:no_destination]", "This user has no verified email address or phone number."),
        ("hunter2 [passcode:a_reason_to_come:90]", "The pool refused this sign-in. Try again in 90 seconds."),
        ("hunter2 [passcode:a_reason_to_come]", "The pool refused this sign-in (a_reason_to_come)."),
        ("hunter2", "The pool cannot send or check a code"),
    ],
)
def test_a_client_never_shows_the_sentence_before_the_tag(wording: str, shown: str) -> None:
    message = cli_message(f"CreateAuthChallenge failed with error {wording}.")
    assert message.startswith(shown)
    assert "hunter2" not in message


@pytest.mark.parametrize("cause", Refusal)
@pytest.mark.parametrize("wait", [0, 600])
def test_each_row_names_a_notice_of_the_hosted_page(cause: Refusal, wait: int) -> None:
    row = REFUSALS[cause]
    assert notice_of(parse_tag(refusal_text(cause, wait))) is Notice(row.notice)
    assert (row.notice != "unavailable") or not row.in_sign_in
