"""Forms that a page in the browser sends."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route


def sent(page: "Page") -> list[str | None]:
    """The bodies of the forms that the page sends after this call. The response does not change the page."""
    bodies: list[str | None] = []

    def respond(route: "Route") -> None:
        bodies.append(route.request.post_data)
        route.fulfill(status=204)

    page.route("**/sign-in", respond)
    return bodies
