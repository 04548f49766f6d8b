"""boto3 clients that ignore the user's own AWS configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

from demo_client.cognito.pool_config import PoolConfig

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def cognito_client(pool: PoolConfig) -> CognitoIdentityProviderClient:
    """Return a cognito-idp client without credentials: the sign-in operations are public and unsigned."""
    config = Config(
        signature_version=UNSIGNED,
        connect_timeout=5,
        read_timeout=30,
        # On AWS a lost connection is worth a retry. A local stack that is not running stays down.
        retries={"mode": "standard", "total_max_attempts": 1 if pool.is_local else 3},
        proxies={} if pool.is_local else None,
    )
    return isolated_session().client(
        "cognito-idp", pool.region, endpoint_url=pool.endpoint_url, config=config
    )


def isolated_session() -> boto3.Session:
    """Return a boto3 session without profile and configuration files.

    A broken AWS_PROFILE must not decide whether a sign-in works.
    """
    no_file = (None, None, os.devnull, None)
    botocore_session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": no_file,
            "credentials_file": no_file,
        }
    )
    return boto3.Session(botocore_session=botocore_session)
