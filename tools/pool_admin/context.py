"""The AWS account and the user pool that the options of a command name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from tools.pool_admin.aws_resources.backup_store import BackupStore
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.aws_resources.pool import Pool
from tools.pool_admin.aws_resources.stack import DeployedStack, find_stack
from tools.pool_admin.errors import OptionError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_POOL_ID = re.compile(r"(?P<region>[a-z]{2,}(-[a-z]+)+-[0-9]+)_[0-9A-Za-z]+\Z")
# Six attempts with growing pauses take about half a minute of throttling. A local AWS does not throttle, and
# an address without a server stays without one.
_ATTEMPTS, _LOCAL_ATTEMPTS = 6, 1


def region_of_pool(pool_id: str) -> str:
    """Return the region in a pool's id. Raises `OptionError` if it is no such id."""
    match = _POOL_ID.match(pool_id)
    if not match:
        raise OptionError(
            f"{pool_id} is not the id of a user pool. An id looks like eu-central-1_AbCdEfGhI: check it in "
            "the Cognito console."
        )
    return match["region"]


@dataclass(frozen=True)
class AwsAccount:
    """An account and a region, from --profile, --region and --endpoint-url."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None

    def in_region_of(self, pool_id: str) -> AwsAccount:
        """Return the same account in the pool's region.

        Raises `OptionError` if --region names another one.
        """
        region = region_of_pool(pool_id)
        if self.region and self.region != region:
            raise OptionError(
                f"The pool is in {region}, and its functions must be too. Leave out --region {self.region}."
            )
        return AwsAccount(self.profile, region, self.endpoint_url)

    def client(self, service: str, region: str = "") -> Any:
        """Return a boto3 client of `service` with a limited number of retries. `region` is another region."""
        return self._session.client(  # type: ignore[call-overload]
            service, region_name=region or None, endpoint_url=self.endpoint_url, config=self._config
        )

    @cached_property
    def _config(self) -> Config:
        attempts = _LOCAL_ATTEMPTS if self.is_local else _ATTEMPTS
        retries: Any = {"mode": "standard", "total_max_attempts": attempts}
        return Config(connect_timeout=5, read_timeout=30, retries=retries)

    @cached_property
    def _session(self) -> boto3.Session:
        if self.is_local and not self.profile:
            # An emulator on this machine must not see the user's real credentials.
            return boto3.Session("test", "test", region_name=self.region or "us-east-1")
        return boto3.Session(profile_name=self.profile, region_name=self.region)

    @property
    def is_local(self) -> bool:
        """Whether the calls go to a local AWS on this machine."""
        return urlsplit(self.endpoint_url or "").hostname in ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class AdminContext:
    """One user pool and the AWS resources around it. `backups` holds the backup that attach saved."""

    aws: AwsAccount
    pool: Pool
    functions: Functions
    cloudformation: CloudFormationClient
    backups: BackupStore
    pool_arn: str

    @classmethod
    def of(cls, aws: AwsAccount, pool_id: str) -> AdminContext:
        """Return the context of the pool `pool_id`. Raises `AdminError` if the account has no such pool."""
        aws = aws.in_region_of(pool_id)
        cognito = aws.client("cognito-idp")
        pool = Pool.with_unknown_settings(cognito, pool_id)
        pool_arn = str(pool.describe()["Arn"])
        return cls(
            aws,
            pool,
            Functions(aws.client("lambda")),
            aws.client("cloudformation"),
            BackupStore(aws.client("ssm"), cognito, pool_id, pool_arn),
            pool_arn,
        )

    def stack(self, name: str) -> DeployedStack:
        """Return the stack `name` in the pool's region. Raises `AdminError` if it does not exist there."""
        return find_stack(self.cloudformation, name, self.aws.region or "")
