"""Minimises a smooth function of many numbers by its derivative: L-BFGS, as scipy has it, which the demo lacks."""

from collections import deque
from collections.abc import Callable

import numpy as np

_PAIRS = 20  # that the curvature is told from
_FIRST_STEP = 0.5  # its length, before anything is known of the curvature
_ENOUGH = 1e-4  # of the decrease that the slope promises; below it a step is shortened (Armijo)
_SHORTEST = 0.1  # of a step that was too long

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


def minimised(function: Function, start: np.ndarray, evaluations: int, tolerance: float) -> np.ndarray:
    """The point float64 (d,) with the least value that was found from `start` (d,) on.

    Liu and Nocedal 1989 (doi:10.1007/BF01589116), algorithm 2.1.

    Args:
        function: point (d,) to its value and its derivative (d,).
        start: where to begin.
        evaluations: of the function, the most.
        tolerance: a decrease of the value in one step below which nothing more is tried.
    """
    point = np.asarray(start, np.float64)
    value, slope = function(point)
    pairs, used = deque(maxlen=_PAIRS), 1
    while used < evaluations:
        step = _step(slope, pairs)
        steepness = float(slope @ step)
        if not steepness < 0:  # the pairs mislead, which rounding can bring about
            pairs.clear()
            step = _step(slope, pairs)
            steepness = float(slope @ step)
            if not steepness < 0:
                break
        share = 1.0
        while True:
            tried = point + share * step
            found, found_slope = function(tried)
            used += 1
            if found <= value + _ENOUGH * share * steepness or used >= evaluations:
                break
            # The lowest point of the parabola through both values and the slope.
            lowest = -steepness * share**2 / (2 * (found - value - share * steepness))
            share = min(max(lowest, _SHORTEST * share), share / 2)
        if not found < value:
            break
        moved, change = tried - point, found_slope - slope
        if moved @ change > 1e-10 * (change @ change):
            pairs.append((moved, change))
        gained = value - found
        point, value, slope = tried, found, found_slope
        if gained < tolerance:
            break
    return point


def _step(slope: np.ndarray, pairs: deque) -> np.ndarray:
    """The quasi-Newton step, by what the points moved and how their slopes changed (the two-loop recursion)."""
    if not pairs:
        return -slope * (_FIRST_STEP / max(float(np.linalg.norm(slope)), 1e-12))
    step, shares = -slope, []
    for moved, change in reversed(pairs):
        shares.append((moved @ step) / (moved @ change))
        step = step - shares[-1] * change
    moved, change = pairs[-1]
    step = step * (moved @ change) / (change @ change)
    for (moved, change), share in zip(pairs, reversed(shares), strict=True):
        step = step + (share - (change @ step) / (moved @ change)) * moved
    return step
