"""Fits the basis to people that were drawn and labelled: the direction of each attribute, and its curve."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.drawn_faces.basis import (
    CURVE_LATENTS,
    LATENT_SIZE,
    Basis,
    moves_and_rest,
    principal_components,
    score_directions,
)
from tools.drawn_faces.targets import NAMES, TARGETS

PSI = 0.7  # truncation of everything except the attributes; from 0.85 some pictures are broken
_MAX_SCORE = 4.5  # limit of the curves, in standard deviations of the score over random people
_SMALLEST_SLOPE = 0.05  # of a label over its score, in standard deviations of both

ReadPeople = Callable[[np.ndarray], np.ndarray]


@dataclass
class Observations:
    """The people drawn so far: u (n, 100) and their labels (n, k), NaN where no face was detected."""

    u: np.ndarray
    labels: np.ndarray

    def add(self, u: np.ndarray, labels: np.ndarray) -> None:
        self.u, self.labels = np.concatenate([self.u, u]), np.concatenate([self.labels, labels])


def truncated_components(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the truncated principal components of w (n, 512), samples of the mapping network."""
    mean, components = principal_components(w)
    return mean, PSI * components


def fit_basis(mean: np.ndarray, components: np.ndarray, observations: Observations) -> Basis:
    """The basis fitted to the labels of all observations."""
    seen = ~np.isnan(observations.labels).all(axis=1)
    u, labels = observations.u[seen], observations.labels[seen]
    directions = score_directions(u, labels)
    directions /= np.linalg.norm(directions, axis=0)  # so that a score's unit is its standard deviation for u ~ N(0, I)
    moves, rest = moves_and_rest(directions)
    curves = [_curve(u @ b, label, target.value(CURVE_LATENTS))
              for b, label, target in zip(directions.T, labels.T, TARGETS, strict=True)]  # fmt: skip
    return Basis(NAMES, mean, components, moves, rest, np.stack(curves))


def _curve(scores: np.ndarray, label: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The scores (m,) at which the mean label is `target` (m,), from the scores and labels of n people."""
    known = ~np.isnan(label)
    level, fitted = increasing(scores[known], label[known])
    reach = min(_MAX_SCORE, max(abs(level[0]), abs(level[-1])) + 0.5)
    # Beyond the observed scores the curve is extrapolated with its mean slope.
    slope = (fitted[-1] - fitted[0]) / (level[-1] - level[0])
    low, high = min(fitted[0] - 1e-6, fitted[0] - slope * 2), max(fitted[-1] + 1e-6, fitted[-1] + slope * 2)
    level, fitted = np.r_[level[0] - 2, level, level[-1] + 2], np.r_[low, fitted, high]
    return np.clip(np.interp(target, fitted, level), -reach, reach)


def increasing(x: np.ndarray, y: np.ndarray, bins: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Means of x and of y in bins of x, with those of y made strictly increasing: (m,) and (m,)."""
    parts = np.array_split(np.argsort(x), min(bins, max(3, len(x) // 20)))
    middle = np.array([x[part].mean() for part in parts])
    mean = _isotonic(np.array([y[part].mean() for part in parts]))
    least = _SMALLEST_SLOPE * y.std() / max(x.std(), 1e-9) * np.r_[0, np.diff(middle)]
    return middle, mean + np.cumsum(least) - least.sum() / 2


def _isotonic(y: np.ndarray) -> np.ndarray:
    """The non-decreasing sequence nearest to y in least squares (pool adjacent violators)."""
    from scipy.optimize import isotonic_regression

    return isotonic_regression(y).x


def random_people(rng: np.random.RandomState, count: int, spread: float = 1.2) -> np.ndarray:
    """u (count, 100) with a larger spread than the network's own samples, so that rare labels occur more often."""
    return spread * rng.randn(count, LATENT_SIZE)
