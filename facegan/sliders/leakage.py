"""Figures of what sliders change, from readings of the same faces at several positions. numpy only."""

import numpy as np


def leakage_matrix(change: np.ndarray, own: np.ndarray) -> np.ndarray:
    """How much each slider moves every reading, for each unit that it moves its own: float64 (s, j).

    Mean over the faces of |change of reading j| / sigma_j, divided by that of the slider's own reading.

    Args:
        change: (s, n, j), what moving slider s from end to end changes, in standard deviations; may hold NaN.
        own: int (s,), the reading that each slider moves.
    """
    with np.errstate(invalid="ignore"):
        mean = np.stack([mean_of_known(np.abs(one)) for one in change])
    return mean / mean[np.arange(len(own)), own][:, None]


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """The means (j,) of the columns of (n, j) over what is finite; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, values, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def agreed_change(products: np.ndarray) -> np.ndarray:
    """The mean |change| (j,) that two readers agree on, of the products (n, j) of their changes.

    Where both see the same change and err apart, the errors' products have the mean 0, and that of the rest is the
    change's variance; sqrt(2 / pi) of its root is the mean |change| if it is normal. 0 where they do not agree.
    """
    return np.sqrt(2 / np.pi * np.maximum(mean_of_known(products), 0))


def without_own(matrix: np.ndarray, own: np.ndarray, left_out: np.ndarray | None = None) -> np.ndarray:
    """A leakage matrix (s, j) with NaN for each slider's own reading and for those that are `left_out` (s, j)."""
    found = np.array(matrix, np.float64)
    found[np.arange(len(own)), own] = np.nan
    if left_out is not None:
        found[left_out] = np.nan
    return found


def monotone_share(readings: np.ndarray, slack: float) -> float:
    """The share of faces whose reading never falls by more than `slack` from one position to the next.

    `readings` (p, n) from the lowest position to the highest. The slack is what a reading errs by itself.
    """
    return float((np.diff(readings, axis=0) >= -slack).all(axis=0).mean())


def crossing_share(low: np.ndarray, high: np.ndarray, boundary: float) -> float:
    """The share of faces that are below a boundary at the lower end (n,) and above it at the upper end (n,)."""
    return float(((low < boundary) & (high > boundary)).mean())


def flip_share(one: np.ndarray, other: np.ndarray, boundaries: tuple[float, ...]) -> float:
    """The share of faces whose class differs between two readings (n,); the boundaries part the classes."""
    return float((np.digitize(one, boundaries) != np.digitize(other, boundaries)).mean())
