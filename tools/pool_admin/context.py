"""The AWS account and the pool that the command line's options name."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from tools.pool_admin.aws_resources import stack
from tools.pool_admin.aws_resources.backup_store import Saved
from tools.pool_admin.aws_resources.functions import Functions
from tools.pool_admin.aws_resources.pool import Pool
from tools.pool_admin.aws_resources.stack import DeployedStack
from tools.pool_admin.errors import AdminError

_POOL_ID = re.compile(r"(?P<region>[a-z]{2}(-[a-z]+)+-[0-9]+)_[0-9A-Za-z]+\Z")
# Six tries with growing pauses are about half a minute of throttling; then a sentence is better. A local
# AWS throttles nobody, and one that is not there will not come up.
_TRIES, _LOCAL_TRIES = 6, 1


def region_of(pool_id: str) -> str:
    """The region that a pool's id names. Raises `AdminError` if it is not such an id."""
    match = _POOL_ID.match(pool_id)
    if not match:
        raise AdminError(f"{pool_id} is not the id of a user pool, which looks like eu-central-1_AbCdEfGhI.")
    return match["region"]


@dataclass(frozen=True)
class Aws:
    """An account in a region, as --profile, --region and --endpoint-url name it."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None

    def at_pool(self, pool_id: str) -> "Aws":
        """The same in the pool's own region. Raises `AdminError` if another was asked for."""
        region = region_of(pool_id)
        if self.region and self.region != region:
            raise AdminError(
                f"The pool is in {region}, and its functions must be too. Leave out --region {self.region}."
            )
        return Aws(self.profile, region, self.endpoint_url)

    def client(self, service: str) -> Any:
        """A boto3 client of `service`, whose retries are bounded."""
        return self._session.client(service, endpoint_url=self.endpoint_url, config=self._config)  # type: ignore[call-overload]

    @cached_property
    def _config(self) -> Config:
        tries = _LOCAL_TRIES if self._is_local else _TRIES
        retries: Any = {"mode": "standard", "total_max_attempts": tries}
        return Config(connect_timeout=5, read_timeout=30, retries=retries)

    @cached_property
    def _session(self) -> boto3.Session:
        if self._is_local and not self.profile:
            # An emulator on this machine must not be shown a person's own credentials.
            return boto3.Session("test", "test", region_name=self.region or "us-east-1")
        return boto3.Session(profile_name=self.profile, region_name=self.region)

    @property
    def _is_local(self) -> bool:
        return urlsplit(self.endpoint_url or "").hostname in ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Place:
    """A pool with what lies around it."""

    aws: Aws
    pool: Pool
    functions: Functions
    cloudformation: Any
    saved: Saved
    arn: str

    @classmethod
    def of(cls, aws: Aws, pool_id: str) -> "Place":
        """The place of a pool. Raises `AdminError` if there is no such pool."""
        aws = aws.at_pool(pool_id)
        cognito = aws.client("cognito-idp")
        pool = Pool.at(cognito, pool_id)
        arn = pool.describe()["Arn"]
        saved = Saved(aws.client("ssm"), cognito, pool_id, arn)
        return cls(aws, pool, Functions(aws.client("lambda")), aws.client("cloudformation"), saved, arn)

    def stack(self, name: str) -> DeployedStack:
        """A stack in the pool's region. Raises `AdminError` if it is not there."""
        return stack.find(self.cloudformation, name, self.aws.region or "")
