"""boto3 clients for the local stack, which look at nothing of the person's own AWS set-up."""

import os
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from tools.local_stack.environment import REGION

_CONFIG = Config(
    # An empty set of proxies is not "none given": that one would read them from the environment.
    proxies={},
    connect_timeout=2,
    read_timeout=60,
    max_pool_connections=64,
    s3={"addressing_style": "path"},
)


@cache
def _session() -> Any:
    # A profile, or a credential_process, of the person's own must neither be read nor be able to break this.
    nowhere = (None, None, os.devnull, None)
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
        }
    )
    return boto3.Session("test", "test", region_name=REGION, botocore_session=core)


def client(endpoint_url: str, service: str) -> Any:
    """A boto3 client of `service` at `endpoint_url`, with made-up credentials."""
    return _session().client(service, endpoint_url=endpoint_url, config=_CONFIG)
