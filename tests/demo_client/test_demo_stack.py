"""The stack of the demo: its port, and the settings of a stack that was running before."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from demo_client.errors import CliError
from demo_client.scenarios import run
from demo_client.web import process as page
from tools.local_stack import stack as local
from tools.local_stack.deploy import DEFAULTS
from tools.local_stack.process import Emulator
from tools.local_stack.snapshot import Snapshot
from tools.local_stack.stack import Stack

STACK = Stack(
    "http://127.0.0.1:4566", "us-east-1", "us-east-1_Local", {}, "table", {}, {}, {}, {"CooldownSeconds": "5"}
)
EMULATOR = Emulator(1, 4566)
Up = Callable[..., dict[str, Any]]


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> Up:
    """Starts the stack of the demo. Returns what the local stack was asked for, and the sentences.

    `before` are the parameters of a running stack, if one was running. `urls` are those of the demo page.
    """

    def call(port: int | None, before: dict[str, str] | None = None) -> dict[str, Any]:
        asked: dict[str, Any] = {}

        def started(port: int, parameters: dict[str, str], *, keeps_parameters: bool) -> Stack:
            asked.update(port=port, parameters=parameters, keeps_parameters=keeps_parameters)
            return replace(STACK, parameters=(before or DEFAULTS) | parameters)

        snapshot = Snapshot(None if before is None else EMULATOR, before or {})
        monkeypatch.setattr(Snapshot, "take", lambda: snapshot)
        monkeypatch.setattr("tools.local_stack.process.running", lambda: EMULATOR)
        monkeypatch.setattr(local, "up", started)
        asked["sentences"] = run._start_stack(port, page.DEFAULT_PORT)[1]
        return asked

    return call


@pytest.mark.parametrize(("option", "port"), [(None, local.DEFAULT_PORT), (4570, 4570), (0, 0)])
def test_the_port_is_the_requested_one(up: Up, option: int | None, port: int) -> None:
    assert up(option)["port"] == port


def test_another_port_than_the_requested_one_is_explained(up: Up) -> None:
    assert up(4566)["sentences"] == []
    (other,) = up(4570)["sentences"]
    assert other.startswith("Another program uses port 4570, so this stack is on another port.")
    (same,) = up(4570, DEFAULTS)["sentences"]
    assert same.startswith("This stack was already running on another port, and stays there.")


def test_a_new_stack_has_no_changes(up: Up) -> None:
    found = up(None)
    assert found["parameters"] == {"CooldownSeconds": "5"}
    assert found["sentences"] == []


def test_the_settings_of_a_running_stack_stay_and_each_change_is_named(up: Up) -> None:
    urls = dict.fromkeys(("HostedCallbackUrls", "HostedLogoutUrls"), "https://app.example/")
    found = up(None, {"CooldownSeconds": "60", "SmsGateway": "END_USER_MESSAGING"} | urls)
    assert found["keeps_parameters"] is True
    assert found["parameters"] == {
        "CooldownSeconds": "5",
        "HostedCallbackUrls": "https://app.example/,http://localhost:4580/",
        "HostedLogoutUrls": "https://app.example/,http://localhost:4580/",
    }
    assert found["sentences"] == [
        "The parameter CooldownSeconds was 60, and is now 5.",
        *(
            f"The parameter {name} was https://app.example/, and is now https://app.example/,"
            "http://localhost:4580/."
            for name in urls
        ),
    ]


@pytest.mark.parametrize("parameter", ["UserPoolId=us-east-1_Mine", "AppClients=CODE_ONLY"])
def test_a_stack_without_an_app_client_is_not_changed(up: Up, parameter: str) -> None:
    name, value = parameter.split("=")
    with pytest.raises(CliError, match=rf"a stack with {parameter} is running\. Stop it with `make down`"):
        up(None, DEFAULTS | {name: value})
