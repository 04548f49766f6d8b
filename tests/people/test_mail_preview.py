"""`make mail-preview`: the files that it writes, also without Chromium."""

import re
from pathlib import Path

import pytest

from passcode.texts.catalogue import locales
from tests.support.html_document import Document
from tools import mail_preview


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the preview, on a machine without Chromium."""
    monkeypatch.setattr(mail_preview, "FOLDER", tmp_path / "local" / "preview")
    monkeypatch.setattr(mail_preview, "ROOT", tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: None)
    return tmp_path / "local" / "preview"


def test_without_chromium_there_is_html_and_text_of_every_email(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mail_preview.main(["--app", "My Bank", "--color", "#c01048"]) is None
    printed = capsys.readouterr().out
    assert f"{len(locales())}/{len(locales())} " in printed, "the progress"
    assert "There are no pictures, because Chromium was not found. Install it and run this again." in printed
    assert f"The emails are in {folder / 'index.html'}" in printed
    index = Document((folder / "index.html").read_text("utf-8"))
    links = [link["href"] for link in index.all("a")]
    assert len(links) == 2 * len(locales()) * len(mail_preview.contents("en", mail_preview.Sender()))
    assert index.all("img") == []
    for link in links:
        assert "My Bank" in (folder / link).read_text("utf-8")
    assert "#c01048" in (folder / "de" / "sign-in.html").read_text("utf-8")


def test_with_chromium_the_index_shows_the_pictures() -> None:
    shown = Document(mail_preview.index({"de": ["sign-in"]}, has_pictures=True))
    assert [image["src"] for image in shown.all("img")] == [
        f"de/sign-in-{name}.png" for name, *_ in mail_preview.SHOTS
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--color", "red"], "BrandColor must be #rrggbb"),
        (["--logo", "missing.png"], "missing.png"),
    ],
)
def test_a_wrong_option_is_named(folder: Path, arguments: list[str], error: str) -> None:
    assert re.search(error, str(mail_preview.main(arguments)))


def test_a_mistake_in_the_operators_texts_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.d").mkdir()
    (tmp_path / "texts.d" / "deutsch.json").write_text("{}")
    assert str(mail_preview.main([])).startswith("texts.d/deutsch.json: the name is unknown")
