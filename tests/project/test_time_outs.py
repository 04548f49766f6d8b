"""The attempts and timeouts of each client. A repeated message is sent twice, and Cognito waits 5 seconds."""

import json
import subprocess

import pytest

from benchmarks.imports import command, environment

REPORT = """
import gc, json
import {name}
from botocore.client import BaseClient
found = {{}}
for client in (o for o in gc.get_objects() if isinstance(o, BaseClient)):
    config = client.meta.config
    tries = config.retries["total_max_attempts"]
    found[client.meta.service_model.service_name] = [tries, config.connect_timeout, config.read_timeout]
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    ("name", "tries"),
    [
        ("create_auth_challenge", {"dynamodb": 2, "sqs": 1}),
        ("verify_auth_challenge", {"kms": 2, "dynamodb": 2}),
        ("pre_token_generation", {"dynamodb": 2}),
        ("deliver", {"kms": 2, "dynamodb": 2, "sesv2": 1, "sns": 1}),
    ],
)
def test_each_client_has_its_attempts_and_timeouts(name: str, tries: dict[str, int]) -> None:
    statement = REPORT.format(name=name)
    done = subprocess.run(
        command(statement), env=environment(name), check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert {service: each[0] for service, each in found.items()} == tries
    if name != "deliver":
        # With one lost response. botocore waits at most a second before its second attempt.
        repeated = max(1 + connect + read for n, connect, read in found.values() if n > 1)
        assert sum(connect + read for _, connect, read in found.values()) + repeated < 5
