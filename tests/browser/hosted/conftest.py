"""Local stacks with each variant of the hosted sign-in, and browsers that record faults."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.hosted.kit import (
    BOTH,
    PAGE_TIMEOUT_MS,
    CallbackServer,
    LocalApp,
    Visitor,
    callback_server,
    is_local,
)
from tests.support.users import COOLDOWN
from tools.local_stack import process, stack
from tools.local_stack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Response

VARIANTS = {
    "PASSWORD_AND_CODE": {"HostedSignInMode": "PASSWORD_AND_CODE"},
    "CODE_ONLY": {"HostedSignInMode": "CODE_ONLY"},
    "ASK": {"HostedSignInMode": "PASSWORD_AND_CODE", "ChannelChoice": "ASK"},
}


@pytest.fixture(scope="session")
def app_server() -> Iterator[CallbackServer]:
    with callback_server() as server:
        yield server


@pytest.fixture(scope="session")
def stack_of(
    tmp_path_factory: pytest.TempPathFactory, app_server: CallbackServer
) -> Iterator[Callable[[str], Stack]]:
    """Returns the stack of a variant. Starts it at the first call, with a separate state folder."""
    folders = {variant: tmp_path_factory.mktemp(variant.lower()) for variant in VARIANTS}
    running: dict[str, Stack] = {}

    def of(variant: str) -> Stack:
        if variant not in running:
            running[variant] = _up(variant, app_server)
        return running[variant]

    def _up(variant: str, server: CallbackServer) -> Stack:
        port = process.free_port()
        answers = f"http://{process.HOST}:{port}/oauth2/idpresponse"
        own = {
            "CooldownSeconds": str(COOLDOWN),
            "HostedCallbackUrls": server.url("/callback"),
            # The relying party of the tests uses the callback URL of the app.
            "HostedExtraRedirectUris": f"{answers},{server.url('/callback')}",
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PASSCODE_LOCAL_DIR", str(folders[variant]))
            deployed = stack.up(port=port, parameters=own | VARIANTS[variant])
        assert deployed.endpoint_url.endswith(f":{port}"), "another process took the port"
        return deployed

    try:
        yield of
    finally:
        for folder in folders.values():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PASSCODE_LOCAL_DIR", str(folder))
                stack.down()


@pytest.fixture(params=BOTH)
def local_stack(request: pytest.FixtureRequest, stack_of: Callable[[str], Stack]) -> Stack:
    """Each mode in turn, unless a test names one. All fixtures that need a stack use this one."""
    return stack_of(request.param)


@pytest.fixture
def app(local_stack: Stack, app_server: CallbackServer) -> LocalApp:
    app_server.callbacks.clear()
    app_server.referrers.clear()
    return LocalApp(local_stack, app_server)


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """The errors of all pages, and their requests to other hosts. A test with faults fails."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def context(chromium: "Browser", faults: list[str]) -> Iterator[Callable[..., "BrowserContext"]]:
    """Opens browsers with separate cookies. Their requests, responses and console messages are checked."""
    made = []

    def open_new(**options: object) -> "BrowserContext":
        context = chromium.new_context(**{"locale": "en-US"} | options)  # type: ignore[arg-type]
        made.append(context)
        context.set_default_timeout(PAGE_TIMEOUT_MS)
        context.on("request", lambda request: None if is_local(request.url) else faults.append(request.url))
        context.on("response", lambda response: _check_response(response, faults))
        context.on("console", lambda line: _check_console(line, faults))
        context.on("weberror", lambda error: faults.append(str(error.error)))
        return context

    yield open_new
    for context in made:
        context.close()


@pytest.fixture
def new_visitor(context: Callable[..., "BrowserContext"], app: LocalApp) -> Callable[..., Visitor]:
    """Returns a new user in a separate browser. The arguments are options of the browser context."""

    def open_new(**options: object) -> Visitor:
        return Visitor(context(**options).new_page(), app)

    return open_new


def _check_response(response: "Response", faults: list[str]) -> None:
    # A page may have the status 400 on purpose. The assets of a page must exist.
    if response.status >= 400 and not response.request.is_navigation_request():
        faults.append(f"{response.status} {response.url}")


def _check_console(line: "ConsoleMessage", faults: list[str]) -> None:
    if line.type in ("error", "warning") and "the server responded with a status of" not in line.text:
        faults.append(f"{line.type}: {line.text}")
