"""The deployed zip depends on the code only."""

import io
import zipfile
from pathlib import Path

from tools.local_stack import deploy
from tools.local_stack.environment import ROOT


def _folder(path: Path, names: list[str]) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(f"# {name}")
    return path


def test_the_same_code_is_the_same_zip(tmp_path: Path) -> None:
    one = deploy.zip_folder(_folder(tmp_path / "one", ["a.py", "b/c.py"]), {})
    two = deploy.zip_folder(_folder(tmp_path / "two", ["b/c.py", "a.py", "b/__pycache__/c.pyc"]), {})
    assert one == two
    assert zipfile.ZipFile(io.BytesIO(one)).namelist() == ["a.py", "b/c.py"]


def test_every_function_points_to_the_zip() -> None:
    built = deploy.build_package(ROOT)
    assert f"CodeUri: s3://{deploy.BUCKET}/{built.key}" in built.template
    assert "CodeUri: triggers/" not in built.template
