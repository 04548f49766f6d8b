"""A chart with logarithmic axes as SVG, for a light and for a dark page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH, HEIGHT = 860, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 100, 166, 54, 46


@dataclass(frozen=True)
class Look:
    """The colours of a chart. `lines` are those of the lines, in their order."""

    background: str
    text: str
    grid: str
    lines: tuple[str, ...]


# The lines are the colours of Okabe and Ito, which people with colour blindness tell apart.
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
        size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        font = f'font-family="sans-serif" font-size="12" fill="{look.text}"'
        label = f'role="img" aria-label="{escape(self.title)}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label} {font}>',
            f"<title>{escape(self.title)}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{look.background}"/>',
            f'<text x="{_LEFT}" y="22" font-size="15" font-weight="bold">{escape(self.title)}</text>',
            *self._axes(look),
            *self._marks(look),
            *self._lines(look),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

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


def _path(points: Sequence[tuple[float, float]], color: str, width: int, dashes: str = "") -> str:
    steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{steps}" fill="none" stroke="{color}" stroke-width="{width}"{dashed}/>'


def _text(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    more = f" {more}" if more else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'
