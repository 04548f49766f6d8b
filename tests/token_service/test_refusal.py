"""The table of refusals, the texts that leave a trigger, and the tag at their end."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passcode.token_service.refusal import (
    REFUSALS,
    UNAVAILABLE,
    UNAVAILABLE_REASON,
    UNAVAILABLE_TEXT,
    Refusal,
    RefusalTag,
    Refused,
    parse_tag,
    refusal_text,
)

ROWS = {refusal.value: row for refusal, row in REFUSALS.items()} | {UNAVAILABLE_REASON: UNAVAILABLE}
WAITS = {"cooldown", "quota", "busy"}


def framed(text: str) -> str:
    """The text of a trigger as Cognito returns it to the app."""
    return f"CreateAuthChallenge failed with error {text}."


def test_each_refusal_has_a_row_and_no_two_share_a_problem() -> None:
    assert set(REFUSALS) == set(Refusal)
    assert len({row.problem for row in ROWS.values()}) == len(ROWS)


@pytest.mark.parametrize("reason", ROWS)
def test_the_texts_of_a_row_are_whole_sentences(reason: str) -> None:
    row = ROWS[reason]
    assert 400 <= row.status < 600
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", row.problem)
    assert not row.title.endswith(".")
    for text in (row.title, row.detail, row.meaning, row.sentence or row.detail):
        assert text[0].isupper() or text[0] == "`"
        assert set(re.findall(r"\{.*?\}", text)) <= {"{wait}"}
    for text in (row.detail, row.meaning, row.sentence or row.detail):
        assert text.endswith(".")
        assert ".." not in text
    assert "{wait}" not in row.title + row.meaning


@pytest.mark.parametrize("reason", sorted(WAITS))
def test_a_refusal_that_ends_by_itself_names_its_wait(reason: str) -> None:
    row = ROWS[reason]
    assert row.status == 429
    assert "{wait}" in row.detail
    assert "{wait}" in (row.sentence or row.detail)


@pytest.mark.parametrize("refusal", Refusal)
def test_a_text_is_a_sentence_and_a_tag(refusal: Refusal) -> None:
    wait = 600 if refusal.value in WAITS else 0
    text = framed(str(Refused(refusal, wait)))
    sentence, _, tag = text.partition(" [")
    assert sentence.endswith(".")
    assert ("10 minutes" in sentence) is (wait == 600)
    assert "{" not in text
    assert tag == f"passcode:{refusal.value}:600]." if wait else f"passcode:{refusal.value}]."


def test_the_quota_text_is_the_example_of_the_documents() -> None:
    text = "Too many codes were requested. Try again in 10 minutes. [passcode:quota:600]"
    assert refusal_text(Refusal.QUOTA, 600) == text


def test_an_unavailable_dependency_has_a_tag() -> None:
    assert parse_tag(framed(UNAVAILABLE_TEXT)) == RefusalTag("unavailable")


@pytest.mark.parametrize("frame", [str, framed, lambda text: f"{text}.."], ids=["bare", "Cognito", "twice"])
@given(refusal=st.sampled_from(Refusal), wait=st.integers(0, 999_999_999))
def test_a_written_tag_is_read_back(frame: object, refusal: Refusal, wait: int) -> None:
    assert callable(frame)
    assert parse_tag(frame(refusal_text(refusal, wait))) == RefusalTag(refusal.value, wait)


@given(st.from_regex(r"[a-z_]{1,32}", fullmatch=True), st.integers(0, 999_999_999))
def test_a_reason_of_another_release_is_read(reason: str, seconds: int) -> None:
    assert parse_tag(f"A sentence. {RefusalTag(reason, seconds)}") == RefusalTag(reason, seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Too many codes were requested. Try again in 10 minutes.",
        "[passcode:]",
        "[passcode:quota",
        "[passcode:quota:]",
        "[passcode:quota:-1]",
        "[passcode:quota:1.5]",
        "[passcode:quota:\u0661\u0662]",
        "[passcode:quota:1234567890]",
        "[passcode:quota:60:60]",
        "[passcode:Quota:60]",
        "[passcode:quota 60]",
        f"[passcode:{'q' * 33}]",
        "[Passcode:quota:60]",
        "[passcode:quota:60] and more",
        "[passcode:quota:60]\nTraceback",
        "[passcode:quota:60](https://example.com)",
    ],
)
def test_a_text_without_a_tag_at_its_end_has_none(text: str) -> None:
    assert parse_tag(framed(text)) is None


def test_only_the_last_tag_of_a_text_is_read() -> None:
    assert parse_tag("It said [passcode:quota:60] and then [passcode:busy:30].") == RefusalTag("busy", 30)


@given(st.text(alphabet=st.sampled_from("[]passcode:qu_0 9.\n\u0661"), max_size=60) | st.text(max_size=60))
def test_any_text_is_parsed_without_an_error(text: str) -> None:
    tag = parse_tag(text)
    assert tag is None or re.fullmatch(r"[a-z_]{1,32}", tag.reason)
