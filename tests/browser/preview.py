"""Pictures of the pages of the hosted sign-in, without a stack: python -m tests.browser.preview FOLDER"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from passcode.hosted.pages import asset, render
from tests.support.loopback_server import serving
from tests.support.page_samples import BRAND, VIEWS

CSP = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'"
PHONE = ViewportSize(width=375, height=720)
TABLE = ViewportSize(width=1100, height=800)
SMALL = ViewportSize(width=320, height=640)
Scheme = Literal["light", "dark"]
SHOTS: list[tuple[str, str, ViewportSize, Scheme]] = [
    *((name, "en", PHONE, "light") for name in VIEWS if not name.startswith("notice-")),
    *((name, "en", PHONE, "dark") for name in ("start-wrong", "code", "code-sms", "ended")),
    *(
        (name, locale, PHONE, "light")
        for name in ("start-wrong", "code")
        for locale in ("ar", "he", "ja", "de")
    ),
    *((name, "en", TABLE, scheme) for name in ("start-password", "code") for scheme in ("light", "dark")),
    ("code-wrong", "de", SMALL, "light"),
    ("code-long", "de", SMALL, "light"),
]


class Preview(BaseHTTPRequestHandler):
    """Answers `/<view>/sign-in?<locale>` and the assets beside it."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        _, view, *rest = url.path.split("/")
        found = asset(rest[-1], BRAND) if rest[0] == "assets" else None
        if found is None:
            locale = parse_qs(url.query).get("locale", ["en"])[0]
            found = render(VIEWS[view], BRAND, locale).encode(), "text/html; charset=utf-8"
        self.send_response(200)
        self.send_header("Content-Type", found[1])
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(found[0])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: the pictures are the result."""


@contextmanager
def served() -> Iterator[str]:
    """The base URL of a preview on loopback."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Preview)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def main(folder: Path) -> None:
    """Write the pictures to `folder` and print the messages of the browser."""
    folder.mkdir(parents=True, exist_ok=True)
    with served() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name, locale, size, scheme in SHOTS:
            file = folder / f"{name}-{locale}-{size['width']}-{scheme}.png"
            picture(browser, f"{base}/{name}/sign-in?locale={locale}", size, scheme, file)
        browser.close()


def picture(browser: Browser, url: str, size: ViewportSize, scheme: Scheme, file: Path) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: print(f"{file.name}: {message.text}"))
    page.goto(url)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    if wide:
        print(f"{file.name}: wider than the screen")
    page.screenshot(path=file, full_page=True)
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
