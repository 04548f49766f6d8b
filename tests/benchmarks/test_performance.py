"""A short run of `make bench`, the page of a recorded run, and the fake AWS. No test asserts a time."""

import json
import platform
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks import performance, performance_page, processes
from benchmarks.fake_aws import on_loopback
from benchmarks.growth import PARALLEL
from benchmarks.processes import BARE, BASE, FLOOR, ProcessTimes
from passcode.token_service.policy import Policy
from tests.support.template import ROOT, TEMPLATE
from tools.artefacts import aws_models

FUNCTIONS = ("define_auth_challenge", "create_auth_challenge")
RUNS = 2


@pytest.fixture(scope="module")
def short_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the collector for two functions. It has its own process, because the functions need settings."""
    recorded = tmp_path_factory.mktemp("bench") / "performance.json"
    sizes = [
        "--runs",
        str(RUNS),
        "--calls",
        "3",
        "--sign-ins",
        "1",
        "--samples",
        "2",
    ]
    base = ["--base", "HEAD"] if (ROOT / ".git").exists() else []
    command = [sys.executable, "-m", "benchmarks.performance", "--recorded", str(recorded)]
    subprocess.run(
        [*command, *sizes, *base, "--subjects", "10", "30", "--functions", *FUNCTIONS], cwd=ROOT, check=True
    )
    found: dict[str, Any] = json.loads(recorded.read_text("utf-8"))
    return found


def test_a_run_measures_each_kind_of_process_in_each_round(short_run: dict[str, Any]) -> None:
    kinds = {BARE, *FUNCTIONS, f"{FUNCTIONS[1]}{FLOOR}"}
    if short_run["base"]:
        kinds |= {f"{name}{BASE}" for name in FUNCTIONS}
    assert set(short_run["cold"]) == kinds
    for found in short_run["cold"].values():
        assert set(found) == set(ProcessTimes.__dataclass_fields__)
        assert {len(values) for values in found.values()} == {RUNS}
        assert all(0 < start <= end for start, end in zip(found["start_cpu"], found["cpu"], strict=True))
        # The two clocks have different steps.
        assert all(end <= whole + 20 for end, whole in zip(found["cpu"], found["whole_cpu"], strict=True))
        assert all(0 < start <= end for start, end in zip(found["start_wall"], found["wall"], strict=True))


def test_a_run_counts_calls_and_measures_warm_invocations(short_run: dict[str, Any]) -> None:
    assert set(short_run["counts"]) == set(short_run["warm"]) == set(FUNCTIONS)
    assert short_run["counts"]["define_auth_challenge"]["requests"] == []
    operations = [operation for operation, _ in short_run["counts"]["create_auth_challenge"]["requests"]]
    assert operations == ["UpdateItem", "SendMessage"]
    for found in short_run["warm"].values():
        for part in ("in_process", "loopback"):
            low, middle, high = found[part]["wall"]
            assert 0 < low <= middle <= high


def test_a_run_signs_users_in_on_the_local_stack(short_run: dict[str, Any]) -> None:
    assert set(short_run["sign_ins"]) == {"1", "16"}
    assert all(found["sign_in"][0] > 0 for found in short_run["sign_ins"].values())


def test_a_run_measures_growing_tables(short_run: dict[str, Any]) -> None:
    assert set(short_run["growth"]["subjects"]) == {"10", "30"}


def test_parallel_answers_are_compared_as_often_as_the_policy_allows(short_run: dict[str, Any]) -> None:
    """One address: each wrong answer counts once. Each answer makes one KMS call and one write."""
    limit = Policy().long_after
    for answers in PARALLEL:
        found = short_run["growth"]["parallel"][str(answers)]
        assert found["checked"] == min(answers, limit)
        assert found["writes"] == found["macs"] == answers


def test_a_run_describes_the_machine_without_its_name_or_folder(short_run: dict[str, Any]) -> None:
    assert short_run["machine"]["python"] == platform.python_version()
    words = {word for value in short_run["machine"].values() for word in value.split()}
    assert platform.node() not in words
    assert str(ROOT) not in json.dumps(short_run)


def test_the_page_and_the_charts_are_the_output_of_the_recorded_run() -> None:
    for path, text in performance_page.files(performance_page.recorded()).items():
        assert path.read_text("utf-8") == text, "Run `python -m benchmarks.performance --page`."


def test_the_page_has_every_value_of_its_template() -> None:
    page = performance_page.page(performance_page.recorded())
    assert "{{" not in page
    for heading in (
        "Cold starts",
        "Warm invocations",
        "Whole sign-ins",
        "Growth",
        "Memory sizes",
        "SnapStart",
    ):
        _, _, section = page.partition(f"\n## {heading}\n")
        assert re.search(r"^\| .*\d", section.partition("\n## ")[0], re.MULTILINE), heading


def test_the_first_paragraph_has_the_times_of_the_tables() -> None:
    result = performance_page.recorded()
    functions = performance_page.measured_functions(result, TEMPLATE)
    found = performance_page.summary(functions, TEMPLATE)
    sign_in = performance_page.whole_sign_in(functions, TEMPLATE).splitlines()[-1]
    assert f"| {found['all_cold']} | {found['all_warm']} |" in sign_in
    assert f"| {found['create_cold']}, " in performance_page.memory(functions, TEMPLATE)


def test_the_page_has_the_median_above_the_interpreter_and_the_median_of_ratios() -> None:
    name = "create_auth_challenge"
    result: dict[str, Any] = {
        "base": "v1.0",
        "cold": {
            BARE: process((10, 20, 10), (10, 20, 10), (11, 21, 11)),
            name: process((110, 320, 160), (210, 620, 310), (311, 321, 311)),
            f"{name}{FLOOR}": process((210, 320, 210), (210, 320, 210), (611, 621, 611)),
            f"{name}{BASE}": process((210, 320, 210), (210, 320, 210), (211, 321, 211), events=0),
        },
    }
    # Above the interpreter: 100, 300 and 150 at the start, 200, 600 and 300 with the event, 300 in all.
    assert [cell.partition(" ")[0] for cell in row(performance_page.cold(result))[1:4]] == [
        "150",
        "300",
        "300",
    ]
    # The floor: 200, 300 and 200, the same with the event, and 600 in all.
    cells = row(performance_page.floors(result))
    assert [cell.partition(" ")[0] for cell in cells[1:4]] == ["200", "200", "600"]
    assert cells[4:] == ["0.75", "1.50", "0.50"]
    # A base that handled no event has no ratio for the event.
    assert row(performance_page.base(result))[2:5] == ["0.75", "", ""]


def test_a_base_handles_the_event_only_if_it_accepts_it(tmp_path: Path) -> None:
    base = {
        "define_auth_challenge": "def handler(event, _): return event",
        "verify_auth_challenge": "def handler(_, __): return {'response': {'answerCorrect': False}}",
        "create_auth_challenge": "import a_package_that_is_gone",
    }
    for name, source in base.items():
        (tmp_path / f"{name}.py").write_text(source)
    found = processes.measure(list(base), 1, processes.count_all(list(base)), tmp_path)
    assert {
        kind.removesuffix(BASE): times[0].events for kind, times in found.items() if kind.endswith(BASE)
    } == {
        "define_auth_challenge": 1,
        "verify_auth_challenge": 0,
    }


def process(
    start: Sequence[float], first: Sequence[float], whole: Sequence[float], events: int = 1
) -> dict[str, list[float]]:
    fields = {"start_cpu": list(start), "cpu": list(first), "wall": list(first), "whole_cpu": list(whole)}
    return {**fields, "memory_kib": [2048.0] * 3, "events": [events] * 3}


def row(table: str) -> list[str]:
    """The cells of the row of the function."""
    (line,) = [line for line in table.splitlines() if "`create" in line]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_fake_aws_counts_the_bytes_of_a_request() -> None:
    body = b'{"Key":{"pk":{"S":"a"}}}'
    head = f"POST / HTTP/1.1\r\nHost: local\r\nX-Amz-Target: D.GetItem\r\nContent-Length: {len(body)}\r\n\r\n"
    with on_loopback() as fake:
        fake.aws.items["a"] = {"issued": {"N": "1"}}
        trusted = ssl.create_default_context(cafile=fake.short["AWS_CA_BUNDLE"])
        place = ("127.0.0.1", urlsplit(fake.url).port or 0)
        with (
            socket.create_connection(place) as plain,
            trusted.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            connection.sendall(head.encode() + body)
            answered = connection.recv(65_536)
    assert fake.aws.requests == [("GetItem", len(head) + len(body))]
    assert json.loads(answered.partition(b"\r\n\r\n")[2]) == {"Item": fake.aws.items["a"]}


def test_reading_the_lists_of_authorities_takes_as_long_as_with_aws() -> None:
    """Each list has one authority more than in Lambda: that of the fake."""
    known = (aws_models.botocore_data().parent / "cacert.pem").read_bytes()
    with on_loopback() as fake:
        lists = [Path(place["AWS_CA_BUNDLE"]).read_bytes() for place in (fake.short, fake.full)]
    assert [each.count(b"BEGIN CERTIFICATE") for each in lists] == [6, known.count(b"BEGIN CERTIFICATE") + 1]


def test_a_recorded_run_has_a_round_for_each_process() -> None:
    result = performance_page.recorded()
    assert {len(found["cpu"]) for found in result["cold"].values()} == {result["runs"]}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--runs", "0"], "argument --runs: '0' is not a whole number above 0."),
        (["--subjects", "ten"], "argument --subjects: 'ten' is not a whole number above 0."),
        (["--subjects", "100", "10"], "argument --subjects: give the smallest table first"),
        (["--base", "nonsense"], "argument --base: this repository has no commit 'nonsense'"),
        (["--base", "--output=x"], "argument --base: expected one argument"),
        (["--base=--output=x"], "argument --base: this repository has no commit '--output=x'"),
        (["--functions", "nonsense"], "argument --functions: invalid choice: 'nonsense'"),
        (["--functions", "deliver"], "Name another file with --recorded."),
        (["--built", "no such folder"], "argument --built: there is no folder no such folder."),
        (["--page", "--recorded", "none.json"], "argument --recorded: there is no file none.json."),
    ],
)
def test_a_wrong_option_is_refused_before_the_run(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        performance.read_options(arguments)
    assert text in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyboardInterrupt(), "Interrupted. Nothing was written."),
        (
            subprocess.CalledProcessError(1, ["git"], stderr="fatal: the reason\n"),
            "fatal: the reason\nNothing",
        ),
    ],
)
def test_a_run_that_fails_writes_nothing(
    error: BaseException, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_options: object) -> None:
        raise error

    monkeypatch.setattr(performance, "measure", fails)
    with pytest.raises(SystemExit, match=text):
        performance.main(["--recorded", str(tmp_path / "recorded.json")])
    assert not list(tmp_path.iterdir())


def test_the_makefile_measures_another_commit_in_the_same_run() -> None:
    command = ["make", "--no-print-directory", "-n", "bench", "BASE=v1.0", "BUILT=docs"]
    said = subprocess.run(command, cwd=Path(ROOT), check=True, capture_output=True, text=True).stdout
    assert "-m benchmarks.performance --built \"docs\" --base 'v1.0'" in said
