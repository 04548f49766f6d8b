"""Every link of the documents inside this project has a target: files, headings and images."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
        *(ROOT / "docs").rglob("*.md"),
    ]
)
FENCED = re.compile(r"^ *(```+)[^\n]*\n.*?^ *\1 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)[^`].*?\1")
LINK = re.compile(
    r"\]\(<?([^)\s>]+)>?(?: +\"[^\"]*\")?\)|<(?:img|a|source)\b[^>]*?\b(?:src|srcset|href)=\"([^\"]+)\""
)
HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)


def prose(page: Path) -> str:
    return FENCED.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """The targets inside this project that the page links to."""
    found = (one or other for one, other in LINK.findall(CODE.sub("", prose(page))))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@cache
def anchors(page: Path) -> set[str]:
    """The page's headings as GitHub names them: the second one of a name has -1, and so on."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in HEADING.findall(prose(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def is_broken(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(anchor) and (target.suffix != ".md" or anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_has_a_target(page: Path) -> None:
    assert [link for link in links(page) if is_broken(page, link)] == []


def test_links_images_and_anchors_are_found() -> None:
    """If the patterns found nothing, the tests above would also pass."""
    found = links(ROOT / "README.md")
    some = {"docs/deploy.md#leave-the-sandboxes", "docs/images/demo-page.png", "CONTRIBUTING.md"}
    assert some <= set(found)
    assert "what-is-kept-and-what-it-costs" in anchors(ROOT / "docs" / "operations.md")


@pytest.mark.parametrize(
    "link", ["docs/none.md", "#no-such-heading", "docs/cost.md#none", "../", "Makefile#a"]
)
def test_a_link_that_is_broken_is_found(link: str) -> None:
    assert is_broken(ROOT / "README.md", link)


def test_a_heading_is_named_as_github_names_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Cognito's own `page`, [linked](x.md)\n## Keys\n```\n# no heading\n```\n## Keys\n")
    assert anchors(page) == {"cognitos-own-page-linked", "keys", "keys-1"}


def test_each_image_is_shown() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert set((ROOT / "docs" / "images").iterdir()) <= shown
