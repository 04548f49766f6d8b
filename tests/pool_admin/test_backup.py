"""The backup in both forms, and merged backups."""

import pytest

from tests.support.fake_user_pool import ARN, POOL_ID
from tools.pool_admin.aws_resources.backup import POOL, Backup
from tools.pool_admin.aws_resources.pool_settings import SettingChange
from tools.pool_admin.errors import AdminError

BACKUP = Backup(
    POOL_ID,
    "passcode",
    {
        POOL: (SettingChange(("LambdaConfig", "PreSignUp"), None, ARN),),
        "web": (SettingChange(("A",), ["x"], []),),
    },
    {"kiosk": False},
    (ARN,),
    attribute=True,
)


@pytest.mark.parametrize("text", [BACKUP.to_json(), BACKUP.to_compressed()])
def test_a_backup_is_read_from_either_form(text: str) -> None:
    assert Backup.parse(text) == BACKUP


@pytest.mark.parametrize(
    "text", ["", "{}", "x", '{"version":2}', BACKUP.to_json()[:-1], BACKUP.to_json().replace("stack", "s")]
)
def test_a_backup_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(AdminError, match="cannot be read"):
        Backup.parse(text)


def test_the_earliest_values_stay_in_a_merged_backup() -> None:
    first = Backup(POOL_ID, "s", {"web": (SettingChange(("A",), 1, 2),)}, {"web": True}, (ARN,))
    later = Backup(
        POOL_ID,
        "s",
        {"web": (SettingChange(("A",), 2, 3), SettingChange(("B",), None, 1))},
        {"web": False},
        (ARN,),
    )
    both = first.merge(later)
    assert both.changes == {"web": (SettingChange(("A",), 1, 3), SettingChange(("B",), None, 1))}
    assert (both.code_only, both.permissions) == ({"web": True}, (ARN,))
