"""Everything of one pool in one account, composed from the command line's options."""

from dataclasses import dataclass
from typing import Any

from tools.pool_admin import stack
from tools.pool_admin.aws import Aws
from tools.pool_admin.functions import Functions
from tools.pool_admin.pool import Pool
from tools.pool_admin.saved import Saved
from tools.pool_admin.stack import DeployedStack


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
