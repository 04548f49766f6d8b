"""The handlers in this process, composed like the deployed functions, against the local stack."""

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.config import Config

from passcode.adapters import botocore_clients
from tools.lambda_functions import SIGN_IN_FUNCTIONS
from tools.local_stack.stack import Stack

TRIGGERS = Path(__file__).parents[2] / "triggers"


@dataclass(frozen=True)
class LiveHandlers:
    """The module of each handler, loaded with the environment of its function in the stack."""

    define: ModuleType
    create: ModuleType
    verify: ModuleType
    deliver: ModuleType
    settings: dict[str, str]


def live_handlers(stack: Stack) -> LiveHandlers:
    """Load the four handlers again. Their clients call the stack, with fake credentials."""
    settings: dict[str, str] = {}
    loaded: dict[str, ModuleType] = {}
    for name in SIGN_IN_FUNCTIONS:
        loaded[name.partition("_")[0]], found = live_handler(stack, name)
        settings |= found
    return LiveHandlers(**loaded, settings=settings)


def live_handler(stack: Stack, name: str) -> tuple[ModuleType, dict[str, str]]:
    """Load one handler again. Returns the module and the environment of its function."""
    configuration = stack.client("lambda").get_function_configuration(FunctionName=stack.functions[name])
    settings: dict[str, str] = configuration["Environment"]["Variables"]
    place = {
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with own_session(settings | place), patch.object(botocore_clients, "Config", _patient_config):
        return load(name), settings


def _patient_config(**settings: Any) -> Config:
    """Return the settings of a client, with time-outs as long as those of the local stack."""
    return Config(**settings | {"connect_timeout": 20, "read_timeout": 20})


@contextmanager
def own_session(environment: Mapping[str, str]) -> Iterator[None]:
    """Inside the block, handlers load with this environment. Other code never gets these credentials."""
    with pytest.MonkeyPatch.context() as variables:
        for name, value in environment.items():
            variables.setenv(name, value)
        botocore_clients.session.cache_clear()
        try:
            yield
        finally:
            botocore_clients.session.cache_clear()


def load(name: str) -> ModuleType:
    """Load a handler as a new module, with the environment of the process."""
    spec = importlib.util.spec_from_file_location(f"live_{name}", TRIGGERS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(trigger: str, sub: str, client_id: str = "client", **request: Any) -> dict[str, Any]:
    """An event as Cognito sends it to a challenge trigger, for a user with a verified email and phone."""
    attributes = {
        "sub": sub,
        "email": f"{sub[:8]}@people.example",
        "email_verified": "true",
        "phone_number": "+12025550123",
        "phone_number_verified": "true",
        "cognito:user_status": "CONFIRMED",
    }
    return {
        "version": "1",
        "triggerSource": f"{trigger}_Authentication",
        "region": "us-east-1",
        "userPoolId": "us-east-1_Example",
        "userName": sub,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
        "request": {"userAttributes": attributes} | request,
        "response": {},
    }


def client_with_long_timeouts(stack: Stack, service: str) -> Any:
    """A client for many parallel calls: it waits for a free connection, and does not retry."""
    long_timeouts = Config(
        read_timeout=60, connect_timeout=60, max_pool_connections=200, retries={"total_max_attempts": 1}
    )
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=stack.endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=long_timeouts,
    )
