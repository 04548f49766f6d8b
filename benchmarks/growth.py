"""Measure codes in a growing table, and many answers for one subject at the same moment.

    python -m benchmarks.growth FILE SAMPLES SUBJECTS ...

`benchmarks.performance` runs it in a process with the settings of the deployed functions. The functions
`create` and `verify` run in this process and call the table, the queue and the key of the local stack. It
writes the result to FILE as JSON, and prints its progress to the standard error.
"""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from botocore.config import Config

from benchmarks import events
from benchmarks.imports import ROOT, TRIGGERS
from benchmarks.warm import quartiles
from tools.local_stack.clients import client
from tools.local_stack.stack import Stack

PARALLEL = (1, 2, 4, 8, 16, 32, 64)
# The most items of one call of BatchWriteItem.
_BATCH = 25
# One line of progress for this number of records.
_SHOWN = 25_000


def measure(stack: Stack, subjects: Sequence[int], samples: int) -> dict[str, Any]:
    """Return the figures by number of subjects (`subjects`) and by number of answers (`parallel`).

    `subjects` has the quartiles in ms of the issue and of the check of `samples` codes, by the number of
    other subjects with a record. `parallel` has the figures of answers for one subject at the same moment:
    the answers that were compared, the calls of AWS, and the ms until the last response.
    """
    settings: dict[str, str] = {}
    for name in ("create_auth_challenge", "verify_auth_challenge"):
        found = stack.client("lambda").get_function_configuration(FunctionName=stack.functions[name])
        settings |= found["Environment"]["Variables"]
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{TRIGGERS}:{ROOT}",
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "growth.json"
        program = [sys.executable, "-m", "benchmarks.growth", str(file), str(samples), *map(str, subjects)]
        # The functions write their logs to the standard output.
        subprocess.run(program, env=settings | environ, check=True, stdout=subprocess.DEVNULL)
        result: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return result


class _Functions:
    """The functions `create` and `verify` in this process."""

    def __init__(self) -> None:
        from passcode.adapters import botocore_clients  # noqa: PLC0415 - only with the settings of the stack

        # Many calls at the same moment may take longer than the functions would wait for AWS.
        with patch.object(botocore_clients, "Config", _patient_config):
            import create_auth_challenge  # noqa: PLC0415
            import verify_auth_challenge  # noqa: PLC0415

        self.create: Callable[..., Any] = create_auth_challenge.handler
        self.verify: Callable[..., Any] = verify_auth_challenge.handler
        self.kms = client(os.environ["AWS_ENDPOINT_URL"], "kms")

    def issue(self, subject: str) -> dict[str, str]:
        """Issue a code. Return the private parameters of the challenge."""
        event = events.golden("create_first")
        event["request"]["userAttributes"] = _attributes(subject)
        private: dict[str, str] = self.create(event, None)["response"]["privateChallengeParameters"]
        return private

    def check(self, subject: str, private: dict[str, str], answer: str) -> bool:
        """Check an answer. Raises the error of a refusal."""
        event = events.golden("verify_plain")
        event["request"] |= {"privateChallengeParameters": private, "challengeAnswer": answer}
        event["request"]["userAttributes"] = _attributes(subject)
        return self.verify(event, None)["response"]["answerCorrect"] is True

    def code(self, private: dict[str, str]) -> str:
        """Return the right code, as `deliver` computes it."""

        def mac(message: bytes) -> bytes:
            found: bytes = self.kms.generate_mac(
                KeyId=os.environ["CODE_KEY_ID"], MacAlgorithm="HMAC_SHA_256", Message=message
            )["Mac"]
            return found

        return events.code_by_email(private["challenge"], mac, os.environ["SALT"])


def _patient_config(**settings: Any) -> Config:
    """Return the settings of a client with long time-outs."""
    return Config(**settings | {"connect_timeout": 60, "read_timeout": 60})


def _attributes(subject: str) -> dict[str, str]:
    return {
        "sub": subject,
        "cognito:user_status": "CONFIRMED",
        "email": events.EMAIL,
        "email_verified": "true",
    }


def _fill(first: int, last: int) -> None:
    """Copy the record of one subject for the subjects `first` to `last`."""
    table, dynamodb = os.environ["TABLE_NAME"], client(os.environ["AWS_ENDPOINT_URL"], "dynamodb")
    record = dynamodb.scan(TableName=table, Limit=1)["Items"][0]
    for start in range(first, last, _BATCH):
        copies = [
            {"PutRequest": {"Item": record | {"pk": {"S": f"sign_in_password#subject-{number}"}}}}
            for number in range(start, min(start + _BATCH, last))
        ]
        dynamodb.batch_write_item(RequestItems={table: copies})
        if start > first and start % _SHOWN == 0:
            print(f"  records in the table: {start:,} of {last:,}", file=sys.stderr, flush=True)


def _timed(functions: _Functions, samples: int) -> dict[str, list[float]]:
    issued, checked = [], []
    for _ in range(samples):
        subject = str(uuid.uuid4())
        began = time.perf_counter()
        private = functions.issue(subject)
        issued.append((time.perf_counter() - began) * 1000)
        code = functions.code(private)
        began = time.perf_counter()
        is_right = functions.check(subject, private, code)
        checked.append((time.perf_counter() - began) * 1000)
        if not is_right:
            raise SystemExit("`verify` refused the right code. Fix the events in benchmarks/growth.py.")
    return {"issue": quartiles(issued), "check": quartiles(checked)}


@contextmanager
def _counting() -> Iterator[list[str]]:
    from botocore.client import BaseClient  # noqa: PLC0415 - the functions import it

    # A list, because threads can append to it at the same moment.
    calls: list[str] = []
    original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: object, operation: str, parameters: object) -> object:
        calls.append(operation)
        return original(self, operation, parameters)

    BaseClient._make_api_call = counted  # type: ignore[attr-defined]
    try:
        yield calls
    finally:
        BaseClient._make_api_call = original  # type: ignore[attr-defined]


def _answers(functions: _Functions, parallel: int) -> dict[str, float]:
    """Send wrong answers at the same moment, each in a separate round. Return the counts and the ms."""
    from passcode.adapters.telemetry import TriggerError  # noqa: PLC0415 - only with the settings
    from passcode.token_service.refusal import Refusal, refusal_text  # noqa: PLC0415

    subject = str(uuid.uuid4())
    private = functions.issue(subject)
    right = functions.code(private)
    ready = threading.Barrier(parallel)
    refused = refusal_text(Refusal.LONGER_CODE)

    def answer(number: int) -> bool:
        wrong = str((int(right) + 1 + number) % 10 ** len(right)).zfill(len(right))
        ready.wait()
        try:
            functions.check(subject, private | {"round": f"{number:016x}"}, wrong)
        except TriggerError as error:
            if str(error) != refused:
                raise
            return False
        return True

    with _counting() as calls, ThreadPoolExecutor(parallel) as threads:
        began = time.perf_counter()
        checked = sum(threads.map(answer, range(parallel)))
        elapsed = (time.perf_counter() - began) * 1000
    return {
        "checked": checked,
        "writes": calls.count("UpdateItem"),
        "macs": calls.count("GenerateMac"),
        "ms": round(elapsed, 1),
    }


def _main(file: Path, samples: int, subjects: Sequence[int]) -> None:
    functions = _Functions()
    _timed(functions, min(samples, 10))
    by_subjects, filled = {}, 0
    for number in subjects:
        _fill(filled, number)
        filled = number
        by_subjects[str(number)] = _timed(functions, samples)
    parallel = {str(number): _answers(functions, number) for number in PARALLEL}
    file.write_text(json.dumps({"subjects": by_subjects, "parallel": parallel}), "utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), [int(argument) for argument in sys.argv[3:]])
