"""The doors in this process, composed as the deployed functions are, against the local stack."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tools.local_stack.stack import Stack

TRIGGERS = Path(__file__).parents[1] / "triggers"
DOORS = ("define_auth_challenge", "create_auth_challenge", "verify_auth_challenge", "deliver")


@dataclass(frozen=True)
class LiveDoors:
    """Each door's module, loaded with the environment that its function has in the stack."""

    define: ModuleType
    create: ModuleType
    verify: ModuleType
    deliver: ModuleType
    settings: dict[str, str]


def live_doors(stack: Stack) -> LiveDoors:
    """Load the four doors anew. Their clients go to the stack, with made-up credentials."""
    settings: dict[str, str] = {}
    loaded: dict[str, ModuleType] = {}
    for door in DOORS:
        configuration = stack.client("lambda").get_function_configuration(FunctionName=stack.functions[door])
        settings |= configuration["Environment"]["Variables"]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in configuration["Environment"]["Variables"].items():
                patch.setenv(name, value)
            patch.setenv("AWS_ENDPOINT_URL", stack.endpoint_url)
            patch.setenv("AWS_DEFAULT_REGION", stack.region)
            patch.setenv("AWS_ACCESS_KEY_ID", "test")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
            loaded[door.partition("_")[0]] = _load(door)
    return LiveDoors(**loaded, settings=settings)


def _load(door: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"live_{door}", TRIGGERS / f"{door}.py")
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
