"""Every short history there can be, held against regular expressions, which share nothing with the rules.

A history is written as a string, one letter an entry: the letter of its challenge, large if the result was
true, small if it was false; `~` is a CUSTOM_CHALLENGE with any other result, `?` anything else with one.
"""

import re
from collections.abc import Iterator
from itertools import product

import pytest

from passcode.sign_in.rounds import label
from passcode.sign_in.steps import Limits, Mode, Step, next_step
from tests.support.events import entry

NAMES = {
    "S": "SRP_A",
    "P": "PASSWORD_VERIFIER",
    "N": "NEW_PASSWORD_REQUIRED",
    "C": "CUSTOM_CHALLENGE",
    "X": "SMS_MFA",
}
LABEL = label(0, "")
ODD = dict.fromkeys(NAMES, "?") | {"C": "~"}
ALPHABET = [
    (mark, entry(name, result, LABEL if letter == "C" else None))
    for letter, name in NAMES.items()
    for mark, result in ((letter, True), (letter.lower(), False), (ODD[letter], None), (ODD[letter], "true"))
]
LIMITS = Limits(answers=5, resends=3)

# A last result that is neither true nor false is an answer that was not right.
ORACLE = {
    Mode.PASSWORD_AND_CODE: {
        Step.ASK_PASSWORD: re.compile("S"),
        Step.ASK_CODE: re.compile("SPN?(c*[c~])?"),
        Step.ISSUE: re.compile("SPN?c*C"),
    },
    Mode.CODE_ONLY: {
        Step.ASK_CODE: re.compile("S?(c*[c~])?"),
        Step.ISSUE: re.compile("S?c*C"),
    },
}

Histories = Iterator[tuple[str, list[dict[str, object]]]]


def histories(longest: int) -> Histories:
    """All histories up to a length, each with its letters."""
    for length in range(longest + 1):
        for entries in product(ALPHABET, repeat=length):
            yield "".join(mark for mark, _ in entries), [one for _, one in entries]


@pytest.mark.parametrize("mode", list(Mode))
def test_each_history_leads_where_the_oracle_says(mode: Mode) -> None:
    for letters, history in histories(4):
        expected = [step for step, form in ORACLE[mode].items() if form.fullmatch(letters)] or [Step.FAIL]
        assert [next_step(mode, history, LIMITS)] == expected, letters


@pytest.mark.parametrize("mode", list(Mode))
def test_no_history_gives_tokens_to_an_unknown_user_or_to_a_wish_for_a_message(mode: Mode) -> None:
    for letters, history in histories(3):
        assert next_step(mode, history, LIMITS, user_not_found=True) is not Step.ISSUE, letters
        wish = next_step(mode, history, LIMITS, client_metadata={"action": "resend"})
        assert wish is not Step.ISSUE, letters


@pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"])
def test_a_password_that_must_change_is_changed_first(status: str) -> None:
    for letters, history in histories(3):
        step = next_step(Mode.PASSWORD_AND_CODE, history, LIMITS, user_status=status)
        assert (step is Step.ASK_NEW_PASSWORD) == (letters == "SP"), letters
        assert step is not Step.ISSUE or letters.endswith("C"), letters


@pytest.mark.parametrize("name", ["", None, 7, "custom_challenge", "CUSTOM_CHALLENGE ", ["CUSTOM_CHALLENGE"]])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_name_that_is_nearly_ours_is_not_ours(mode: Mode, name: object) -> None:
    opening = [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]
    history = (opening if mode is Mode.PASSWORD_AND_CODE else []) + [
        {"challengeName": name, "challengeResult": True, "challengeMetadata": LABEL}
    ]
    assert next_step(mode, history, LIMITS) is Step.FAIL


@pytest.mark.parametrize("most", [1, 2, 5])
def test_no_answer_beyond_the_limit_gives_tokens(most: int) -> None:
    """`create` asks for no more answers. The rule holds even if a history claims that it did."""
    limits = Limits(answers=most, resends=3)
    for count in range(1, most + 3):
        wrong = [entry("CUSTOM_CHALLENGE", False, LABEL)] * (count - 1)
        last_right = next_step(Mode.CODE_ONLY, [*wrong, entry("CUSTOM_CHALLENGE", True, LABEL)], limits)
        last_wrong = next_step(Mode.CODE_ONLY, [*wrong, entry("CUSTOM_CHALLENGE", False, LABEL)], limits)
        assert last_right is (Step.ISSUE if count <= most else Step.FAIL), count
        assert last_wrong is (Step.ASK_CODE if count < most else Step.FAIL), count


@pytest.mark.parametrize("most", [0, 1, 3])
def test_no_resend_beyond_the_limit_gets_a_message(most: int) -> None:
    limits = Limits(answers=5, resends=most)
    for count in range(1, most + 3):
        history = [entry("CUSTOM_CHALLENGE", False, label(before, "")) for before in range(count)]
        step = next_step(Mode.CODE_ONLY, history, limits, client_metadata={"action": "resend"})
        assert step is (Step.ASK_CODE if count <= most else Step.FAIL), count
