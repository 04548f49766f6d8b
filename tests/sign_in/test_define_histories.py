"""Every possible short history, compared with regular expressions that share no code with the rules.

A history is a string with one letter for each entry: the letter of its challenge, uppercase if the result is
true, lowercase if it is false. With any other result, `~` is a CUSTOM_CHALLENGE and `?` is another challenge.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import pytest

from passcode.sign_in.steps import (
    ASK_CODE,
    ASK_NEW_PASSWORD,
    ASK_PASSWORD,
    CODE_ONLY,
    FAIL,
    ISSUE,
    MOST_ROUNDS,
    PASSWORD_AND_CODE,
    RoundLimits,
    RoundRecord,
    encode_metadata,
    next_step,
)
from tests.support.events import entry

if TYPE_CHECKING:
    # The module defines these types for type checkers only.
    from passcode.sign_in.steps import Mode, Step

NAMES = {
    "S": "SRP_A",
    "P": "PASSWORD_VERIFIER",
    "N": "NEW_PASSWORD_REQUIRED",
    "C": "CUSTOM_CHALLENGE",
    "X": "SMS_MFA",
}
METADATA = encode_metadata(RoundRecord(answers=0, resends=0, resend_at=0, challenge="{}"))
ODD = dict.fromkeys(NAMES, "?") | {"C": "~"}
ALPHABET = [
    (mark, entry(name, result, METADATA if letter == "C" else None))
    for letter, name in NAMES.items()
    for mark, result in ((letter, True), (letter.lower(), False), (ODD[letter], None), (ODD[letter], "true"))
]
LIMITS = RoundLimits(answers=5, resends=3)

# A last result that is neither true nor false counts as a wrong answer.
MODES: "tuple[Mode, ...]" = (PASSWORD_AND_CODE, CODE_ONLY)
ORACLE: "dict[Mode, dict[Step, re.Pattern[str]]]" = {
    PASSWORD_AND_CODE: {
        ASK_PASSWORD: re.compile("S"),
        ASK_CODE: re.compile("SPN?(c*[c~])?"),
        ISSUE: re.compile("SPN?c*C"),
    },
    CODE_ONLY: {
        ASK_CODE: re.compile("S?(c*[c~])?"),
        ISSUE: re.compile("S?c*C"),
    },
}

Histories = Iterator[tuple[str, list[dict[str, object]]]]


def histories(longest: int) -> Histories:
    """All histories up to a length, each with its letters."""
    for length in range(longest + 1):
        for entries in product(ALPHABET, repeat=length):
            yield "".join(mark for mark, _ in entries), [one for _, one in entries]


@pytest.mark.parametrize("mode", MODES)
def test_each_history_leads_to_the_step_that_the_oracle_names(mode: "Mode") -> None:
    for letters, history in histories(4):
        expected = [step for step, form in ORACLE[mode].items() if form.fullmatch(letters)] or [FAIL]
        assert [next_step(mode, history, LIMITS)] == expected, letters


@pytest.mark.parametrize("mode", MODES)
def test_no_history_gives_tokens_to_an_unknown_user_or_for_a_resend_request(mode: "Mode") -> None:
    for letters, history in histories(3):
        assert next_step(mode, history, LIMITS, user_not_found=True) != ISSUE, letters
        resend = next_step(mode, history, LIMITS, client_metadata={"action": "resend"})
        assert resend != ISSUE, letters


@pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"])
def test_a_password_that_must_change_is_changed_before_the_code(status: str) -> None:
    for letters, history in histories(3):
        step = next_step(PASSWORD_AND_CODE, history, LIMITS, user_status=status)
        assert (step == ASK_NEW_PASSWORD) == (letters == "SP"), letters
        assert step != ISSUE or letters.endswith("C"), letters


@pytest.mark.parametrize("name", ["", None, 7, "custom_challenge", "CUSTOM_CHALLENGE ", ["CUSTOM_CHALLENGE"]])
@pytest.mark.parametrize("mode", MODES)
def test_a_challenge_name_must_match_exactly(mode: "Mode", name: object) -> None:
    opening = [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]
    history = (opening if mode == PASSWORD_AND_CODE else []) + [
        {"challengeName": name, "challengeResult": True, "challengeMetadata": METADATA}
    ]
    assert next_step(mode, history, LIMITS) == FAIL


@pytest.mark.parametrize(("answers", "others"), [(1, 1), (1, 3), (2, 2), (2, 4), (5, 2)])
@pytest.mark.parametrize("mode", MODES)
def test_a_sign_in_has_as_many_answers_as_its_limit_and_no_other_response_ends_it(
    mode: "Mode", answers: int, others: int
) -> None:
    """Answers, resends and unknown actions in any order, with the records that `create` writes.

    A resend beyond the limit does not end the sign-in: the code of the last message may be valid.
    """
    limits = RoundLimits(answers, resends=1)
    opening = [] if mode == CODE_ONLY else [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]
    actions = {"answer": {}, "resend": {"action": " ReSend"}, "unknown": {"action": "again"}}
    for length in range(1, answers + others + 1):
        for responses in product(actions, repeat=length):
            history = list(opening)
            given = 0
            for number, response in enumerate(responses, 1):
                resends = min(1, responses[: number - 1].count("resend"))
                record = RoundRecord(given, resends, 0, "{}")
                history.append(entry("CUSTOM_CHALLENGE", False, encode_metadata(record)))
                is_answer = response == "answer"
                given += is_answer
                over = given > answers
                wrong = next_step(mode, history, limits, client_metadata=actions[response])
                goes_on = not over and (not is_answer or given < answers)
                assert wrong == (ASK_CODE if goes_on else FAIL), responses[:number]
                right = [*history[:-1], history[-1] | {"challengeResult": True}]
                step = next_step(mode, right, limits, client_metadata=actions[response])
                assert step == (ISSUE if is_answer and not over else FAIL), responses[:number]
                # A sign-in ends with its last answer. One more right answer after it must give no tokens.
                if over:
                    break


@pytest.mark.parametrize("mode", MODES)
def test_rounds_without_an_answer_are_bounded_and_an_answer_is_always_possible(mode: "Mode") -> None:
    history = [] if mode == CODE_ONLY else [entry("SRP_A", True), entry("PASSWORD_VERIFIER", True)]
    resend = {"action": "resend"}
    for number in range(1, MOST_ROUNDS + 1):
        history.append(entry("CUSTOM_CHALLENGE", False, METADATA))
        step = next_step(mode, history, LIMITS, client_metadata=resend)
        assert step == (ASK_CODE if number < MOST_ROUNDS else FAIL)
    assert next_step(mode, history, LIMITS) == ASK_CODE
    right = [*history[:-1], entry("CUSTOM_CHALLENGE", True, METADATA)]
    assert next_step(mode, right, LIMITS) == ISSUE


def test_a_channel_can_be_chosen_without_any_resends() -> None:
    chosen = entry("CUSTOM_CHALLENGE", False, encode_metadata(RoundRecord(0, 0, 0, "")))
    step = next_step(CODE_ONLY, [chosen], RoundLimits(1, 0), client_metadata={"action": "send"})
    assert step == ASK_CODE
