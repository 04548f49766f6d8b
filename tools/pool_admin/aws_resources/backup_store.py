"""Stores the backup of an attach: with the pool in AWS, and in a file on this machine.

The copy in AWS is an SSM parameter, or tags of the pool if SSM refuses the call. It comes first, because the
user who detaches can be another one than the user who attached.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tools.pool_admin.aws_resources.backup import Backup
from tools.pool_admin.errors import DENIED, NOT_FOUND, NOT_OFFERED, AdminError, error_code

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_TAG = "cognito-passcode-saved-"
_TAG_VALUE = 256
# A resource has at most 50 tags, and the pool's owner needs some of them.
_MOST_TAGS = 20
_SSM_VALUE = 4096


def backup_folder() -> Path:
    """Return the folder of the files: `PASSCODE_ADMIN_DIR`, or else the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(
        os.environ.get("PASSCODE_ADMIN_DIR") or Path(state).expanduser() / "cognito-passcode"
    ).absolute()


@dataclass(frozen=True)
class BackupStore:
    """The backup of one pool. `ssm` is a boto3 client of Systems Manager in the pool's region."""

    ssm: Any
    cognito: CognitoIdentityProviderClient
    pool_id: str
    pool_arn: str

    @property
    def parameter(self) -> str:
        """The name of the SSM parameter."""
        return f"/cognito-passcode/{self.pool_id}"

    @property
    def file(self) -> Path:
        """The file on this machine."""
        return backup_folder() / f"{self.pool_id}.json"

    def load(self) -> Backup | None:
        """Return the backup; None if no stack is attached. Raises `AdminError` if it cannot be read."""
        text = self._from_ssm() or self._from_tags() or self._from_file()
        return Backup.parse(text) if text else None

    def save(self, backup: Backup) -> None:
        """Store the backup in AWS and in the file. Raises `AdminError` if it does not fit into the tags."""
        text = backup.to_json()
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.file.with_suffix(".new")
        new.write_text(text + "\n")
        new.chmod(0o600)
        new.replace(self.file)
        if not self._to_ssm(text if len(text) <= _SSM_VALUE else backup.to_compressed()):
            self._to_tags(backup.to_compressed())

    def delete(self) -> None:
        """Delete every copy."""
        try:
            self.ssm.delete_parameter(Name=self.parameter)
        except ClientError as error:
            _reraise_unless(error, NOT_FOUND | DENIED | NOT_OFFERED)
        if names := list(self._tags()):
            self.cognito.untag_resource(ResourceArn=self.pool_arn, TagKeys=names)
        self.file.unlink(missing_ok=True)

    def _from_ssm(self) -> str | None:
        try:
            return str(self.ssm.get_parameter(Name=self.parameter)["Parameter"]["Value"])
        except ClientError as error:
            _reraise_unless(error, NOT_FOUND | DENIED | NOT_OFFERED)
            return None

    def _to_ssm(self, text: str) -> bool:
        try:
            self.ssm.put_parameter(
                Name=self.parameter,
                Value=text,
                Type="String",
                Overwrite=True,
                Description="The settings of this pool before Cognito Passcode was attached.",
            )
        except ClientError as error:
            _reraise_unless(error, DENIED | NOT_OFFERED)
            return False
        return True

    def _tags(self) -> dict[str, str]:
        try:
            tags = self.cognito.list_tags_for_resource(ResourceArn=self.pool_arn).get("Tags", {})
        except ClientError as error:
            _reraise_unless(error, DENIED)
            return {}
        return {name: value for name, value in tags.items() if name.startswith(_TAG)}

    def _from_tags(self) -> str | None:
        tags = self._tags()
        return "".join(tags[name] for name in sorted(tags)) or None

    def _to_tags(self, text: str) -> None:
        parts = [text[at : at + _TAG_VALUE] for at in range(0, len(text), _TAG_VALUE)]
        if len(parts) > _MOST_TAGS:
            raise AdminError(
                "The backup of the old settings is too long for the pool's tags. Allow these credentials to "
                f"call ssm:PutParameter on {self.parameter}, and run the command again."
            )
        old = self._tags().keys()
        tags = {f"{_TAG}{number:02}": part for number, part in enumerate(parts)}
        self.cognito.tag_resource(ResourceArn=self.pool_arn, Tags=tags)
        if unused := [name for name in old if name not in tags]:
            self.cognito.untag_resource(ResourceArn=self.pool_arn, TagKeys=unused)

    def _from_file(self) -> str | None:
        return self.file.read_text().strip() if self.file.exists() else None


def _reraise_unless(error: ClientError, codes: frozenset[str]) -> None:
    if error_code(error) not in codes:
        raise error
