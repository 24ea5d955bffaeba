"""L-BFGS: minimises a smooth function of many variables by its gradient. The demo does not install scipy."""

from collections import deque
from collections.abc import Callable

import numpy as np

_PAIRS = 20  # steps from which the curvature is estimated
_FIRST_STEP = 0.5  # its length, while the curvature is unknown
_SUFFICIENT = 1e-4  # of the decrease that the gradient predicts; with less the step is shortened (Armijo 1966)
_MAX_CUT = 0.1  # to which share of its length a step is shortened at most at a time

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


def minimise(function: Function, start: np.ndarray, evaluations: int, tolerance: float) -> np.ndarray:
    """The point float64 (d,) with the smallest value that was found, starting from `start` (d,).

    Liu and Nocedal 1989 (doi:10.1007/BF01589116), algorithm 2.1.

    Args:
        function: from a point (d,) to its value and its gradient (d,).
        start: where to begin.
        evaluations: the largest number of evaluations of the function.
        tolerance: it ends after a step that decreases the value by less than this.
    """
    point = np.asarray(start, np.float64)
    value, gradient = function(point)
    pairs, used = deque(maxlen=_PAIRS), 1
    while used < evaluations:
        step = _step(gradient, pairs)
        steepness = float(gradient @ step)
        if not steepness < 0:  # rounding errors have made the curvature estimate useless
            pairs.clear()
            step = _step(gradient, pairs)
            steepness = float(gradient @ step)
            if not steepness < 0:
                break
        share = 1.0
        while True:
            tried = point + share * step
            found, found_gradient = function(tried)
            used += 1
            if found <= value + _SUFFICIENT * share * steepness or used >= evaluations:
                break
            # The lowest point of the parabola through both values and the gradient.
            lowest = -steepness * share**2 / (2 * (found - value - share * steepness))
            share = min(max(lowest, _MAX_CUT * share), share / 2)
        if not found < value:
            break
        moved, change = tried - point, found_gradient - gradient
        if moved @ change > 1e-10 * (change @ change):
            pairs.append((moved, change))
        gained = value - found
        point, value, gradient = tried, found, found_gradient
        if gained < tolerance:
            break
    return point


def _step(gradient: np.ndarray, pairs: deque) -> np.ndarray:
    """The quasi-Newton step, from the differences of points and of gradients (the two-loop recursion)."""
    if not pairs:
        return -gradient * (_FIRST_STEP / max(float(np.linalg.norm(gradient)), 1e-12))
    step, shares = -gradient, []
    for moved, change in reversed(pairs):
        shares.append((moved @ step) / (moved @ change))
        step = step - shares[-1] * change
    moved, change = pairs[-1]
    step = step * (moved @ change) / (change @ change)
    for (moved, change), share in zip(pairs, reversed(shares), strict=True):
        step = step + (share - (change @ step) / (moved @ change)) * moved
    return step
