"""The functions' code as the zip that Lambda gets, and the template that points to it.

The packages that `triggers/requirements.txt` names are not in the zip: the emulator runs the functions with
the Python of this virtual environment, which has them.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

BUCKET = "passcode-local-code"

# The oldest time that a zip can hold; any fixed one keeps the bytes from changing with a checkout.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """A deployable: the `template` whose CodeUri names `key` in `BUCKET`, and the `code` for there."""

    template: str
    code: bytes
    key: str

    @property
    def digest(self) -> str:
        """Of the template and the code together: the same digest deploys the same stack."""
        return hashlib.sha256(self.template.encode()).hexdigest()


def build(root: Path) -> Package:
    """Package the project in the directory `root`."""
    code = zip_of(root / "triggers")
    key = f"triggers-{hashlib.sha256(code).hexdigest()}.zip"
    template = (root / "template.yaml").read_text()
    return Package(template.replace("CodeUri: triggers/", f"CodeUri: s3://{BUCKET}/{key}"), code, key)


def zip_of(folder: Path) -> bytes:
    """`folder` as a zip that depends on its files' names and bytes only."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            if "__pycache__" not in file.parts:
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return out.getvalue()
