"""tools/mutants: reading the output of mutmut, and the list of accepted survivors."""

from pathlib import Path

import pytest

from tests.support.template import ROOT
from tools.mutants.survivors import Mutation, parse_mutant, read_accepted, survivor_names

RESULTS = """
    pack.box.x_lift__mutmut_1: survived
    pack.box.xǁBoxǁ_lift__mutmut_12: no tests
    pack.box.x_lift__mutmut_2: killed
    pack.box.x_lift__mutmut_3: timeout
    pack.box.x_lift__mutmut_4: not checked
"""
BOX = """import math


class Box:
    def _lift(self, weight):
        return (
            weight
            + 1
        )


def lift(weight):
    return weight + 1
"""
DIFF = """# {name}: survived
--- src/pack/box.py
+++ src/pack/box.py
@@ -{start},3 +{start},3 @@
{lines}
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "box.py").write_text(BOX)
    return tmp_path


def test_survivors_are_the_mutants_that_no_test_detected() -> None:
    assert list(survivor_names(RESULTS)) == [
        ("pack.box.x_lift__mutmut_1", "survived"),
        ("pack.box.xǁBoxǁ_lift__mutmut_12", "no tests"),
    ]


@pytest.mark.parametrize(
    ("name", "start", "lines", "line"),
    [
        (
            "pack.box.x_lift__mutmut_1",
            1,
            [" def lift(weight):", "-    return weight + 1", "+    return weight - 1"],
            13,
        ),
        (
            "pack.box.xǁBoxǁ_lift__mutmut_12",
            3,
            ["         weight", "-        + 1", "+        - 1", "     )"],
            8,
        ),
    ],
)
def test_a_survivor_has_the_line_of_its_file(
    sources: Path, name: str, start: int, lines: list[str], line: int
) -> None:
    diff = DIFF.format(name=name, start=start, lines="\n".join(lines))
    mutant = parse_mutant(name, "survived", diff, sources)
    assert (mutant.file, mutant.line) == ("pack/box.py", line)
    assert mutant.change.before.endswith("+ 1")
    assert mutant.change.after.endswith("- 1")


@pytest.mark.parametrize(("name", "diff"), [("box", DIFF), ("pack.box.x_lift__mutmut_1", "no diff")])
def test_an_unknown_form_of_output_is_an_error(sources: Path, name: str, diff: str) -> None:
    with pytest.raises(ValueError, match="unknown form"):
        parse_mutant(name, "survived", diff, sources)


def test_an_accepted_change_has_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "accepted.toml"
    file.write_text('[[accepted]]\nfile = "a.py"\nbefore = "x"\nafter = ["y", "z"]\nreason = "Same."\n')
    assert read_accepted(file) == {Mutation("a.py", "x", "y"): "Same.", Mutation("a.py", "x", "z"): "Same."}
    file.write_text('[[accepted]]\nfile = "a.py"\nbefore = "x"\nafter = ["y"]\n')
    with pytest.raises(ValueError, match="Add a reason"):
        read_accepted(file)


def test_the_accepted_changes_are_of_code_that_exists() -> None:
    for change in read_accepted():
        lines = (ROOT / "triggers" / change.file).read_text("utf-8").splitlines()
        assert change.before in " ".join(line.strip() for line in lines), change
