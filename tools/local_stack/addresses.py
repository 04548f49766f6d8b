"""Hosts that AWS gives each API and each domain of a pool, and that are one loopback address here."""

import re

# The host name of a REST API, which has the API's id in front.
_API = re.compile(r"^https://(\w+)\.execute-api\.[\w.-]+")
_DOMAIN = re.compile(r"^https://[\w-]+\.auth\.[\w-]+\.amazoncognito\.com")


def reachable(endpoint_url: str, address: str) -> str:
    """Where `address` is reached in the local AWS at `endpoint_url`; other addresses stay as they are."""
    return _DOMAIN.sub(endpoint_url, _API.sub(rf"{endpoint_url}/_aws/execute-api/\1", address))
