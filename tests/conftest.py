"""Fixtures for many tests: one local stack for the run, its users, and the codes that they received."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import live_users
from tests.support.users import COOLDOWN, User
from tools.artefacts import aws_models
from tools.local_stack import process, stack
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

# No test asserts a duration: on a busy machine an example can take longer than Hypothesis's limit of 200 ms.
settings.register_profile("without a deadline", deadline=None)
settings.load_profile("without a deadline")

# The state folder of each running stack, by endpoint URL.
_FOLDERS: dict[str, str] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Write the AWS models once, before the processes of the run start. The functions read them."""
    if not hasattr(config, "workerinput"):
        aws_models.write()


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The local stack of this run, with a separate state folder. It stops at the end of the run."""
    folder = str(tmp_path_factory.mktemp("local"))
    with in_folder(folder):
        found = stack.up(port=process.free_port(), parameters={"CooldownSeconds": str(COOLDOWN)})
    _FOLDERS[found.endpoint_url] = folder
    yield found
    with in_folder(folder):
        stack.down()


@contextmanager
def in_folder(folder: str) -> Iterator[None]:
    """Inside the block, commands and tools find the stack with the state folder `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSCODE_LOCAL_DIR", folder)
        yield


@pytest.fixture(autouse=True)
def _finds_its_stack(request: pytest.FixtureRequest) -> Iterator[None]:
    """Commands of a test find the stack of that test, even if another stack was started later."""
    stack_of_test = request.getfixturevalue("local_stack") if "local_stack" in request.fixturenames else None
    folder = _FOLDERS.get(stack_of_test.endpoint_url) if stack_of_test else None
    with in_folder(folder) if folder else nullcontext():
        yield


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state directory for one test. Afterwards its local stack is stopped."""
    folder = tmp_path / "state"
    with in_folder(str(folder)):
        try:
            yield folder
        finally:
            stack.down()


@pytest.fixture
def new_user(local_stack: Stack) -> Callable[..., User]:
    """A function that makes users: `new_user()`, or with `channel="sms"`, `phone=False`, `locale="ar"` …"""
    return partial(live_users.add_user, local_stack)


@pytest.fixture
def messages_to(local_stack: Stack) -> Callable[..., list[Message]]:
    """A function that waits for `count` messages to an address or number. Returns them, oldest first."""

    return partial(live_users.messages_to, local_stack)


@pytest.fixture
def code_for(local_stack: Stack) -> Callable[..., str]:
    """A function that waits for `count` messages to an address or number. Returns the newest code."""
    return partial(live_users.newest_code, local_stack)
