"""Local stacks whose hosted sign-in comes in each of its shapes, and browsers that keep watch."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.hosted.kit import BOTH, PATIENCE, Doors, LocalApp, Person, doors, is_local
from tests.support.users import COOLDOWN
from tools.local_stack import process, stack
from tools.local_stack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Response

SHAPES = {
    "PASSWORD_AND_CODE": {"HostedSignInMode": "PASSWORD_AND_CODE"},
    "CODE_ONLY": {"HostedSignInMode": "CODE_ONLY"},
    "ASK": {"HostedSignInMode": "PASSWORD_AND_CODE", "ChannelChoice": "ASK"},
}


@pytest.fixture(scope="session")
def app_server() -> Iterator[Doors]:
    with doors() as server:
        yield server


@pytest.fixture(scope="session")
def shaped(tmp_path_factory: pytest.TempPathFactory, app_server: Doors) -> Iterator[Callable[[str], Stack]]:
    """The stack of a shape, started when it is first asked for, in a state folder of its own."""
    folders = {shape: tmp_path_factory.mktemp(shape.lower()) for shape in SHAPES}
    running: dict[str, Stack] = {}

    def of(shape: str) -> Stack:
        if shape not in running:
            running[shape] = _up(shape, app_server)
        return running[shape]

    def _up(shape: str, server: Doors) -> Stack:
        port = process.free_port()
        answers = f"http://{process.HOST}:{port}/oauth2/idpresponse"
        own = {
            "CooldownSeconds": str(COOLDOWN),
            "HostedCallbackUrls": server.url("/callback"),
            # An extra relying party is let back to the app's own server.
            "HostedExtraRedirectUris": f"{answers},{server.url('/callback')}",
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PASSCODE_LOCAL_DIR", str(folders[shape]))
            deployed = stack.up(port=port, parameters=own | SHAPES[shape])
        assert deployed.endpoint_url.endswith(f":{port}"), "somebody else took the port"
        return deployed

    try:
        yield of
    finally:
        for folder in folders.values():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PASSCODE_LOCAL_DIR", str(folder))
                stack.down()


@pytest.fixture(params=BOTH)
def local_stack(request: pytest.FixtureRequest, shaped: Callable[[str], Stack]) -> Stack:
    """Each mode in turn; a test of one alone names it. All fixtures that build on a stack take this one."""
    return shaped(request.param)


@pytest.fixture
def app(local_stack: Stack, app_server: Doors) -> LocalApp:
    app_server.came.clear()
    app_server.referrers.clear()
    return LocalApp(local_stack, app_server)


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What went wrong in a page, or went to anybody else; nothing, at the end."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def context(chromium: "Browser", faults: list[str]) -> Iterator[Callable[..., "BrowserContext"]]:
    """Makes browsers: each has cookies of its own, and all that it asks for and says is watched."""
    made = []

    def opened(**options: object) -> "BrowserContext":
        context = chromium.new_context(**{"locale": "en-US"} | options)  # type: ignore[arg-type]
        made.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("request", lambda asked: None if is_local(asked.url) else faults.append(asked.url))
        context.on("response", lambda answer: _not_there(answer, faults))
        context.on("console", lambda line: _said(line, faults))
        context.on("weberror", lambda error: faults.append(str(error.error)))
        return context

    yield opened
    for context in made:
        context.close()


@pytest.fixture
def person(context: Callable[..., "BrowserContext"], app: LocalApp) -> Callable[..., Person]:
    """Somebody with a browser of their own: `person()`, or with the options of a browser context."""

    def sat_down(**options: object) -> Person:
        return Person(context(**options).new_page(), app)

    return sat_down


def _not_there(answer: "Response", faults: list[str]) -> None:
    # A page may say 400 and mean it; a file of a page must be there.
    if answer.status >= 400 and not answer.request.is_navigation_request():
        faults.append(f"{answer.status} {answer.url}")


def _said(line: "ConsoleMessage", faults: list[str]) -> None:
    if line.type in ("error", "warning") and "the server responded with a status of" not in line.text:
        faults.append(f"{line.type}: {line.text}")
