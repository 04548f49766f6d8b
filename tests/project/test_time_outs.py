"""The attempts and timeouts of each client. A repeated message is sent twice, and Cognito waits 5 seconds."""

import json
import subprocess

import pytest

from benchmarks.imports import command, environment

REPORT = """
import gc, json
import {name}
from botocore.client import BaseClient
found = []
for client in (o for o in gc.get_objects() if isinstance(o, BaseClient)):
    config = client.meta.config
    tries = config.retries["total_max_attempts"]
    service = client.meta.service_model.service_name
    found.append([service, tries, config.connect_timeout, config.read_timeout])
print(json.dumps(sorted(found)))
"""


@pytest.mark.parametrize(
    ("name", "attempts"),
    [
        ("create_auth_challenge", [("dynamodb", 2), ("sqs", 3)]),
        ("verify_auth_challenge", [("dynamodb", 2), ("kms", 2)]),
        ("pre_token_generation", [("dynamodb", 2)]),
        ("deliver", [("dynamodb", 2), ("kms", 2), ("sesv2", 1), ("sns", 1)]),
    ],
)
def test_each_client_has_its_attempts_and_timeouts(name: str, attempts: list[tuple[str, int]]) -> None:
    statement = REPORT.format(name=name)
    done = subprocess.run(
        command(statement), env=environment(name), check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert [(service, tries) for service, tries, *_ in found] == attempts
    if name != "deliver":
        # One call of each service, and one of them repeated after a lost response. botocore waits at most a
        # second before its second attempt.
        once = {service: connect + read for service, _, connect, read in found}
        repeated = max(connect + read for _, tries, connect, read in found if tries > 1)
        assert sum(once.values()) + 1 + repeated < 5
