"""The attempts and time-outs of each client. The limits of the calls end an invocation in time."""

import json
import subprocess

import pytest

from benchmarks.imports import command, environment

REPORT = """
import json
from passcode.adapters import botocore_clients
made, register = [], botocore_clients.CallLimits.register
def record(limits, events, service_id):
    made.append([service_id, limits.attempts, limits.read_timeout])
    register(limits, events, service_id)
botocore_clients.CallLimits.register = record
import {name}
print(json.dumps(sorted(made)))
"""


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("create_auth_challenge", [["dynamodb", 4, 2.5], ["sqs", 1, 2.5]]),
        ("verify_auth_challenge", [["dynamodb", 4, 2.5], ["kms", 4, 2.5]]),
        ("pre_token_generation", [["dynamodb", 4, 2.5]]),
        ("token_api", [["dynamodb", 4, 2.5], ["kms", 4, 2.5], ["sqs", 1, 2.5]]),
        ("hosted_sign_in", [["dynamodb", 5, 2.5], ["kms", 5, 2.5]]),
        ("deliver", [["dynamodb", 2, 1], ["kms", 2, 2.5], ["sesv2", 1, 6.5], ["sns", 1, 6.5]]),
    ],
)
def test_each_client_has_its_attempts_and_timeouts(name: str, limits: list[list[object]]) -> None:
    statement = REPORT.format(name=name)
    done = subprocess.run(
        command(statement), env=environment(name), check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == limits
