"""Chromium, and pages of the demo in it."""

import re
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo_client.web.server import PageServer
from tests.support.machine import skip_because_missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

PAGE_TIMEOUT_MS = 60_000.0


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        skip_because_missing("Playwright")
    found = shutil.which("chromium")
    if found is None:
        skip_because_missing("Chromium")
    with sync_playwright() as playwright:
        # A page must not reach any host but this machine.
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=found, args=[rules])
        yield browser
        browser.close()


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """The errors of all pages, and their requests to other hosts. A test with faults fails."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def expect_faults(faults: list[str]) -> Callable[["Page", str], None]:
    """Closes a page and removes the expected faults, which match the pattern. Any other fault fails."""

    def close_page(page: "Page", pattern: str) -> None:
        # An open page continues to send requests, which add more faults.
        page.close()
        assert [text for text in faults if not re.search(pattern, text)] == []
        faults.clear()

    return close_page


@pytest.fixture
def visit(chromium: "Browser", faults: list[str]) -> Iterator[Callable[..., "Page"]]:
    """Opens the page of a server."""
    contexts = []

    def open_page(server: PageServer, **options: object) -> "Page":
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PAGE_TIMEOUT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("response", lambda response: None if _is_local(response.url) else faults.append(response.url))
        page.on("requestfailed", lambda request: _refused(request, faults))
        page.goto(f"http://localhost:{server.port}/")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The base URL of the sample pages of the hosted sign-in."""
    from tests.browser.preview import served  # noqa: PLC0415 - Playwright may be missing

    with served() as url:
        yield url


@pytest.fixture
def silent(chromium: "Browser") -> Iterator[Callable[..., "Page"]]:
    """Opens pages on a phone. The console, which reports violations of the page's policy, must stay empty."""
    from tests.browser.preview import PHONE  # noqa: PLC0415 - as above

    contexts, messages = [], list[str]()

    def open_page(**options: object) -> "Page":
        context = chromium.new_context(viewport=PHONE, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PAGE_TIMEOUT_MS)
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


def _refused(request: "Request", faults: list[str]) -> None:
    # Closing a page aborts its event stream.
    if not _is_local(request.url):
        faults.append(f"{request.url}: {request.failure}")


def _is_local(url: str) -> bool:
    return re.match(r"http://(localhost|127\.0\.0\.1):\d+/", url) is not None
