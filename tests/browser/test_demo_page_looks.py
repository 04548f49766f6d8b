"""The demo page in light and dark, wide and on a phone, with all parts filled. Pictures are written."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from demo_client.web import responses
from demo_client.web.invocations import Invocation
from tests.browser.preview import PHONE, TABLE, Scheme
from tests.support.demo_page import EMAIL, ENDPOINT, SMS, FakeStackData, served
from tests.support.machine import skip_because_missing
from tests.support.pictures import picture_folder

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

pytestmark = pytest.mark.e2e

ARABIC = replace(SMS, text="رمزك هو 123456. لا تشاركه مع أحد.\n\n@app.example #123456")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# The elements whose text is wider than their box. `hidden` marks texts for screen readers.
CUT = """[...document.querySelectorAll('button, h1, h2, p:not(.hidden), td')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"""
# The distance of each letter of the last line from the left edge.
PLACES = """({ firstChild: text }) => [...text.data.split("\\n").at(-1)].map((_, at, { length }) => {
  const range = document.createRange();
  range.setStart(text, text.data.length - length + at);
  range.setEnd(text, text.data.length - length + at + 1);
  return range.getBoundingClientRect().left;
})"""
DONE: list[tuple[str, str, dict[str, object]]] = [
    ("define_auth_challenge", "asked", {}),
    ("create_auth_challenge", "issued", {"channel": "email"}),
    ("deliver", "sent", {"channel": "email"}),
    ("verify_auth_challenge", "refused", {"reason": "wrong"}),
]


def stack() -> FakeStackData:
    """A fake stack after a sign-in."""
    now = int(time.time() * 1000) + 60_000
    invocations = [
        Invocation(f"r-{n}", name, now + n, 5, ({"message": message} | more,), (counted(message, more),))
        for n, (name, message, more) in enumerate(DONE)
    ]
    return FakeStackData(
        [EMAIL, SMS, ARABIC],
        invocations,
        hosted={"url": f"{ENDPOINT}/oauth2/authorize", "clientId": "the-client"},
    )


def counted(name: str, by: dict[str, object]) -> dict[str, object]:
    return {"name": name, "value": 1, "unit": "Count", "by": by}


@pytest.fixture
def filled(visit: Callable[..., "Page"]) -> Iterator[Callable[..., "Page"]]:
    """Opens the page of this stack and waits for all of its parts. Animations are off."""
    if not responses.BUILT.exists():
        skip_because_missing("demo_client/web/built/app.js (run `make page`)")
    with served(stack()) as server:

        def open_page(size: "ViewportSize") -> "Page":
            page = visit(server, viewport=size, reduced_motion="reduce")
            page.locator("#make-user:enabled").wait_for()
            page.locator('#functions [data-function="verify_auth_challenge"].bad').wait_for()
            page.locator("#messages li").nth(2).wait_for()
            return page

        yield open_page


@pytest.mark.parametrize(("where", "size"), [("phone", PHONE), ("table", TABLE)])
def test_no_text_is_cut_or_outside_the_screen(
    filled: Callable[..., "Page"], where: str, size: "ViewportSize"
) -> None:
    page = filled(size)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=picture_folder("demo-page") / f"demo-{where}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(CUT) == []


def test_the_autofill_line_reads_from_left_to_right_below_arabic(filled: Callable[..., "Page"]) -> None:
    line = filled(TABLE).locator("#messages .text", has_text="رمزك").evaluate(PLACES)
    assert line == sorted(line)
