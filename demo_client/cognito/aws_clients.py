"""boto3 clients that read nothing of the user's own AWS set-up."""

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
    """A client that signs nothing: the calls of a sign-in are open to anybody and need no credentials."""
    config = Config(
        signature_version=UNSIGNED,
        connect_timeout=5,
        read_timeout=30,
        # On AWS a lost connection is worth a second try; a local stack that is not there will not come up.
        retries={"mode": "standard", "total_max_attempts": 1 if pool.is_local else 3},
        proxies={} if pool.is_local else None,
    )
    return isolated_session().client(
        "cognito-idp", pool.region, endpoint_url=pool.endpoint_url, config=config
    )


def isolated_session() -> boto3.Session:
    """A session without profile and files: a stray AWS_PROFILE must not decide whether a sign-in works."""
    nowhere = (None, None, os.devnull, None)
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
        }
    )
    return boto3.Session(botocore_session=core)
