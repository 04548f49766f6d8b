"""How users and addresses stand, as a person reads it and as a script does."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tools.pool_admin.subjects import Purpose, Subject
from tools.pool_admin.users import Standing
from tools.pool_admin.view import View, many


def show_standing(view: View, standing: Standing, *, limits_known: bool) -> None:
    """What is counted of a user or an address."""
    facts = _named(standing.subject) | {k: v for k, v in asdict(standing).items() if k != "subject"}
    if not limits_known:
        del facts["answer_wait"], facts["send_wait"]
    codes = many(standing.codes_sent, "code")
    lines = [
        f"{codes} so far; the last message went out {_when(standing.last_sent_at)}.",
        _wrong(standing),
    ]
    if standing.open_until:
        lines.append(f"The newest code is unused, and good until {_when(standing.open_until)}.")
    if limits_known:
        lines.append(_waits(standing))
    said = "\n".join(lines) if standing.known else f"{_nothing(standing.subject.purpose)}."
    view.result(said, facts, style="")


def show_unlocked(view: View, subject: Subject, *, known: bool) -> None:
    """What an unlock did, and for which codes: those of another purpose are locked by themselves."""
    purpose = subject.purpose
    done = f"The {purpose.who} can go on with {purpose.value} codes at once."
    said = done if known else f"{_nothing(purpose)}: nothing to unlock."
    view.result(said, _named(subject) | {"unlocked": known})


def _named(subject: Subject) -> dict[str, Any]:
    return {"subject": subject.name, "purpose": subject.purpose.value}


def _nothing(purpose: Purpose) -> str:
    return f"No {purpose.value} codes are counted of that {purpose.who}"


def _wrong(standing: Standing) -> str:
    if not standing.wrong_answers:
        return "No wrong answers."
    wrong = many(standing.wrong_answers, "wrong answer")
    return f"{wrong} in a row; the last was {_when(standing.last_wrong_at)}."


def _waits(standing: Standing) -> str:
    if standing.answer_wait is None:
        return f"No answer is taken until `unlock` with --purpose {standing.subject.purpose.value}."
    if standing.answer_wait or standing.send_wait:
        return (
            f"The next answer is taken in {standing.answer_wait} s, "
            f"and the next message can go out in {standing.send_wait} s."
        )
    return "Nothing is held back."


def _when(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "never"
