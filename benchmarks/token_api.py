"""Measure the HTTP API of the token service: the handler as in Lambda, with a fake AWS that responds at once.

    python benchmarks/token_api.py [--json]

The figures are medians of 500 warm calls in one process, in milliseconds.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.fake_aws import mac, median_ms, show, without_network


def _event(path: str, body: dict[str, str]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": {"path": f"/v1{path}", "stage": "v1", "identity": {"user": "AROAEXAMPLE:session"}},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def measure() -> dict[str, float]:
    """Return the milliseconds for each path."""
    with without_network():
        import token_api  # noqa: PLC0415 - after the settings
        from passcode.token_service.challenge import Challenge, derive_code  # noqa: PLC0415

        create_event = _event(
            "/createToken", {"email": "ann@example.com", "purpose": "to approve a payment of 20 EUR"}
        )
        token = json.loads(token_api.handler(create_event, None)["body"])["token"]
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        challenge = Challenge.unpack(claims["challenge"])
        code_mac = mac(challenge.mac_message())
        # For an address, `sub` is the id of the destination.
        code = derive_code(code_mac, challenge.channel, claims["sub"], challenge.digits)
        verify_body = {"token": token, "verification_code": code.reveal()}
        events = (create_event, _event("/verifyToken", verify_body))
        return {event["path"]: median_ms(token_api.handler, event) for event in events}


if __name__ == "__main__":
    show(measure())
