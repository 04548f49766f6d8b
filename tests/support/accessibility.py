"""The rules of axe-core on a page in Chromium."""

from typing import TYPE_CHECKING, Any

from tests.clients.driver import HERE
from tests.support.machine import skip_because_missing

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
Rules = dict[str, str | list[str]]
EVERYTHING: Rules = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLORS: Rules = {"type": "rule", "values": ["color-contrast"]}


def axe_script() -> str:
    """The source of axe-core. The test is skipped if it is missing."""
    if not AXE.exists():
        skip_because_missing("axe-core (run `npm ci` in tests/clients)")
    return AXE.read_text("utf-8")


def faults_of(page: "Page", axe: str, rules: Rules, without: str = "") -> list[str]:
    """The faults that axe-core finds: the rule and the element. An undecided rule counts as a fault.

    `without` is a selector of elements that are not checked.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    # The page's policy forbids axe-core to fetch the style sheets, which `preload` would do.
    options = {"runOnly": rules, "preload": False}
    context = {"exclude": [[without]] if without else []}
    found: dict[str, Any] = page.evaluate(
        "([context, options]) => axe.run(context, options)", [context, options]
    )
    results = found["violations"] + found["incomplete"]
    return [f"{each['id']}: {node['html']}" for each in results for node in each["nodes"]]
