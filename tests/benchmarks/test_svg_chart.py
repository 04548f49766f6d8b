"""The charts are valid SVG, and a value is at its place."""

import re
from xml.etree import ElementTree as ET

import pytest

from benchmarks.svg_chart import DARK, HEIGHT, LIGHT, WIDTH, Bar, BarChart, Chart, Line, Look, Mark

CHART = Chart(
    "A & B",
    "x",
    "y",
    (0, 4),
    (0, 2),
    [Line("first", [(1, 1), (100, 10), (10_000, 100)]), Line("second", [(1, 0), (10, 1), (10_000, 99)])],
    [Mark("<limit>", 100)],
)
SVG = "{http://www.w3.org/2000/svg}"


def points(element: ET.Element) -> list[tuple[float, float]]:
    found = re.findall(r"([-\d.]+),([-\d.]+)", element.attrib["points"])
    return [(float(x), float(y)) for x, y in found]


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_a_chart_is_svg_in_the_colours_of_the_page(look: Look) -> None:
    root = ET.fromstring(CHART.svg(look))
    assert root.attrib["aria-label"] == "A & B"
    background = root.find(f"{SVG}rect")
    assert background is not None
    assert background.attrib["fill"] == look.background
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"A & B", "<limit>", "first", "second", "10,000"} <= set(texts)


def test_the_middle_of_a_logarithmic_axis_is_the_middle_of_the_line() -> None:
    lines = [
        e for e in ET.fromstring(CHART.svg(LIGHT)).iter(f"{SVG}polyline") if e.attrib["stroke-width"] == "2"
    ]
    (left, bottom), middle, (right, top) = points(lines[0])
    assert middle == pytest.approx(((left + right) / 2, (bottom + top) / 2), abs=0.1)
    assert 0 < left < right < WIDTH
    assert 0 < top < bottom < HEIGHT
    # A logarithmic axis has no place for 0.
    assert len(points(lines[1])) == 2


def test_the_labels_of_lines_do_not_overlap() -> None:
    root = ET.fromstring(CHART.svg(LIGHT))
    first, second = (
        next(e for e in root.iter(f"{SVG}text") if e.text == name) for name in ("first", "second")
    )
    assert abs(float(first.attrib["y"]) - float(second.attrib["y"])) >= 12


def test_a_mark_is_at_its_value() -> None:
    root = ET.fromstring(CHART.svg(LIGHT))
    (mark,) = (e for e in root.iter(f"{SVG}polyline") if "stroke-dasharray" in e.attrib)
    ((x, _), _) = points(mark)
    line = next(e for e in root.iter(f"{SVG}polyline") if e.attrib["stroke-width"] == "2")
    assert x == points(line)[1][0]


BARS = BarChart("A & B", "ms", ("start", "event"), "floor", [Bar("one", (30, 10), 20), Bar("two", (80, 5))])


@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_bars_have_the_lengths_of_their_values(look: Look) -> None:
    root = ET.fromstring(BARS.svg(look))
    colors = {"start": look.lines[1], "event": look.lines[2]}
    widths = {
        name: [float(e.attrib["width"]) for e in root.iter(f"{SVG}rect") if e.attrib["fill"] == color]
        for name, color in colors.items()
    }
    # The first rectangle of a colour is that of the legend.
    unit = widths["start"][1] / 30
    assert widths["start"][2] == pytest.approx(80 * unit, abs=0.2)
    assert widths["event"][1:] == pytest.approx([10 * unit, 5 * unit], abs=0.2)
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert {"A & B", "ms", "start", "event", "floor", "one", "two"} <= texts


def test_the_mark_of_a_bar_is_at_its_value() -> None:
    root = ET.fromstring(BARS.svg(LIGHT))
    bar = [e for e in root.iter(f"{SVG}rect") if e.attrib["fill"] == LIGHT.lines[1]][1]
    _, mark = (e for e in root.iter(f"{SVG}polyline") if e.attrib["stroke-width"] == "3")
    ((x, _), _) = points(mark)
    left, width = float(bar.attrib["x"]), float(bar.attrib["width"])
    assert x == pytest.approx(left + width * 20 / 30, abs=0.2)
