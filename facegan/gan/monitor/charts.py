"""Curves as charts: the values that templates/chart.html draws, in the coordinates of its SVG."""

import math
from dataclasses import dataclass, replace

from facegan.gan.monitor.curves import Curve, Point, limits, short, ticks

WIDTH, HEIGHT = 1000, 300  # of the SVG's viewBox, whatever its size on the page
# The y range ignores this share of the images seen, at the start, if at least _MIN_POINTS follow: the first KIDs are
# ten times the last ones, and would flatten the part that matters.
_BEGINNING = 1 / 5
_MIN_POINTS = 8


@dataclass(frozen=True)
class Line:
    """One curve of a chart, in the colour "a", "b" or "c"; `spread`: half the width of a band around it."""

    label: str
    curve: Curve
    colour: str
    spread: Curve | None = None
    mark: Point | None = None  # a point to highlight


@dataclass(frozen=True)
class Mark:
    """A highlighted point: its position in per cent of the chart, and its values as text."""

    left: str
    top: str
    text: str


@dataclass(frozen=True)
class DrawnLine:
    """A line in the SVG's coordinates; `points`, `band` and each of `abandoned` are the points of an SVG shape."""

    label: str
    colour: str
    latest: str
    points: str
    band: str
    abandoned: tuple[str, ...]
    mark: Mark | None


@dataclass(frozen=True)
class AxisLabel:
    """A number on an axis: its position in the SVG's coordinates and in per cent, and its text."""

    at: str
    percent: str
    text: str


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws. `cut`: whether some values are outside of the y range."""

    title: str
    images: str
    low: str
    high: str
    percent: bool
    cut: bool
    lines: tuple[DrawnLine, ...]
    x_labels: tuple[AxisLabel, ...]
    y_labels: tuple[AxisLabel, ...]
    width: int = WIDTH
    height: int = HEIGHT


def chart(
    title: str, lines: list[Line], images: float, least: float | None = None, percent: bool = False
) -> Chart | None:
    """Curves over 0 to `images` images seen; None if none of them has a value.

    Args:
        title: for screen readers.
        lines: the curves.
        images: the end of the x axis.
        least: a value that the y axis must include; None: the values alone decide.
        percent: values are shares of 1, the axis is 0 to 100 %.
    """
    lines = [replace(line, curve=line.curve.thinned()) for line in lines if line.curve]
    if not lines:
        return None
    y_ticks = ticks(*_y_range(lines, images, least, percent), 5)
    scale = _Scale(max(images, 1), y_ticks[0], y_ticks[-1])
    return Chart(
        title=title,
        images=f"{images:.0f}",
        low=f"{scale.low:g}",
        high=f"{scale.high:g}",
        percent=percent,
        cut=any(scale.is_outside(line) for line in lines),
        lines=tuple(_drawn(line, scale, percent) for line in lines),
        x_labels=_x_labels(scale),
        y_labels=_y_labels(y_ticks, scale, percent),
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
    """The range of the y axis, without abandoned parts, and without the beginning if enough points follow it."""
    points = [point for line in lines for point in line.curve.points]
    points = points or [point for line in lines for stretch in line.curve.abandoned for point in stretch]
    later = [point for point in points if point[0] >= _BEGINNING * images]
    values = [value for _, value in (later if len(later) >= _MIN_POINTS else points)]
    low, high = limits(values)
    if percent:
        return min(0.0, low), max(1.0, high)
    return (low if least is None else min(least, low)), high


def _drawn(line: Line, scale: _Scale, percent: bool) -> DrawnLine:
    points = line.curve.points
    band = ""
    if line.spread:
        width = dict(line.spread.points)
        known = [(x, y, width[x]) for x, y in points if x in width]
        band = scale.place([(x, y + s) for x, y, s in known] + [(x, y - s) for x, y, s in reversed(known)])
    return DrawnLine(
        label=line.label,
        colour=line.colour,
        latest=_text(line.curve.latest, percent),
        points=scale.place(points * 2 if len(points) == 1 else points),  # one point twice is drawn as a dot
        band=band,
        abandoned=tuple(scale.place(stretch) for stretch in line.curve.abandoned),
        mark=_mark(line.mark, scale),
    )


def _mark(point: Point | None, scale: _Scale) -> Mark | None:
    if point is None or not scale.low <= point[1] <= scale.high:
        return None
    left, top = scale.x(point[0]) / WIDTH, scale.y(point[1]) / HEIGHT
    return Mark(f"{100 * left:.2f}", f"{100 * top:.2f}", f"{point[1]:.3g} at {short(point[0])}")


def _y_labels(values: list[float], scale: _Scale, percent: bool) -> tuple[AxisLabel, ...]:
    decimals = max(0, -math.floor(math.log10(values[1] - values[0]) + 1e-9))
    return tuple(
        AxisLabel(
            f"{scale.y(value):.2f}",
            f"{100 * scale.y(value) / HEIGHT:.2f}",
            f"{100 * value:.0f} %" if percent else f"{value:.{decimals}f}",
        )
        for value in values
    )


def _x_labels(scale: _Scale) -> tuple[AxisLabel, ...]:
    return tuple(
        AxisLabel(f"{scale.x(value):.2f}", f"{100 * scale.x(value) / WIDTH:.2f}", short(value))
        for value in ticks(0, scale.images)
        if value <= scale.images
    )


def _text(value: float | None, percent: bool) -> str:
    if value is None:
        return ""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite"
    return f"{100 * value:.0f} %" if percent else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
