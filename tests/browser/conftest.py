"""Chromium, and pages of the demo in it."""

import re
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo_client.web.server import PageServer
from tests.support.machine import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

PATIENCE = 60_000.0


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        missing("Playwright")
    found = shutil.which("chromium")
    if found is None:
        missing("Chromium")
    with sync_playwright() as playwright:
        # No name but this machine's leads anywhere.
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=found, args=[rules])
        yield browser
        browser.close()


@pytest.fixture
def wrong() -> Iterator[list[str]]:
    """What went wrong in a page, or went to anybody else; nothing, at the end."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def forgive(wrong: list[str]) -> Callable[["Page", str], None]:
    """Closes a page; what the browser said there by itself, like a pattern, is no fault."""

    def closed(page: "Page", pattern: str) -> None:
        # A page that is open goes on asking, and the browser on saying.
        page.close()
        assert [text for text in wrong if not re.search(pattern, text)] == []
        wrong.clear()

    return closed


@pytest.fixture
def visit(chromium: "Browser", wrong: list[str]) -> Iterator[Callable[..., "Page"]]:
    """Opens a server's page."""
    contexts = []

    def opened(server: PageServer, **options: object) -> "Page":
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.on("response", lambda answer: None if _is_local(answer.url) else wrong.append(answer.url))
        page.on("requestfailed", lambda request: _refused(request, wrong))
        page.goto(f"http://localhost:{server.port}/")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """Where the hosted sign-in's sample pages are."""
    from tests.browser.preview import served  # noqa: PLC0415 - Playwright may be missing

    with served() as url:
        yield url


@pytest.fixture
def silent(chromium: "Browser") -> Iterator[Callable[..., "Page"]]:
    """Opens pages on a phone whose console stays empty: the content security policy was broken by nothing."""
    from tests.browser.preview import PHONE  # noqa: PLC0415 - as above

    contexts, said = [], list[str]()

    def opened(**options: object) -> "Page":
        context = chromium.new_context(viewport=PHONE, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def _refused(request: "Request", wrong: list[str]) -> None:
    # A page that is closed breaks its own stream off.
    if not _is_local(request.url):
        wrong.append(f"{request.url}: {request.failure}")


def _is_local(url: str) -> bool:
    return re.match(r"http://(localhost|127\.0\.0\.1):\d+/", url) is not None
