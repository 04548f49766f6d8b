"""Print one event for each function, and the items that the events need: `python -m benchmarks.events`.

The output is JSON. Each event belongs to a user with an email address. The functions themselves make the
challenge, the code, the queued message and the cookie, with the fake AWS, so they are valid for some
minutes.
"""

import base64
import contextlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.fake_aws import in_process, mac
from benchmarks.imports import SETTINGS

EVENTS = Path(__file__).parents[1] / "tests" / "events"
EMAIL = "ada@people.example"

Event = dict[str, Any]
Items = dict[str, Any]


def make() -> tuple[dict[str, Event], Items]:
    """Return an event for each function by its name, and the items of the table that the events need.

    The settings must be in the environment.
    """
    with in_process() as aws, contextlib.redirect_stdout(io.StringIO()):
        verify = _verify(private := _created()["privateChallengeParameters"])
        token = _verified_token()
        found = {
            "define_auth_challenge": golden("define_first_without_srp"),
            "create_auth_challenge": golden("create_first"),
            "verify_auth_challenge": verify,
            "pre_token_generation": golden("pre_token_v2_sign_in"),
            "deliver": _batch(aws.queued[0]),
            "delivery_events": _batch(json.dumps(_delivered(private))),
            "custom_sender": golden("custom_email_forgot_password"),
            "token_api": http("/createToken", {"email": EMAIL, "purpose": "to approve a payment of 20 EUR"}),
            "token_api /verifyToken": token,
            "hosted_sign_in": _hosted(),
        }
        return found, aws.items


def function_of(name: str) -> str:
    """Return the name of an event's function: token_api for the event `token_api /verifyToken`."""
    return name.partition(" ")[0]


def http(path: str, body: dict[str, str]) -> Event:
    """Return the event of a POST to the token service."""
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


def check(response: Any) -> None:
    """Raise SystemExit if a function did not accept its event."""
    wrong = (
        response.get("statusCode", 200) >= 400
        or response.get("batchItemFailures")
        or (response.get("response") or {}).get("answerCorrect") is False
    )
    if wrong:
        raise SystemExit(
            f"A function did not accept its event: {response}. Fix the event in benchmarks/events.py."
        )


def golden(name: str) -> Event:
    """Return an event as AWS documents it, from tests/events."""
    event: Event = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    return event


def _created() -> dict[str, Any]:
    import create_auth_challenge  # noqa: PLC0415 - after the settings

    response: dict[str, Any] = create_auth_challenge.handler(golden("create_first"), None)["response"]
    return response


def code_by_email(packed: str, compute_mac: Callable[[bytes], bytes], salt: str) -> str:
    """Return the code of a challenge for the email address of the events, as `deliver` computes it."""
    from passcode.channels.channel import Destination, destination_id  # noqa: PLC0415 - after the settings
    from passcode.channels.registry import CHANNELS  # noqa: PLC0415

    return _code(packed, destination_id(Destination(CHANNELS["email"], EMAIL), salt), compute_mac)


def _code(packed: str, destination: str, compute_mac: Callable[[bytes], bytes]) -> str:
    from passcode.token_service.challenge import Challenge, derive_code  # noqa: PLC0415

    challenge = Challenge.unpack(packed)
    code_mac = compute_mac(challenge.mac_message())
    return derive_code(code_mac, challenge.channel, destination, challenge.digits).reveal()


def _verify(private: dict[str, str]) -> Event:
    event = golden("verify_plain")
    code = code_by_email(private["challenge"], mac, SETTINGS["SALT"])
    event["request"] |= {"privateChallengeParameters": private, "challengeAnswer": code}
    return event


def _verified_token() -> Event:
    import token_api  # noqa: PLC0415

    created = token_api.handler(http("/createToken", {"email": EMAIL, "purpose": "to pay"}), None)
    token = json.loads(created["body"])["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    # For an address, `sub` is the id of the destination.
    code = _code(claims["challenge"], claims["sub"], mac)
    return http("/verifyToken", {"token": token, "verification_code": code})


def _hosted() -> Event:
    import hosted_sign_in  # noqa: PLC0415

    query = {
        "client_id": SETTINGS["RP_CLIENT_ID"],
        "redirect_uri": SETTINGS["REDIRECT_URIS"],
        "response_type": "code",
        "scope": "openid email phone",
        "state": "s" * 400,
    }
    authorized = hosted_sign_in.handler(_get("/authorize", query=query), None)
    return _get("/sign-in", authorized["headers"]["Set-Cookie"].partition(";")[0])


def _get(path: str, cookie: str = "", query: dict[str, str] | None = None) -> Event:
    return {
        "resource": path,
        "path": path,
        "pathParameters": {"name": path.rpartition("/")[2]},
        "httpMethod": "GET",
        "multiValueHeaders": {"Cookie": [cookie], "Accept-Language": ["de-AT,de;q=0.9"]},
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()},
        "body": None,
    }


def _batch(body: str) -> Event:
    return {"Records": [{"messageId": "1", "body": body}]}


def _delivered(private: dict[str, str]) -> Event:
    """Return the event of a permanent bounce, so that `delivery_events` writes."""
    from passcode.delivery.gateway import KEY_SEPARATOR, RECORD_TAG, TO_TAG  # noqa: PLC0415
    from passcode.token_service.challenge import Challenge, kind_of, record_key  # noqa: PLC0415

    challenge = Challenge.unpack(private["challenge"])
    key = record_key(kind_of(challenge.purpose), challenge.subject).replace("#", KEY_SEPARATOR, 1)
    return {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bounceSubType": "General"},
        "mail": {"messageId": "a-1", "tags": {RECORD_TAG: [key], TO_TAG: ["0123456789abcdef"]}},
    }


if __name__ == "__main__":
    os.environ.update(SETTINGS)
    print(json.dumps(make()))
