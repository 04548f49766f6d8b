"""docs/operations.md against the template: a section for each alarm, and each name that the page mentions."""

import re

import pytest

from tests.observability.shown import ALARMS, QUERIES, ROOT, rendered, widgets

OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
# One line per paragraph, so that a name may run over the end of a line.
PROSE = re.sub(r"\n +|(?<=\S)\n(?=\S)", " ", OPERATIONS)
STEPS = ("**Symptom.**", "**Impact.**", "**Check.**", "**Fix.**")


def sections() -> dict[str, str]:
    """The text of each section of the page, by its heading."""
    _, *parts = re.split(r"^#{2,3} (.+)$", OPERATIONS, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def alarms_of(section: str) -> list[str]:
    """The alarms that a section lists in its first paragraph."""
    first = section.strip().split("\n\n")[0]
    return re.findall(r"`(\w+Alarm)`", first) if first.startswith("Alarms:") else []


def test_each_alarm_has_one_section_and_no_section_lists_another_name() -> None:
    listed = [name for section in sections().values() for name in alarms_of(section)]
    assert sorted(listed) == sorted(ALARMS)


@pytest.mark.parametrize("heading", [h for h, section in sections().items() if alarms_of(section)])
def test_a_section_about_an_alarm_has_symptom_impact_check_and_fix(heading: str) -> None:
    assert re.findall(r"\*\*[A-Z]\w+\.\*\*", sections()[heading]) == list(STEPS)


def test_each_saved_query_is_mentioned() -> None:
    names = {rendered(query["Name"]).partition("/")[2] for query in QUERIES.values()}
    assert names
    assert {name for name in names if f"*{name}*" not in PROSE} == set()


def test_each_query_and_widget_that_is_mentioned_exists() -> None:
    queries = {rendered(query["Name"]).partition("/")[2] for query in QUERIES.values()}
    titles = {widget["properties"]["title"] for widget in widgets() if "title" in widget["properties"]}
    mentioned = re.findall(r"saved query \*([^*]+)\*", PROSE, re.IGNORECASE)
    shown = re.findall(r"widget \*([^*]+)\*", PROSE, re.IGNORECASE)
    assert mentioned
    assert shown
    assert set(mentioned) - queries == set()
    assert set(shown) - titles == set()
