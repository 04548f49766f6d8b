"""Forms that a page in the browser sends."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


def sent(page: "Page") -> list[str | None]:
    """The bodies of the forms that are sent from here on. The answer leaves the page as it is."""
    bodies: list[str | None] = []

    def answer(route: "Route") -> None:
        bodies.append(route.request.post_data)
        route.fulfill(status=204)

    page.route("**/sign-in", answer)
    return bodies
