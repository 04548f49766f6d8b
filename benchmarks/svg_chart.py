"""Charts as SVG, for a light and for a dark page: lines with logarithmic axes, and bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 860, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 100, 166, 54, 46


@dataclass(frozen=True)
class Look:
    """The colours of a chart. `lines` are those of the lines, in their order."""

    background: str
    text: str
    grid: str
    lines: tuple[str, ...]


# The colours of Okabe and Ito: people with colour blindness can distinguish them.
LIGHT = Look(
    "#ffffff", "#1f2328", "#d8dee4", ("#1f2328", "#0072b2", "#d55e00", "#009e73", "#aa4499", "#8a6d00")
)
DARK = Look(
    "#0d1117", "#e6edf3", "#30363d", ("#e6edf3", "#56b4e9", "#ff9a4d", "#2fd6a3", "#e08bc8", "#e6c229")
)


@dataclass(frozen=True)
class Line:
    """One line: its label, and its points (x, y), ordered by x. Points without a positive y are left out."""

    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Mark:
    """A vertical line at `x`, with a label."""

    label: str
    x: float


@dataclass(frozen=True)
class Chart:
    """A chart with logarithmic axes. The ranges are powers of ten: (0, 5) is from 1 to 100,000."""

    title: str
    x_title: str
    y_title: str
    x_range: tuple[int, int]
    y_range: tuple[int, int]
    lines: Sequence[Line]
    marks: Sequence[Mark] = ()

    def svg(self, look: Look) -> str:
        """Return the SVG document in the colours of `look`."""
        return _document(self.title, look, [*self._axes(look), *self._marks(look), *self._lines(look)])

    def _x(self, value: float) -> float:
        low, high = self.x_range
        return _LEFT + (log10(value) - low) / (high - low) * (WIDTH - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        low, high = self.y_range
        return HEIGHT - _BOTTOM - (log10(value) - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    def _axes(self, look: Look) -> list[str]:
        found = []
        for power in range(self.x_range[0], self.x_range[1] + 1):
            x = self._x(10.0**power)
            found.append(_path([(x, _TOP), (x, HEIGHT - _BOTTOM)], look.grid, 1))
            found.append(_text(x, HEIGHT - _BOTTOM + 18, f"{10**power:,}", "middle"))
        for power in range(self.y_range[0], self.y_range[1] + 1):
            y = self._y(10.0**power)
            found.append(_path([(_LEFT, y), (WIDTH - _RIGHT, y)], look.grid, 1))
            found.append(_text(_LEFT - 6, y + 4, f"{10**power:,}", "end"))
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        return [*found, _text(middle, HEIGHT - 8, self.x_title, "middle"), _text(8, _TOP - 12, self.y_title)]

    def _marks(self, look: Look) -> list[str]:
        found = []
        for mark in self.marks:
            x = self._x(mark.x)
            found.append(_path([(x, _TOP), (x, HEIGHT - _BOTTOM)], look.text, 1, "3 4"))
            # Along the line, so that the labels of near marks do not overlap.
            label = f'font-size="11" transform="rotate(-90 {x - 4:.1f} {HEIGHT - _BOTTOM - 8:.1f})"'
            found.append(_text(x - 4, HEIGHT - _BOTTOM - 8, mark.label, more=label))
        return found

    def _lines(self, look: Look) -> list[str]:
        found, labels = [], []
        for line, color in zip(self.lines, look.lines, strict=False):
            points = [(self._x(x), self._y(y)) for x, y in line.points if y >= 10.0 ** self.y_range[0]]
            found.append(_path(points, color, 2))
            labels.append((points[-1][1], line.label, color))
        # From the top, and at least one line of text apart.
        bottom = 0.0
        for y, label, color in sorted(labels):
            bottom = max(y + 4, bottom + 15)
            found.append(_text(WIDTH - _RIGHT + 8, bottom, label, more=f'fill="{color}"'))
        return found


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its parts from the left, and the value of its mark, if it has one."""

    label: str
    parts: Sequence[float]
    mark: float | None = None


@dataclass(frozen=True)
class BarChart:
    """Horizontal bars on a linear axis. `part_names` and `mark_name` are the legend."""

    title: str
    x_title: str
    part_names: Sequence[str]
    mark_name: str
    bars: Sequence[Bar]

    def svg(self, look: Look) -> str:
        """Return the SVG document in the colours of `look`."""
        most = max(value for bar in self.bars for value in (sum(bar.parts), bar.mark or 0))
        steps = 10 ** floor(log10(most))
        top = ceil(most / steps) * steps
        left, right, bottom = 170, 30, HEIGHT - _BOTTOM
        scale = (WIDTH - left - right) / top
        found = []
        for number in range(round(top / steps) + 1):
            x = left + number * steps * scale
            found.append(_path([(x, 84), (x, bottom)], look.grid, 1))
            found.append(_text(x, bottom + 18, f"{number * steps:,.10g}", "middle"))
        found.append(_text((left + WIDTH - right) / 2, HEIGHT - 8, self.x_title, "middle"))
        found += self._legend(look, left)
        height = (bottom - 84) / len(self.bars)
        for index, bar in enumerate(self.bars):
            found += _bar(bar, look, left, 84 + index * height, height, scale)
        return _document(self.title, look, found)

    def _legend(self, look: Look, x: float) -> list[str]:
        found = []
        for name, color in zip(self.part_names, look.lines[1:], strict=False):
            found.append(_rectangle(x, 44, 12, 12, color))
            found.append(_text(x + 18, 54, name))
            x += 40 + 7 * len(name)
        found.append(_path([(x + 6, 42), (x + 6, 58)], look.text, 3))
        found.append(_text(x + 18, 54, self.mark_name))
        return found


def _bar(bar: Bar, look: Look, left: float, top: float, height: float, scale: float) -> list[str]:
    found = [_text(left - 8, top + height / 2 + 4, bar.label, "end")]
    x = left
    for value, color in zip(bar.parts, look.lines[1:], strict=False):
        found.append(_rectangle(x, top + height * 0.2, value * scale, height * 0.6, color))
        x += value * scale
    if bar.mark is not None:
        x = left + bar.mark * scale
        found.append(_path([(x, top + height * 0.08), (x, top + height * 0.92)], look.text, 3))
    return found


def _document(title: str, look: Look, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    font = f'font-family="sans-serif" font-size="12" fill="{look.text}"'
    label = f'role="img" aria-label="{escape(title)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label} {font}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{look.background}"/>',
        f'<text x="{_LEFT}" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _rectangle(x: float, y: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def _path(points: Sequence[tuple[float, float]], color: str, width: int, dashes: str = "") -> str:
    steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{steps}" fill="none" stroke="{color}" stroke-width="{width}"{dashed}/>'


def _text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    more = f" {more}" if more else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'
