"""The phrase check: it refuses phrases, allows named places, and its list of exempt folders shrinks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.phrases.check import Config, PhraseUse, Place, Rule, check, find_phrases, read_config

ROOT = Path(__file__).parents[2]
RULES = (
    Rule(("flurb", "flurbs"), "signal"),
    Rule(("glim round",), "bypass"),
    Rule(("zort",), "step", (Place(file="cloud/*.yaml"), Place(text="zort of the network"))),
)


def found(text: str, file: str = "page.md") -> list[tuple[int, str]]:
    return [(finding.line, finding.phrase) for finding in find_phrases(text, file, RULES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A Flurb\nand flurbs.", [(1, "flurb"), (2, "flurbs")]),
        ("the_flurb = flurb_of(1)", [(1, "flurb"), (1, "flurb")]),
        ("flurbish, outflurb, flurb2", []),
        ("the glim\nround it", [(1, "glim round")]),
        ("    # the glim\n    # round it", [(1, "glim round")]),
        ("def glim_round():", [(1, "glim round")]),
        ("glim, round", []),
        ("one zort", [(1, "zort")]),
        ("the zort of the network, a zort", [(1, "zort")]),
        ("zort of the\nnetwork", [(1, "zort")]),
    ],
)
def test_whole_words_are_found_also_over_the_end_of_a_line(
    text: str, expected: list[tuple[int, str]]
) -> None:
    assert found(text) == expected


def test_a_phrase_is_allowed_in_a_file_that_its_rule_names() -> None:
    assert found("a zort", "cloud/stack.yaml") == []
    assert found("a zort", "other/stack.yaml") == [(1, "zort")]


def test_a_finding_names_file_line_phrase_and_replacement() -> None:
    assert str(PhraseUse("docs/a.md", 7, "flurb", "signal")) == 'docs/a.md:7: "flurb": use "signal"'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "README.md": "plain\n",
        "code/app.py": "# a flurb\n",
        "code/data.json": "flurb",
        "code/en.json": '{"a":\n "flurb"}',
        ".venv/lib.py": "flurb",
        "code/node_modules/lib.md": "flurb",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def test_each_place_in_a_covered_file_is_one_line(project: Path) -> None:
    assert check(project, Config(RULES, ())) == [
        'code/app.py:1: "flurb": use "signal"',
        'code/en.json:2: "flurb": use "signal"',
    ]


def test_a_folder_that_is_not_covered_is_left_out_until_it_is_clean(project: Path) -> None:
    assert check(project, Config(RULES, ("code/",))) == []
    (done,) = check(project, Config(RULES, ("code/", "README.md")))
    assert done.startswith("README.md has none of the phrases: remove it")


def test_the_project_passes() -> None:
    assert check(ROOT, read_config()) == []


def test_the_command_prints_the_places_and_exits_with_1(project: Path) -> None:
    folder = project / "tools" / "phrases"
    folder.mkdir(parents=True)
    for file in (ROOT / "tools" / "phrases").glob("*.py"):
        (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    rules = '[[rule]]\nphrases = ["flurb"]\nuse = "signal"\n'
    (folder / "phrases.toml").write_text(f"not_covered = []\n{rules}", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tools.phrases"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == 'code/app.py:1: "flurb": use "signal"'
    assert done.stderr == ""


def test_a_phrase_has_one_rule_and_a_replacement() -> None:
    rules = read_config().rules
    phrases = [phrase for rule in rules for phrase in rule.phrases]
    assert len(phrases) == len(set(phrases)) > 50
    assert all(rule.use for rule in rules)
