"""Contrast (WCAG 2.2, 1.4.3 and 1.4.11) of every two adjacent colours, for any brand colour."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passcode.hosted.colors import brand_css, icon
from passcode.hosted.pages import asset
from passcode.texts.colors import DARK, LIGHT, contrast, luminance
from tests.support.page_samples import BRAND

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
ON_BOTH = [(text, background) for text in ("text", "aside") for background in ("surface", "page")]
TEXT = [*ON_BOTH, ("error", "error-surface"), ("news", "news-surface")]
EDGES = [("edge", "surface"), ("error", "surface")]


def variables(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """The custom properties in light, and in dark."""
    light, _, dark = css.partition("prefers-color-scheme")
    found = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{6})", part)) for part in (light, dark)]
    return found[0], found[0] | found[1]


def page_css() -> tuple[dict[str, str], dict[str, str]]:
    found = asset("page.css", BRAND)
    assert found
    css = found[0].decode()
    return variables(css[: css.index("*,")])


def test_the_brand_colour_is_measured_on_the_backgrounds_of_the_style_sheet() -> None:
    light, dark = page_css()
    assert (light["surface"], dark["surface"]) == (LIGHT, DARK)


@pytest.mark.parametrize("scheme", [0, 1])
def test_the_colours_of_the_style_sheet_have_enough_contrast(scheme: int) -> None:
    colors = page_css()[scheme]
    low = {pair: contrast(*(colors[name] for name in pair)) for pair in TEXT}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}
    edges = {pair: contrast(*(colors[name] for name in pair)) for pair in EDGES}
    assert {pair: ratio for pair, ratio in edges.items() if ratio < 3} == {}


@given(COLORS)
@example("#ffffff")
@example("#000000")
@example("#ffff00")
@example("#757575")
@example(LIGHT)
@example(DARK)
def test_any_brand_colour_has_enough_contrast_in_both_schemes(color: str) -> None:
    for colors, background in zip(variables(brand_css(color)), (LIGHT, DARK), strict=True):
        assert colors["brand"] == color
        assert contrast(colors["on-brand"], color) >= 4.5
        assert contrast(colors["accent"], background) >= 4.5


def test_a_brand_colour_with_enough_contrast_is_not_changed() -> None:
    assert variables(brand_css("#0b6e6e"))[0]["accent"] == "#0b6e6e"


def test_contrast_is_calculated_as_wcag_defines_it() -> None:
    assert contrast("#ffffff", "#000000") == contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert luminance("#ff0000") == pytest.approx(0.2126)


@pytest.mark.parametrize("color", ["", "red", "#fff", "#1234567", "#12345g", "#000000;}", "#00000\n"])
def test_a_malformed_colour_is_refused(color: str) -> None:
    for make in (brand_css, icon):
        with pytest.raises(ValueError, match="BrandColor must be #rrggbb"):
            make(color)
