"""The tables of docs/reliability.md. Each row comes from a test of the run."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support.template import ROOT

DOCUMENT: Path = ROOT / "docs" / "reliability.md"
# The tables in their order: the name, the heading, the columns, and a paragraph.
TABLES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (
        "figures",
        "Figures",
        ("figure", "goal", "measured", "of"),
        (
            "`make faults` fails if a figure misses its goal. A share is measured with 300 users, "
            "and a figure that must hold for everyone with 30."
        ),
    ),
    (
        "one",
        "One fault at a time",
        ("function", "call", "broken", "result", "faults"),
        (
            "One call of one function breaks: each attempt of it, or the first attempt only. The user then "
            "tries again after three seconds, and the service works again."
        ),
    ),
    (
        "pairs",
        "Two faults at a time",
        ("first", "second", "result", "cases"),
        "Each attempt of one call of two functions breaks. The cases differ in the service that breaks.",
    ),
    (
        "kills",
        "Killed functions",
        ("function", "killed after", "result", "end"),
        "Lambda ends the function after that number of calls to AWS.",
    ),
    (
        "endings",
        "Ends of challenges",
        ("end", "messages"),
        (
            "The end of each message that the app was promised (SENT or WAITING), in the runs with one or "
            "two faults, a killed function, or no channel. A message that no channel took is in the dead "
            "letters, and a metric counts it. None was lost."
        ),
    ),
    (
        "queue",
        "SQS delivers twice, or out of order",
        ("case", "messages", "result"),
        "",
    ),
    (
        "input",
        "Bad input",
        ("queue body or answer", "log lines", "dead letters", "other messages of the batch"),
        "",
    ),
    (
        "clocks",
        "Clocks, and a table set back",
        ("case", "result"),
        "Recorded without a goal. Do not restore the table from a backup: docs/operations.md.",
    ),
    ("emulator", "The emulator of the local stack is killed", ("case", "result"), ""),
)
_HEAD = """# Reliability under faults

`make faults` breaks the calls of the functions to AWS and writes this page. The functions run in one process
with the environment of the deployed functions. Between them and AWS is a proxy that throttles, answers HTTP
5xx, delays, resets connections, truncates, and changes bytes. DynamoDB is that of the local stack, and KMS is
that of moto. SQS, SES, SNS and the user pool are fakes with their protocols on the wire.

Seconds are those of a virtual clock: a call takes 5 ms, and a late response takes as long as the client waits
for it. The random generators have fixed seeds, but nonces and keys differ from run to run.

Not run here: AWS itself, its own retries, and a slow start of a function.
"""

Row = tuple[str, ...]


def write(rows: Iterable[tuple[str, Row]], document: Path = DOCUMENT) -> None:
    """Write the document. `rows` are pairs of the name of a table and the cells."""
    by_table: dict[str, list[Row]] = defaultdict(list)
    for table, cells in rows:
        by_table[table].append(cells)
    parts = [_HEAD]
    for name, heading, columns, paragraph in TABLES:
        found = _MERGED.get(name, _sorted)(by_table[name])
        if found:
            parts.append(f"## {heading}\n")
            parts += [f"{paragraph}\n"] if paragraph else []
            parts.append("\n".join(_lines(columns, found)) + "\n")
    document.write_text("\n".join(parts), "utf-8")


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(set(rows))


def _grouped(rows: list[Row]) -> list[Row]:
    """Join the last cells of the rows that are otherwise equal."""
    groups: dict[Row, list[str]] = defaultdict(list)
    for *key, last in rows:
        groups[tuple(key)].append(last)
    return [(*key, ", ".join(sorted(set(last)))) for key, last in sorted(groups.items())]


def _counted(rows: list[Row]) -> list[Row]:
    """Replace equal rows by one with their number."""
    groups: dict[Row, int] = defaultdict(int)
    for row in rows:
        groups[row] += 1
    return [(*row, str(number)) for row, number in sorted(groups.items())]


_MERGED: dict[str, Callable[[list[Row]], list[Row]]] = {
    "one": _grouped,
    "pairs": _counted,
    "endings": _counted,
}


def _lines(columns: tuple[str, ...], rows: list[Row]) -> list[str]:
    shown = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    return [
        "| " + " | ".join(columns) + " |",
        "|" + " --- |" * len(columns),
        *("| " + " | ".join(row) + " |" for row in shown),
    ]
