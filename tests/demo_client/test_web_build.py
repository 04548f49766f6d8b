"""The packages and files of the page: pinned, hashed, and without other origins."""

import json
import re
from pathlib import Path

import demo_client.web.responses

HERE = Path(demo_client.web.responses.__file__).parent


def test_packages_are_pinned_and_hashed() -> None:
    lock = json.loads((HERE / "app" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
    wanted = json.loads((HERE / "app" / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


def test_the_page_loads_nothing_from_other_hosts_and_builds_no_html_from_text() -> None:
    files = [*(HERE / "static").iterdir(), *(HERE / "app" / "src").iterdir()]
    assert files
    for file in files:
        text = file.read_text("utf-8")
        assert not re.search(r"https?://(?!localhost:|www\.w3\.org/2000/svg)", text), file
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), file
        assert not re.search(r"\son\w+=|style=|localStorage\.", text), file


def test_the_page_is_smaller_than_its_limit() -> None:
    for file in (*(HERE / "static").glob("*.js"), *(HERE / "app" / "src").iterdir()):
        assert len(file.read_text("utf-8").splitlines()) <= 130, file
