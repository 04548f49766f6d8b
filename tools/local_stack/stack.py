"""The local stack as a thing to use: up, load, down, and its logs."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.local_stack import deploy, locks, process
from tools.local_stack.clients import client, reachable
from tools.local_stack.environment import REGION, ROOT, make_state_dir, state_dir
from tools.local_stack.errors import StackError

DEFAULT_PORT = 4566

_FUNCTIONS = {
    "define_auth_challenge": "DefineAuthChallenge",
    "create_auth_challenge": "CreateAuthChallenge",
    "verify_auth_challenge": "VerifyAuthChallenge",
    "deliver": "Deliver",
    "pre_token_generation": "PreTokenGeneration",
    "custom_sender": "CustomSender",
    "token_api": "TokenApi",
    "hosted_sign_in": "HostedSignIn",
}
# A stack for a pool that exists makes no clients.
_CLIENTS = {
    "password_and_code": "PasswordAndCodeClient",
    "code_only": "CodeOnlyClient",
    "hosted": "HostedClient",
}
# Names and no addresses, so they stay what AWS would have them be.
_IDENTIFIERS = ("TokenIssuer", "HostedIssuer")


@dataclass(frozen=True)
class Stack:
    """Where a deployed stack is, as in `stack.json`.

    `functions` maps a handler's name to the name of its Lambda function.
    """

    endpoint_url: str
    region: str
    user_pool_id: str
    clients: dict[str, str]
    table: str
    queue_url: str
    functions: dict[str, str]
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client of this stack, with made-up credentials."""
        return client(self.endpoint_url, service)

    def logs(self) -> dict[str, list[str]]:
        """Every line that each function logged, oldest first, by the keys of `functions`."""
        logs = self.client("logs")
        return {handler: _lines(logs, f"/aws/lambda/{name}") for handler, name in self.functions.items()}


def up(port: int = DEFAULT_PORT, parameters: Mapping[str, str] | None = None, root: Path = ROOT) -> Stack:
    """A local stack of the project in `root`: found, mended, updated or started. Raises `StackError`.

    `port` is where a new emulator listens if it is free (0 takes any); one that runs stays where it is.
    """
    with locks.one_at_a_time(make_state_dir() / "runner.lock"):
        try:
            emulator = _ready_emulator(port)
            description = deploy.deploy(emulator.endpoint_url, deploy.build_package(root), parameters or {})
            return _save(_stack(emulator.endpoint_url, description))
        except KeyboardInterrupt:
            # Half a stack is of no use, and nobody would think of stopping it.
            if not file().exists():
                _remove_everything(timeout=0.5)
            raise


def load() -> Stack:
    """The stack that runs now. Raises `StackError` if none does."""
    if process.running() is None:
        raise StackError("No local stack runs here. Start one with `make up`.")
    if not file().exists():
        raise StackError(
            "A local AWS runs here, but template.yaml is not deployed to it. "
            "`make up` deploys it, `make down` stops the local AWS."
        )
    return Stack(**json.loads(file().read_text()))


def interrupt_message() -> str:
    """What a person who stopped `up`, or what came after it, is told of what still runs."""
    if process.running():
        return "Stopped here. The local AWS still runs: `make down` stops it."
    return "Stopped here, before the local AWS was up. Nothing of it runs any more."


def down() -> bool:
    """End the emulator with its workers and clear away what it left. Answers whether one ran."""
    if not state_dir().exists():
        return False
    with locks.one_at_a_time(state_dir() / "runner.lock"):
        return _remove_everything(process.STOPPED_WITHIN)


def file() -> Path:
    """Where the description of the running stack is written, for scripts in any language."""
    return state_dir() / "stack.json"


def _ready_emulator(port: int) -> process.Emulator:
    emulator = process.running()
    if emulator and emulator.is_ready():
        return emulator
    if emulator:
        process.stop(emulator, timeout=0.5)
    # It describes an emulator that is gone.
    file().unlink(missing_ok=True)
    return process.start(port)


def _remove_everything(timeout: float) -> bool:
    emulator = process.running()
    if emulator:
        process.stop(emulator, timeout)
    file().unlink(missing_ok=True)
    # The demo client keeps them here; the pool that made them is gone.
    for tokens in state_dir().glob("tokens-*.json"):
        tokens.unlink(missing_ok=True)
    shutil.rmtree(state_dir() / "scratch", ignore_errors=True)
    return emulator is not None


def _stack(endpoint_url: str, description: Mapping[str, Any]) -> Stack:
    ids = deploy.resources(endpoint_url)
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        if output["OutputKey"] in _IDENTIFIERS
        else reachable(endpoint_url, output["OutputValue"])
        for output in description.get("Outputs", [])
    }
    return Stack(
        endpoint_url=endpoint_url,
        region=REGION,
        user_pool_id=outputs["UserPoolId"],
        clients={name: ids[logical] for name, logical in _CLIENTS.items() if logical in ids},
        table=ids["Table"],
        queue_url=ids["Queue"],
        functions={name: ids[logical] for name, logical in _FUNCTIONS.items() if logical in ids},
        outputs=outputs,
    )


def _save(stack: Stack) -> Stack:
    fresh = file().with_suffix(".new")
    fresh.write_text(json.dumps(asdict(stack), indent=2) + "\n")
    fresh.replace(file())
    return stack


def _lines(logs: Any, group: str) -> list[str]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]
