"""The code in a message of the local inbox."""

from datetime import UTC, datetime

import pytest

from demo_client.errors import CliError
from demo_client.local_stack_api import code_in, running_stack
from tests.support.demo_pool import POOL
from tools.local_stack.inbox import Message


def message(text: str) -> Message:
    return Message("sms", "+12065550100", "", text, "", datetime.now(UTC))


@pytest.mark.parametrize(
    ("text", "digits", "code"),
    [
        ("028174 is your code.\n\n@app.example #028174", 6, "028174"),
        ("In 2026 we are 10 years old.\n\n123 456\n\nIt expires in 5 minutes.", 6, "123456"),
        ("Your code: 12345678.", 8, "12345678"),
        (
            "Enter this code:\n\n1234 5678 9012 3456 7890\n\nIt expires in 10 minutes.",
            20,
            "12345678901234567890",
        ),
        ("1234 5678 9012 3456 7890 is it.\n\n@app.example #12345678901234567890", 20, "12345678901234567890"),
    ],
)
def test_the_code_is_found_in_the_message(text: str, digits: int, code: str) -> None:
    assert code_in(message(text), digits) == code


@pytest.mark.parametrize("text", ["Hello", "12345678", "Aa1-bb22"])
def test_a_message_without_a_code_of_this_length_is_an_error(text: str) -> None:
    with pytest.raises(CliError, match="has no code"):
        code_in(message(text), 6)


def test_a_pool_on_aws_has_no_inbox() -> None:
    with pytest.raises(CliError, match="Only a local stack has an inbox"):
        running_stack(POOL)
