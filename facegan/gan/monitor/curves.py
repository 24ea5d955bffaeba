"""The curves of a log, including the parts that rollbacks abandoned, and the ranges and ticks of axes."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

Point = tuple[float, float]  # images seen, value
_OUTLIER = 4  # see `limits`: drawn whole, outliers would flatten all other values


@dataclass
class Curve:
    """The values of one name over the images seen.

    `points` are strictly ascending in images seen. Each of `abandoned` begins at the point where it branched off.
    `latest` is the last value that was not abandoned; it may be NaN or infinite.
    """

    points: list[Point] = field(default_factory=list)
    abandoned: list[list[Point]] = field(default_factory=list)
    latest: float | None = None

    def add(self, images_seen: float, value: object) -> None:
        """Add one value. What is no number is ignored; fewer images seen than before abandon the later points."""
        if type(value) is not float and type(value) is not int:  # this excludes bool, too
            return
        self.latest = value
        points = self.points
        if points and images_seen <= points[-1][0]:
            self._abandon(bisect_left(points, images_seen, key=_images_seen))
        if math.isfinite(value):
            points.append((images_seen, value))

    def roll_back(self, images_seen: float) -> None:
        """Abandon the points with more images seen."""
        self._abandon(bisect_right(self.points, images_seen, key=_images_seen))
        self.latest = self.points[-1][1] if self.points else None

    def _abandon(self, first: int) -> None:
        if first < len(self.points):
            self.abandoned.append(self.points[max(0, first - 1) :])
            del self.points[first:]

    def thinned(self) -> "Curve":
        """The same curve with few enough points for a chart of some hundred pixels."""
        return Curve(thinned(self.points), [thinned(points) for points in self.abandoned], self.latest)

    def __bool__(self) -> bool:
        return bool(self.points or self.abandoned)


def _images_seen(point: Point) -> float:
    return point[0]


def curves_of(lines: Iterable[dict], names: Iterable[str]) -> dict[str, Curve]:
    """The curve of each name from the lines of a log in chronological order; empty for a name that no line has."""
    curves = {name: Curve() for name in names}
    for line in lines:
        images_seen = line["images_seen"]
        for name in curves.keys() & line.keys():
            curves[name].add(images_seen, line[name])
        if "back_to" in line:
            for curve in curves.values():
                curve.roll_back(line["back_to"])
    return curves


def thinned(points: list[Point], most: int = 400) -> list[Point]:
    """At most `most` points: the first, the last, and the lowest and highest of each of the parts between them."""
    if len(points) <= most:
        return points
    inner, parts = points[1:-1], most // 2 - 1
    chosen = [points[0]]
    for i in range(parts):
        part = inner[i * len(inner) // parts : (i + 1) * len(inner) // parts]
        chosen += sorted({min(part, key=_value), max(part, key=_value)})
    return [*chosen, points[-1]]


def _value(point: Point) -> float:
    return point[1]


def limits(values: list[float]) -> tuple[float, float]:
    """The lowest and the highest value to draw: those of all values, or without outliers that would flatten the rest.

    On each side of the median, values are outliers if they are more than four times as far from it as the 10th (or
    90th) percentile. The axis then ends at twice the distance of that percentile.
    """
    values = sorted(values)
    middle = median(values)
    below = middle - values[len(values) // 10]
    above = values[-1 - len(values) // 10] - middle
    low, high = values[0], values[-1]
    if 0 < _OUTLIER * below < middle - low:
        low = middle - 2 * below
    if 0 < _OUTLIER * above < high - middle:
        high = middle + 2 * above
    return low, high


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers at equal steps of 1, 2 or 5 times a power of ten, from at most `low` to at least `high`."""
    if not low < high:
        low, high = low - (abs(low) / 2 or 1), high + (abs(high) / 2 or 1)
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    # Small steps by division, because 3 * 0.1 is not 0.3.
    return (
        [i * step if step >= 1 else i / round(1 / step) for i in range(first, last + 1)] if step > 1e-9 else [low, high]
    )


def short(count: float) -> str:
    """A number of images with at most three digits: 950, 25k, 1.5M."""
    if count < 1_000:
        return f"{count:.0f}"
    return f"{count / 1e6:.3g}M" if count >= 999_500 else f"{count / 1e3:.3g}k"
