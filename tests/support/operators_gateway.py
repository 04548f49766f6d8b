"""The operator's function of a test: it puts each event into a queue, and answers what the test has set."""

import json
import os
from typing import Any

import boto3

QUEUE = "operators-events"
REFUSES = '{"result": "NOT_TAKEN", "final": true, "reason": "landline"}'


def handler(event: dict[str, Any], _context: object) -> Any:
    """Put the event into the queue. Returns the answer in the variable ANSWER, or TAKEN."""
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(event))
    return json.loads(os.environ.get("ANSWER", '{"result": "TAKEN"}'))
