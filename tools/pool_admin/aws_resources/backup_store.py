"""Where the record of an attach is kept: with the pool in AWS, and in a file of this person's.

In AWS it is an SSM parameter; where SSM is refused, tags of the pool. That copy is the one that counts,
because whoever detaches need not be the person who attached.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tools.pool_admin.aws_resources.backup import Record
from tools.pool_admin.errors import DENIED, NOT_FOUND, NOT_OFFERED, AdminError, code_of

_TAG = "cognito-passcode-saved-"
_TAG_VALUE = 256
# A resource has 50 tags at most, and the pool's owner wants some of them.
_TAGS = 20
_SSM_VALUE = 4096


def folder() -> Path:
    """Where the files are: `PASSCODE_ADMIN_DIR`, else the person's own state folder."""
    own = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(
        os.environ.get("PASSCODE_ADMIN_DIR") or Path(own).expanduser() / "cognito-passcode"
    ).absolute()


@dataclass(frozen=True)
class Saved:
    """The record of one pool. `ssm` and `cognito` are boto3 clients in its region."""

    ssm: Any
    cognito: Any
    pool_id: str
    pool_arn: str

    @property
    def parameter(self) -> str:
        return f"/cognito-passcode/{self.pool_id}"

    @property
    def file(self) -> Path:
        return folder() / f"{self.pool_id}.json"

    def load(self) -> Record | None:
        """The record; None if the pool is not attached."""
        text = self._from_ssm() or self._from_tags() or self._from_file()
        return Record.unpack(text) if text else None

    def save(self, record: Record) -> None:
        """Keep it in both places. Raises `AdminError` if the pool's own place has no room."""
        text = record.pack()
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(text + "\n")
        fresh.chmod(0o600)
        fresh.replace(self.file)
        if not self._to_ssm(text if len(text) <= _SSM_VALUE else record.squeeze()):
            self._to_tags(record.squeeze())

    def forget(self) -> None:
        """Clear it away, once everything in it is put back."""
        try:
            self.ssm.delete_parameter(Name=self.parameter)
        except ClientError as error:
            _unless(error, NOT_FOUND | DENIED | NOT_OFFERED)
        if names := list(self._tags()):
            self.cognito.untag_resource(ResourceArn=self.pool_arn, TagKeys=names)
        self.file.unlink(missing_ok=True)

    def _from_ssm(self) -> str | None:
        try:
            return str(self.ssm.get_parameter(Name=self.parameter)["Parameter"]["Value"])
        except ClientError as error:
            _unless(error, NOT_FOUND | DENIED | NOT_OFFERED)
            return None

    def _to_ssm(self, text: str) -> bool:
        try:
            self.ssm.put_parameter(
                Name=self.parameter,
                Value=text,
                Type="String",
                Overwrite=True,
                Description="What this pool's settings were before Cognito Passcode was attached.",
            )
        except ClientError as error:
            _unless(error, DENIED | NOT_OFFERED)
            return False
        return True

    def _tags(self) -> dict[str, str]:
        try:
            tags = self.cognito.list_tags_for_resource(ResourceArn=self.pool_arn).get("Tags", {})
        except ClientError as error:
            _unless(error, DENIED)
            return {}
        return {name: value for name, value in tags.items() if name.startswith(_TAG)}

    def _from_tags(self) -> str | None:
        tags = self._tags()
        return "".join(tags[name] for name in sorted(tags)) or None

    def _to_tags(self, text: str) -> None:
        parts = [text[at : at + _TAG_VALUE] for at in range(0, len(text), _TAG_VALUE)]
        if len(parts) > _TAGS:
            raise AdminError(
                "What to put back later is too much for the pool's tags. Allow these credentials "
                f"ssm:PutParameter on {self.parameter}, and run the command again."
            )
        old = self._tags().keys()
        tags = {f"{_TAG}{number:02}": part for number, part in enumerate(parts)}
        self.cognito.tag_resource(ResourceArn=self.pool_arn, Tags=tags)
        if left := [name for name in old if name not in tags]:
            self.cognito.untag_resource(ResourceArn=self.pool_arn, TagKeys=left)

    def _from_file(self) -> str | None:
        return self.file.read_text().strip() if self.file.exists() else None


def _unless(error: ClientError, known: frozenset[str]) -> None:
    if code_of(error) not in known:
        raise error
