"""Helpers for attacks on a local stack: a clock, and the credentials of a role."""

import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from passcode.token_service.policy import seconds_to_midnight
from passcode.token_service.refusal import parse_tag
from tests.support import changed_functions, function_with_a_role
from tests.support.live_sign_in import SignIn, code_only, password_and_code
from tests.support.users import User, code_in
from tools.lambda_functions import FUNCTIONS
from tools.local_stack import inbox, process, stack
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class TimedStack:
    """A local stack whose functions have a clock that the test sets. Cognito has the clock of the machine."""

    stack: Stack
    clock: Path

    def now(self) -> int:
        """The time of the functions, in seconds since the epoch."""
        return int(time.time()) + self._ahead()

    def pass_time(self, seconds: int) -> None:
        """Set the clock forward."""
        self.clock.write_text(str(self._ahead() + seconds), "utf-8")

    def start_day(self) -> None:
        """Set the clock to the first minute of the next UTC day, so that all counters of a day are 0."""
        self.pass_time(seconds_to_midnight(self.now()) + 1)

    def _ahead(self) -> int:
        return int(self.clock.read_text("utf-8"))


@contextmanager
def deployed(folder: Path) -> Iterator[TimedStack]:
    """A local stack with default parameters and both app clients. It stops at the end of the block.

    Its functions have the changes of `changed_functions`. `folder` is an empty folder.
    """
    clock = folder / "clock"
    clock.write_text("0", "utf-8")
    root = _changed_project(folder, f"use_clock({str(clock)!r})", "root_logger_at_debug()")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", str(folder / "state"))
        found = stack.up(port=process.free_port(), root=root)
    try:
        yield TimedStack(found, clock)
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PASSCODE_LOCAL_DIR", str(folder / "state"))
            stack.down()


def _changed_project(folder: Path, *calls: str) -> Path:
    source = Path(str(changed_functions.__file__))
    triggers = folder / "triggers"
    shutil.copytree(ROOT / "triggers", triggers, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "template.yaml", folder)
    shutil.copy(source, triggers)
    first = "".join(f"{source.stem}.{call}\n" for call in calls)
    for name in FUNCTIONS:
        handler = triggers / f"{name}.py"
        handler.write_text(f"import {source.stem}\n{first}{handler.read_text('utf-8')}", "utf-8")
    return folder


@dataclass(frozen=True)
class Role:
    """The rights of the role of one function. They are used by another function with that role."""

    stack: Stack
    function: str

    def call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the response of a call to AWS. Raises PermissionError with the error if it failed."""
        client, name = self.stack.client("lambda"), f"with-the-role-of-{self.function}"
        try:
            client.get_function(FunctionName=name)
        except client.exceptions.ResourceNotFoundException:
            configuration = client.get_function_configuration(
                FunctionName=self.stack.functions[self.function]
            )
            client.create_function(
                FunctionName=name,
                Role=configuration["Role"],
                Runtime=configuration["Runtime"],
                Handler="function_with_a_role.handler",
                Timeout=60,
                Code={"ZipFile": _zip(Path(str(function_with_a_role.__file__)))},
            )
        payload = {"service": service, "operation": operation, "arguments": arguments}
        response = client.invoke(FunctionName=name, Payload=json.dumps(payload))
        result: dict[str, Any] = json.load(response["Payload"])
        if "FunctionError" in response:
            raise PermissionError(result["errorMessage"])
        return result


def _zip(file: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.write(file, file.name)
    return out.getvalue()


def inbox_of(stack: Stack, user: User) -> list[Message]:
    """The messages to the addresses of a user, oldest first."""
    return [message for message in inbox.read(stack) if message.to in (user.email, user.phone)]


def start(stack: Stack, user: User, *, with_password: bool) -> SignIn:
    """Start a sign-in, and wait for its message."""
    before = len(inbox_of(stack, user))
    sign_in = password_and_code(stack, user) if with_password else code_only(stack).start(user.email)
    if sign_in.parameters["status"] == "SENT":
        wait_until(lambda: len(inbox_of(stack, user)) > before)
    return sign_in


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until the condition is true. A test that waits for a minute fails."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "the condition was not met"
        time.sleep(0.05)


def newest_code_of(stack: Stack, user: User) -> str:
    """The code in the newest message to a user."""
    return code_in(inbox_of(stack, user)[-1])


def record(deployed: Stack, key: str) -> dict[str, Any]:
    """The item of the table with this key, as DynamoDB shows it; empty if there is none."""
    found: dict[str, Any] = (
        deployed.client("dynamodb")
        .get_item(TableName=deployed.table, Key={"pk": {"S": key}}, ConsistentRead=True)
        .get("Item", {})
    )
    return found


def change_item(deployed: Stack, key: str, **numbers: int) -> None:
    """Set numbers of an item with the administrator's credentials."""
    deployed.client("dynamodb").update_item(
        TableName=deployed.table,
        Key={"pk": {"S": key}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in numbers),
        ExpressionAttributeNames={f"#{name}": name for name in numbers},
        ExpressionAttributeValues={f":{name}": {"N": str(value)} for name, value in numbers.items()},
    )


def settings(deployed: Stack, function: str) -> dict[str, str]:
    """The environment of a function."""
    client = deployed.client("lambda")
    found = client.get_function_configuration(FunctionName=deployed.functions[function])
    variables: dict[str, str] = found["Environment"]["Variables"]
    return variables


def guess(sign_in: SignIn, answers: int) -> int:
    """Send wrong answers, at most five, because Cognito then ends the sign-in. Returns their number."""
    digits = int(sign_in.parameters["codeLength"])
    for number in range(answers):
        wrong = f"{number:0{digits}d}"
        if sign_in.parameters["attemptsLeft"] == "1":
            with pytest.raises(ClientError, match="NotAuthorizedException"):
                sign_in.answer(wrong)
            return number + 1
        assert not sign_in.answer(wrong).tokens, "a guess was right"
    return answers


def refusal(call: Callable[[], object]) -> str:
    """Make a call to Cognito. Returns the reason if a trigger refused it, else an empty text."""
    try:
        call()
    except ClientError as error:
        tag = parse_tag(error.response["Error"]["Message"])
        if tag:
            return tag.reason
        raise
    return ""
