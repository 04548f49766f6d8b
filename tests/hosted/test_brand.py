"""The app's name, colour and logo: from the settings of the function to the response for the browser."""

import importlib.util
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.imports import SETTINGS, TRIGGERS
from tests.support.html_document import Document

PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n and more \xff",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBP",
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}
Ask = Callable[[str], dict[str, Any]]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, socket_disabled: None) -> Callable[..., Ask]:
    """Import the handler with settings: `load(BRAND_LOGO="…")`. Returns a function that requests a path."""

    def loaded(**settings: str) -> Ask:
        for name, value in (SETTINGS | settings).items():
            monkeypatch.setenv(name, value)
        spec = importlib.util.spec_from_file_location("hosted_with_brand", TRIGGERS / "hosted_sign_in.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)

        def ask(path: str) -> dict[str, Any]:
            parent, _, name = path.rpartition("/")
            resource = "/assets/{name}" if parent == "/assets" else path
            event = {"httpMethod": "GET", "resource": resource, "pathParameters": {"name": name}}
            response: dict[str, Any] = module.handler(event, None)
            return response

        return ask

    return loaded


def page(ask: Ask) -> Document:
    """The error page of a browser without a sign-in. It shows the brand too."""
    return Document(ask("/sign-in")["body"])


@pytest.mark.parametrize("kind", PICTURES)
def test_the_page_shows_the_logo_and_the_logo_is_served_unchanged(
    load: Callable[..., Ask], kind: str
) -> None:
    picture = PICTURES[kind]
    ask = load(APP_NAME="Harbour Bank", BRAND_LOGO=f"data:{kind};base64,{b64encode(picture).decode()}")
    shown = page(ask)
    assert shown.only("img") == {"src": "assets/logo", "alt": "Harbour Bank"}
    assert {"rel": "icon", "href": "assets/logo"} in shown.all("link")
    response = ask("/assets/logo")
    assert (response["statusCode"], response["isBase64Encoded"]) == (200, True)
    assert b64decode(response["body"]) == picture
    # The URL does not change with the logo, so browsers cache it for minutes only. An SVG runs no script.
    assert response["headers"] == {
        "Content-Type": kind,
        "Cache-Control": "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }


@pytest.mark.parametrize("settings", [{}, {"BRAND_LOGO": ""}])
def test_the_page_shows_the_name_when_there_is_no_logo(
    load: Callable[..., Ask], settings: dict[str, str]
) -> None:
    ask = load(APP_NAME="Harbour Bank", **settings)
    shown = page(ask)
    assert shown.all("img") == []
    assert "Harbour Bank" in shown.text
    assert [link["href"] for link in shown.all("link") if "logo" in link["href"]] == []
    assert ask("/assets/logo")["statusCode"] == 404


@pytest.mark.parametrize("color", ["#0b6e6e", "#c01048"])
def test_the_page_has_the_colour_of_the_setting(load: Callable[..., Ask], color: str) -> None:
    ask = load(BRAND_COLOR=color)
    assert f"--brand:{color}" in ask("/assets/brand.css")["body"]
    assert color in ask("/assets/icon.svg")["body"]
