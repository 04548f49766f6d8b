"""Fixtures for many tests: one local stack for the run, its users, and the codes that they received."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tests.support.users import COOLDOWN, User, code_in
from tools.local_stack import inbox, process, stack
from tools.local_stack.inbox import Message
from tools.local_stack.stack import Stack

# The state folder of each running stack, by endpoint URL.
_FOLDERS: dict[str, str] = {}


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
    pool = local_stack.client("cognito-idp")

    def make(*, channel: str = "", phone: bool = True, **extra: str) -> User:
        tag = secrets.token_hex(5)
        email = f"user-{tag}@people.example"
        number = f"+1202555{secrets.randbelow(10_000):04d}"
        wanted = {"email": email, "email_verified": "true"} | extra
        if phone:
            wanted |= {"phone_number": number, "phone_number_verified": "true"}
        if channel:
            wanted["custom:otp_channel"] = channel
        attributes = [{"Name": name, "Value": value} for name, value in wanted.items()]
        made = pool.admin_create_user(
            UserPoolId=local_stack.user_pool_id,
            Username=email,
            UserAttributes=attributes,
            MessageAction="SUPPRESS",
        )
        password = f"correct horse {tag}"
        pool.admin_set_user_password(
            UserPoolId=local_stack.user_pool_id, Username=email, Password=password, Permanent=True
        )
        (sub,) = (a["Value"] for a in made["User"]["Attributes"] if a["Name"] == "sub")
        return User(email, number if phone else "", password, sub)

    return make


@pytest.fixture
def messages_to(local_stack: Stack) -> Callable[..., list[Message]]:
    """A function that waits for `count` messages to an address or number. Returns them, oldest first."""

    def wait(to: str, count: int = 1, timeout: float = 60) -> list[Message]:
        end = time.monotonic() + timeout
        while True:
            messages = inbox.read(local_stack, to)
            if len(messages) >= count or time.monotonic() > end:
                assert len(messages) >= count, f"{len(messages)} of {count} messages arrived"
                return messages
            time.sleep(0.05)

    return wait


@pytest.fixture
def code_for(messages_to: Callable[..., list[Message]]) -> Callable[..., str]:
    """A function that waits for `count` messages to an address or number. Returns the newest code."""

    def newest(to: str, count: int = 1) -> str:
        return code_in(messages_to(to, count)[-1])

    return newest
