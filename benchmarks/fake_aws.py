"""A fake AWS that responds at once. The real clients build requests and read responses, but send nothing.

A benchmark therefore measures all the work of a warm function, without the time that it waits for AWS.
"""

import base64
import contextlib
import hashlib
import hmac
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "triggers"), str(ROOT)]

from benchmarks.imports import SETTINGS  # noqa: E402 - the path comes first

CALLS, WARM_UP = 500, 50
_KEY = b"the key of the benchmark, 32 bytes"
_ITEMS: dict[str, dict[str, Any]] = {}


@contextlib.contextmanager
def without_network() -> Iterator[None]:
    """Replace the network, so that handlers can be imported and called. Their log goes to memory."""
    os.environ.update(SETTINGS)
    quiet = contextlib.redirect_stdout(io.StringIO())
    with quiet, patch("botocore.httpsession.URLLib3Session.send", _send):
        yield


def mac(message: bytes) -> bytes:
    """Return the MAC of a message, as the replaced KMS computes it."""
    return hmac.digest(_KEY, message, hashlib.sha256)


def median_ms(handler: Callable[..., Any], event: dict[str, Any]) -> float:
    """Return the median time of warm calls of `handler` with `event`, in milliseconds."""
    times = []
    for call in range(WARM_UP + CALLS):
        start = time.perf_counter()
        response = handler(event, None)
        elapsed = time.perf_counter() - start
        if response["statusCode"] != 200:
            raise SystemExit(
                f"{event['path']} returned {response['statusCode']}. Fix the event of the benchmark."
            )
        if call >= WARM_UP:
            times.append(elapsed * 1000)
    return round(statistics.median(times), 2)


def show(figures: dict[str, float]) -> None:
    """Print the figures as a table or as JSON."""
    if "--json" in sys.argv[1:]:
        print(json.dumps(figures))
        return
    for path, milliseconds in figures.items():
        print(f"{path:<14} {milliseconds:6.2f} ms")


def _send(_session: object, request: Any) -> Any:
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - after the settings

    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    raw: Any = io.BytesIO(json.dumps(_response(operation, json.loads(request.body))).encode())
    raw.stream = lambda **_: iter([raw.read()])
    no_headers: Any = {}
    return AWSResponse(request.url, 200, no_headers, raw)


def _response(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return the response of AWS to one call."""
    if operation == "GenerateMac":
        return {"Mac": base64.b64encode(mac(base64.b64decode(request["Message"]))).decode()}
    if operation == "Sign":
        return {"Signature": base64.b64encode(bytes(256)).decode()}
    if operation == "Encrypt":
        return {"CiphertextBlob": request["Plaintext"]}
    if operation == "Decrypt":
        return {"Plaintext": request["CiphertextBlob"]}
    if operation == "UpdateItem":
        values = {name[1:]: value for name, value in request["ExpressionAttributeValues"].items()}
        _ITEMS[request["Key"]["pk"]["S"]] = values | {"expires_at": values.get("expires", {})}
        return {"Attributes": {"issued": {"N": "1"}} | values}
    if operation == "GetItem":
        return {"Item": _ITEMS[request["Key"]["pk"]["S"]]}
    return {"MessageId": "1"}
