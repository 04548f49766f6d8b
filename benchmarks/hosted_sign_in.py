"""Measure the pages of the hosted sign-in: the handler as in Lambda, with a fake AWS that responds at once.

    python benchmarks/hosted_sign_in.py [--json]

The figures are medians of 500 warm calls in one process, in milliseconds.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fake_aws import median_ms, show, without_network
from benchmarks.imports import SETTINGS


def _event(path: str, cookie: str = "", query: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "resource": "/assets/{name}" if path.startswith("/assets/") else path,
        "path": path,
        "pathParameters": {"name": path.rpartition("/")[2]},
        "httpMethod": "GET",
        "multiValueHeaders": {"Cookie": [cookie], "Accept-Language": ["de-AT,de;q=0.9"]},
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()},
        "body": None,
    }


def measure() -> dict[str, float]:
    """Return the milliseconds for each path."""
    query = {
        "client_id": SETTINGS["RP_CLIENT_ID"],
        "redirect_uri": SETTINGS["REDIRECT_URIS"],
        "response_type": "code",
        "scope": "openid email phone",
        "state": "s" * 400,
    }
    with without_network():
        import hosted_sign_in  # noqa: PLC0415 - after the settings

        response = hosted_sign_in.handler(_event("/authorize", query=query), None)
        cookie = response["headers"]["Set-Cookie"].partition(";")[0]
        events = [_event("/sign-in", cookie), _event("/assets/page.css")]
        return {event["path"]: median_ms(hosted_sign_in.handler, event) for event in events}


if __name__ == "__main__":
    show(measure())
