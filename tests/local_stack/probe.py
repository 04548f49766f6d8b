"""A handler for all functions. It shows the events and the permissions that the local AWS gives a function.

It logs each event. The code is always "right". The client's metadata can make `create` do more.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Respond by `triggerSource`; echo an HTTP request; follow the messages of a queue."""
    if "httpMethod" in event:
        return _echo(event)
    sys.stdout.write(f"EVENT {json.dumps(event)}\n")
    if "Records" in event:
        failed = [record["messageId"] for record in event["Records"] if not _follow(record)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
    respond = _RESPONSES[event["triggerSource"].partition("_")[0]]
    event["response"] = respond(event["request"])
    return event


def _define(request: dict[str, Any]) -> dict[str, Any]:
    history = [(entry["challengeName"], entry["challengeResult"]) for entry in request["session"]]
    last, right = history[-1] if history else ("", False)
    is_temporary = request["userAttributes"].get("cognito:user_status") == "FORCE_CHANGE_PASSWORD"
    after = {
        "SRP_A": "PASSWORD_VERIFIER",
        "PASSWORD_VERIFIER": "NEW_PASSWORD_REQUIRED" if is_temporary else None,
    }
    return {
        "challengeName": after.get(last) or "CUSTOM_CHALLENGE",
        "issueTokens": last == "CUSTOM_CHALLENGE" and right,
        "failAuthentication": False,
    }


def _create(request: dict[str, Any]) -> dict[str, Any]:
    action = request.get("clientMetadata", {}).get("probe_action")
    if action == "raise":
        raise RuntimeError("Ask again later")
    actions = {"reach": _reach, "time-outs": _time_outs}
    return {
        "publicChallengeParameters": actions[action]() if action in actions else {"status": "SENT"},
        "privateChallengeParameters": {"counter": "1"},
        "challengeMetadata": "probe",
    }


def _verify(request: dict[str, Any]) -> dict[str, Any]:
    return {"answerCorrect": request["challengeAnswer"] == "right"}


def _echo(event: dict[str, Any]) -> dict[str, Any]:
    if event["headers"].get("probe") == "raise":
        raise RuntimeError("Ask again later")
    received = {"context": event["requestContext"], "body": event["body"]}
    return {"statusCode": 200, "body": json.dumps(received)}


def _follow(record: dict[str, Any]) -> bool:
    """Follow the instructions in the message. Returns whether it succeeded.

    It fails `failures` times, each time without a delay of the message. It writes the file `writes`, and
    waits until another message has written the file `awaits`.
    """
    asked = json.loads(record["body"])
    if "writes" in asked:
        Path(asked["writes"]).touch()
    if "awaits" in asked:
        deadline = time.monotonic() + 20
        while not Path(asked["awaits"]).exists():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    if int(record["attributes"]["ApproximateReceiveCount"]) > asked.get("failures", 0):
        return True
    boto3.client("sqs").change_message_visibility(
        QueueUrl=os.environ["EMAIL_QUEUE_URL"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
    )
    return False


_RESPONSES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "DefineAuthChallenge": _define,
    "CreateAuthChallenge": _create,
    "VerifyAuthChallengeResponse": _verify,
}


def _reach() -> dict[str, str]:
    table, queue, mail = boto3.client("dynamodb"), boto3.client("sqs"), boto3.client("sesv2")
    return {
        "own item": _tried(lambda: _write(table, "sign_in_code#1")),
        "foreign item": _tried(lambda: _write(table, "sms_day#1")),
        "queue": _tried(lambda: _queue(queue)),
        "mail": _tried(mail.get_account),
    }


def _time_outs() -> dict[str, str]:
    config: Any = boto3.client("sqs", config=Config(connect_timeout=0.5, read_timeout=0.7)).meta.config
    clients = {"connect": str(config.connect_timeout), "read": str(config.read_timeout)}
    return clients | {"function": os.environ["_LAMBDA_TIMEOUT"]}


def _queue(queue: Any) -> object:
    own = {"MessageGroupId": "1", "MessageDeduplicationId": "1"}
    return queue.send_message(QueueUrl=os.environ["EMAIL_QUEUE_URL"], MessageBody="{}", **own)


def _write(table: Any, key: str) -> object:
    return table.update_item(TableName=os.environ["TABLE_NAME"], Key={"pk": {"S": key}})


def _tried(call: Callable[[], object]) -> str:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"
