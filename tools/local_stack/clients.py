"""boto3 clients and addresses of the local stack. They ignore the user's own AWS configuration."""

import os
import re
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from tools.local_stack.environment import REGION

_CONFIG = Config(
    # With None instead of {}, botocore would read the proxies from the environment.
    proxies={},
    connect_timeout=2,
    read_timeout=60,
    max_pool_connections=64,
    s3={"addressing_style": "path"},
)

# AWS gives each REST API and each domain of a pool a host name. Here both are on one loopback address.
# The host name of a REST API begins with its id.
_API = re.compile(r"^https://(\w+)\.execute-api\.[\w.-]+")
_DOMAIN = re.compile(r"^https://[\w-]+\.auth\.[\w-]+\.amazoncognito\.com")


@cache
def _session() -> Any:
    # A profile or a credential_process of the user must have no effect on these clients.
    no_file = (None, None, os.devnull, None)
    botocore_session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": no_file,
            "credentials_file": no_file,
        }
    )
    return boto3.Session("test", "test", region_name=REGION, botocore_session=botocore_session)


def client(endpoint_url: str, service: str) -> Any:
    """Return a boto3 client of `service` at `endpoint_url`, with test credentials."""
    return _session().client(service, endpoint_url=endpoint_url, config=_CONFIG)


def local_address(endpoint_url: str, address: str) -> str:
    """Translate an AWS address to the local AWS at `endpoint_url`. Other addresses stay unchanged."""
    return _DOMAIN.sub(endpoint_url, _API.sub(rf"{endpoint_url}/_aws/execute-api/\1", address))
