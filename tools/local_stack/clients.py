"""boto3 clients for the local stack, which look at nothing of the person's own AWS set-up."""

import os
import re
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

# The host name of a REST API, which has the API's id in front.
_API = re.compile(r"^https://(\w+)\.execute-api\.[\w.-]+")
_DOMAIN = re.compile(r"^https://[\w-]+\.auth\.[\w-]+\.amazoncognito\.com")


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


def reachable(endpoint_url: str, address: str) -> str:
    """Where `address` is reached in the local AWS at `endpoint_url`; other addresses stay as they are."""
    return _DOMAIN.sub(endpoint_url, _API.sub(rf"{endpoint_url}/_aws/execute-api/\1", address))
