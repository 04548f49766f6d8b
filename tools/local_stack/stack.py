"""The local stack: up, load, down, and its logs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.lambda_functions import FUNCTIONS
from tools.local_stack import deploy, locks, notices, process
from tools.local_stack.clients import client, local_address
from tools.local_stack.environment import REGION, ROOT, make_state_dir, state_dir
from tools.local_stack.errors import StackError
from tools.local_stack.parameters import check_names

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient

DEFAULT_PORT = 4566

# A stack for an existing pool creates no clients.
_CLIENTS = {
    "password_and_code": "PasswordAndCodeClient",
    "code_only": "CodeOnlyClient",
    "hosted": "HostedClient",
}
_QUEUES = ("email", "phone", "cognito")
# Issuers are identifiers and no addresses, so they stay as on AWS.
_IDENTIFIERS = ("TokenIssuer", "HostedIssuer")


@dataclass(frozen=True)
class Stack:
    """A deployed stack, as described in `stack.json`.

    `functions` maps a handler's name to the name of its Lambda function. `queues` has the URLs of the queues
    that `deliver` reads: email, phone and cognito. `parameters` has the value of each parameter.
    """

    endpoint_url: str
    region: str
    user_pool_id: str
    clients: dict[str, str]
    table: str
    queues: dict[str, str]
    functions: dict[str, str]
    outputs: dict[str, str]
    parameters: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a boto3 client for this stack, with test credentials."""
        return client(self.endpoint_url, service)

    def logs(self) -> dict[str, list[str]]:
        """Return all log lines of each function, oldest first, by the keys of `functions`."""
        return {function: [text for _, text in self.log_events(function)] for function in self.functions}

    def log_events(self, function: str) -> list[tuple[int, str]]:
        """Return the log lines of a function, oldest first: milliseconds since 1970, and the text."""
        logs: CloudWatchLogsClient = self.client("logs")
        group = f"/aws/lambda/{self.functions[function]}"
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [(event["timestamp"], event["message"]) for page in pages for event in page["events"]]


def up(
    port: int = DEFAULT_PORT,
    parameters: Mapping[str, str] | None = None,
    root: Path = ROOT,
    *,
    keeps_parameters: bool = False,
) -> Stack:
    """Start or update the local stack of the project in `root`, and return it.

    A new emulator listens on `port` if it is free (0: any free port). A running emulator keeps its port. With
    `keeps_parameters`, a deployed stack also keeps the parameters that are not in `parameters`. Raises
    `StackError`, and starts nothing if a name in `parameters` or a file in texts.d is wrong.
    """
    with locks.exclusive_lock(make_state_dir() / "runner.lock"):
        try:
            package = deploy.build_package(root)
            check_names(package.template, parameters or {})
            emulator = _ready_emulator(port)
            description = deploy.deploy(
                emulator.endpoint_url,
                package,
                parameters or {},
                keeps_parameters=keeps_parameters,
            )
            return _save(_stack(emulator.endpoint_url, description))
        except KeyboardInterrupt:
            # A half-deployed stack is useless, and the user would not know that it runs.
            if not stack_file().exists():
                _remove_everything(timeout=0.5)
            raise


def load() -> Stack:
    """Return the running stack. Raises `StackError` if none is running, or its file cannot be read."""
    if process.running() is None:
        raise StackError("No local stack is running. Start one with `make up`.")
    if not stack_file().exists():
        raise StackError(
            "A local AWS is running, but template.yaml is not deployed to it. "
            "`make up` deploys it, `make down` stops the local AWS."
        )
    try:
        return Stack(**json.loads(stack_file().read_text()))
    except (ValueError, TypeError):
        raise StackError(
            f"The stack file {stack_file()} is damaged, or from another version. "
            "Run `make up` to write it again."
        ) from None


def interrupt_message() -> str:
    """Return the sentence after Ctrl-C: whether the local AWS is still running."""
    if process.running():
        return "Interrupted. The local AWS is still running: `make down` stops it."
    return "Interrupted before the local AWS was up. Nothing is left running."


def down() -> bool:
    """Stop the emulator with its workers, and delete its files. Returns whether one was running."""
    if not state_dir().exists():
        return False
    with locks.exclusive_lock(state_dir() / "runner.lock"):
        return _remove_everything(process.STOP_SECONDS)


def stack_file() -> Path:
    """Return the file with the description of the running stack, for scripts in any language."""
    return state_dir() / "stack.json"


def _ready_emulator(port: int) -> process.Emulator:
    emulator = process.running()
    if emulator and emulator.is_ready():
        return emulator
    if emulator:
        process.stop(emulator, timeout=0.5)
    # These files describe an emulator that has ended.
    stack_file().unlink(missing_ok=True)
    notices.notice_file().unlink(missing_ok=True)
    return process.start(port)


def _remove_everything(timeout: float) -> bool:
    emulator = process.running()
    if emulator:
        process.stop(emulator, timeout)
    stack_file().unlink(missing_ok=True)
    notices.notice_file().unlink(missing_ok=True)
    # The demo client saves tokens here. Their pool no longer exists.
    for tokens in state_dir().glob("tokens-*.json"):
        tokens.unlink(missing_ok=True)
    shutil.rmtree(state_dir() / "scratch", ignore_errors=True)
    return emulator is not None


def _stack(endpoint_url: str, description: StackTypeDef) -> Stack:
    ids = deploy.resources(endpoint_url)
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        if output["OutputKey"] in _IDENTIFIERS
        else local_address(endpoint_url, output["OutputValue"])
        for output in description.get("Outputs", [])
    }
    return Stack(
        endpoint_url=endpoint_url,
        region=REGION,
        user_pool_id=outputs["UserPoolId"],
        clients={name: ids[logical] for name, logical in _CLIENTS.items() if logical in ids},
        table=ids["Table"],
        queues={name: ids[f"{name.capitalize()}Queue"] for name in _QUEUES},
        functions={f.name: ids[f.logical_id] for f in FUNCTIONS.values() if f.logical_id in ids},
        outputs=outputs,
        parameters=deploy.parameters_of(description),
    )


def _save(stack: Stack) -> Stack:
    new_file = stack_file().with_suffix(".new")
    new_file.write_text(json.dumps(asdict(stack), indent=2) + "\n")
    new_file.replace(stack_file())
    return stack
