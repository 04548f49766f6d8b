"""Accessibility: the rules of axe-core in each colour scheme, and the keyboard. Pictures are written."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.hosted.kit import CODE_PAGE, LocalApp, Visitor
from tests.browser.preview import PHONE, TABLE, Scheme, served
from tests.support.accessibility import COLORS, EVERYTHING, Rules, axe_script, faults_of
from tests.support.page_samples import VIEWS
from tests.support.pictures import picture_folder
from tests.support.users import User, another_code

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, ViewportSize

pytestmark = pytest.mark.e2e

NewVisitor = Callable[..., Visitor]
NewUser = Callable[..., User]
CodeFor = Callable[..., str]

NOTICES = [name for name in VIEWS if name.startswith("notice-")]
PAGES = [name for name in VIEWS if name not in NOTICES]


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_script()


@pytest.fixture(scope="session")
def samples() -> Iterator[str]:
    with served() as base:
        yield base


def check_page(page: "Page", axe: str, name: str, scheme: Scheme, rules: Rules) -> list[str]:
    """Check the page with axe-core in a colour scheme, and write its picture. Returns the faults."""
    page.emulate_media(color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
    page.screenshot(path=picture_folder("hosted-sign-in") / f"{name}-{scheme}.png", full_page=True)
    return [f"{name} {scheme}: {fault}" for fault in faults_of(page, axe, rules)]


@pytest.mark.parametrize(
    ("locale", "size", "where", "first", "then"),
    [("en", PHONE, "phone", "light", "dark"), ("ar", TABLE, "table", "dark", "light")],
)
def test_axe_finds_no_fault_in_any_page(
    locale: str,
    size: "ViewportSize",
    where: str,
    first: Scheme,
    then: Scheme,
    axe: str,
    samples: str,
    context: Callable[..., "BrowserContext"],
) -> None:
    page = context(viewport=size).new_page()
    found = []
    for name in PAGES:
        page.goto(f"{samples}/{name}/sign-in?locale={locale}")
        picture = f"{name}-{locale}-{where}"
        found += check_page(page, axe, picture, first, EVERYTHING)
        # Only the colours differ in the second scheme.
        found += check_page(page, axe, picture, then, COLORS)
    assert found == []


@pytest.mark.parametrize(("locale", "scheme"), [("en", "light"), ("ar", "dark")])
def test_every_notice_can_be_read_on_a_phone(
    locale: str, scheme: Scheme, axe: str, samples: str, context: Callable[..., "BrowserContext"]
) -> None:
    page = context(viewport=PHONE).new_page()
    found = []
    for name in NOTICES:
        page.goto(f"{samples}/{name}/sign-in?locale={locale}")
        found += check_page(page, axe, f"{name}-{locale}-phone", scheme, COLORS)
    assert found == []


@pytest.mark.parametrize("local_stack", ["ASK"], indirect=True)
def test_axe_finds_no_fault_during_a_sign_in(
    axe: str, new_visitor: NewVisitor, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor(viewport=PHONE)
    assert faults_of(visitor.start().page, axe, EVERYTHING) == []
    assert faults_of(visitor.enter_name(user, "not the password").page, axe, EVERYTHING) == []
    visitor.enter_name(user).wait_for_heading("Where should we send the code?")
    assert faults_of(visitor.page, axe, EVERYTHING) == []
    visitor.press("Email to u***@p***").wait_for_heading(CODE_PAGE).enter_code(
        another_code(code_for(user.email))
    )
    assert faults_of(visitor.wait_for_notice("Incorrect code").page, axe, EVERYTHING) == []


def focus(page: "Page") -> str:
    """The id or text of the focused element. Its outline must be visible."""
    name, outline = page.evaluate(
        """() => {
        const { activeElement: e } = document;
        return [e.id || e.textContent.trim(), getComputedStyle(e).outlineStyle];
    }"""
    )
    assert outline != "none", name
    return str(name)


def tab_to(page: "Page", name: str) -> None:
    """Press Tab until the element has the focus, at most 15 times."""
    for _ in range(15):
        page.keyboard.press("Tab")
        if focus(page).startswith(name):
            return
    raise AssertionError(f"Tab does not reach {name}")


@pytest.mark.parametrize("local_stack", ["PASSWORD_AND_CODE"], indirect=True)
def test_a_sign_in_works_with_the_keyboard_alone(
    new_visitor: NewVisitor, app: LocalApp, new_user: NewUser, code_for: CodeFor
) -> None:
    user = new_user()
    visitor = new_visitor().start()
    page, keys = visitor.page, visitor.page.keyboard
    assert focus(page) == "user_name"
    keys.type(user.email)
    tab_to(page, "password")
    keys.type(user.password)
    tab_to(page, "Show password")
    keys.press("Space")
    assert page.locator("#password").get_attribute("type") == "text"
    tab_to(page, "Continue")
    keys.press("Enter")
    visitor.wait_for_heading(CODE_PAGE)
    assert focus(page) == "code"
    code = code_for(user.email)
    keys.type(another_code(code))
    keys.press("Enter")
    visitor.wait_for_notice("Incorrect code")
    # A screen reader reads the error first, and the field is next.
    assert focus(page) == "notice"
    tab_to(page, "code")
    keys.type(code)
    tab_to(page, "Sign in")
    keys.press("Space")
    visitor.wait_for_app()
    assert app.claims()["sub"] == user.sub
