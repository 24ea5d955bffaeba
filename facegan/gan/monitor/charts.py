"""Curves as inline SVG. The lines stretch with the page, the labels are HTML and do not: legible on a phone."""

import html
import math
from dataclasses import dataclass, replace

from facegan.gan.monitor.curves import Curve, Point, limits, short, ticks

WIDTH, HEIGHT = 1000, 300  # of the SVG's own units, whatever its size on the page
_BEGINNING = 1 / 5  # of the images seen: first KIDs are ten times the last ones, which is where the question is
_ENOUGH = 8  # points


@dataclass(frozen=True)
class Line:
    """One curve of a chart, in the colour "a", "b" or "c"; `spread` draws a band of its width to either side."""

    label: str
    curve: Curve
    colour: str
    spread: Curve | None = None
    mark: Point | None = None  # a point to stand out


def chart(title: str, lines: list[Line], images: float, least: float | None = None, percent: bool = False) -> str:
    """Curves over 0 to `images` images seen, with legend and axes; "" while none of them has a value.

    Args:
        title: what a screen reader says.
        least: a value that the axis must reach down to; without it the values decide.
        percent: values are shares of 1, the axis is 0 to 100 %.
    """
    lines = [replace(line, curve=line.curve.thinned()) for line in lines if line.curve]
    if not lines:
        return ""
    low, high = _y_range(lines, images, least, percent)
    y_ticks = ticks(low, high, 5)
    scale = _Scale(max(images, 1), y_ticks[0], y_ticks[-1])
    drawn = [_drawn(line, scale) for line in lines]
    cut = any(scale.is_outside(line) for line in lines)
    return (
        f'<div class="keys">{"".join(_key(line, percent) for line in lines)}</div>'
        f'<div class="plot" data-images="{images:.0f}" data-low="{scale.low:g}" data-high="{scale.high:g}"'
        f'{" data-percent=1" if percent else ""}><svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        f'{" class=cut" if cut else ""} role="img" aria-label="{html.escape(title)}">'
        f"{_grid(y_ticks, scale)}{''.join(drawn)}</svg>{_labels(y_ticks, scale, percent)}{_marks(lines, scale)}"
        '<div class="rule" hidden></div><div class="tip" hidden></div></div>'
        + ('<p class="hint">Some values lie outside the picture; log.jsonl has them all.</p>' if cut else "")
    )


@dataclass(frozen=True)
class _Scale:
    images: float
    low: float
    high: float

    def x(self, images_seen: float) -> float:
        return WIDTH * images_seen / self.images

    def y(self, value: float) -> float:
        return HEIGHT * (self.high - value) / (self.high - self.low)

    def place(self, points: list[Point]) -> str:
        return " ".join(f"{self.x(x):.2f},{self.y(y):.2f}" for x, y in points)

    def is_outside(self, line: Line) -> bool:
        every = [line.curve.points, *line.curve.abandoned]
        return any(not self.low <= value <= self.high for points in every for _, value in points)


def _y_range(lines: list[Line], images: float, least: float | None, percent: bool) -> tuple[float, float]:
    """The beginning has no say once there is enough behind it, and abandoned stretches have none: both are far off."""
    points = [point for line in lines for point in line.curve.points]
    points = points or [point for line in lines for stretch in line.curve.abandoned for point in stretch]
    later = [point for point in points if point[0] >= _BEGINNING * images]
    values = [value for _, value in (later if len(later) >= _ENOUGH else points)]
    low, high = limits(values)
    if percent:
        return min(0.0, low), max(1.0, high)
    return (low if least is None else min(least, low)), high


def _drawn(line: Line, scale: _Scale) -> str:
    parts = []
    for points in line.curve.abandoned:
        parts.append(f'<polyline class="gone {line.colour}" points="{scale.place(points)}"/>')
    points = line.curve.points
    if line.spread:
        width = dict(line.spread.points)
        band = [(x, y, width[x]) for x, y in points if x in width]
        edge = [(x, y + s) for x, y, s in band] + [(x, y - s) for x, y, s in reversed(band)]
        parts.append(f'<polygon class="{line.colour}" points="{scale.place(edge)}"/>' if band else "")
    if points:
        # A line of one point twice is drawn as a dot.
        points = points * 2 if len(points) == 1 else points
        label = html.escape(line.label)
        parts.append(f'<polyline class="{line.colour}" data-label="{label}" points="{scale.place(points)}"/>')
    return "".join(parts)


def _grid(y_ticks: list[float], scale: _Scale) -> str:
    return "".join(f'<line x1="0" x2="{WIDTH}" y1="{scale.y(v):.2f}" y2="{scale.y(v):.2f}"/>' for v in y_ticks)


def _labels(y_ticks: list[float], scale: _Scale, percent: bool) -> str:
    decimals = max(0, -math.floor(math.log10(y_ticks[1] - y_ticks[0]) + 1e-9))
    y = [
        f'<span class="y" style="top:{100 * scale.y(v) / HEIGHT:.2f}%">'
        f"{f'{100 * v:.0f} %' if percent else f'{v:.{decimals}f}'}</span>"
        for v in y_ticks
    ]
    x = [
        f'<span class="x" style="left:{100 * scale.x(v) / WIDTH:.2f}%">{short(v)}</span>'
        for v in ticks(0, scale.images)
        if v <= scale.images
    ]
    return "".join(y + x)


def _marks(lines: list[Line], scale: _Scale) -> str:
    return "".join(
        f'<span class="dot {line.colour}" style="left:{100 * scale.x(line.mark[0]) / WIDTH:.2f}%;'
        f'top:{100 * scale.y(line.mark[1]) / HEIGHT:.2f}%" title="{line.mark[1]:.3g} at {short(line.mark[0])}"></span>'
        for line in lines
        if line.mark and scale.low <= line.mark[1] <= scale.high
    )


def _key(line: Line, percent: bool) -> str:
    latest = _words(line.curve.latest, percent)
    return f'<span class="{line.colour}"><i></i>{html.escape(line.label)} <b>{latest}</b></span>'


def _words(value: float | None, percent: bool) -> str:
    if value is None:
        return ""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    return f"{100 * value:.0f} %" if percent else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
