"""The fixture of all tests of pool_admin."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def admin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A separate folder for the backups of attach, so that no test reads or writes the user's."""
    folder = tmp_path / "admin"
    monkeypatch.setenv("PASSCODE_ADMIN_DIR", str(folder))
    return folder
