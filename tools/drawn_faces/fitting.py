"""The basis: rounds of drawing people, reading their labels, and learning which way each label lies."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.drawn_faces.basis import CURVE_AT, LATENT_SIZE, Basis, moves_and_rest, principal_components, ridge_scores
from tools.drawn_faces.wanted import NAMES, WANTED

PSI = 0.7  # truncation of everything but the attributes: at 0.85 and more some pictures are broken
_FAR = 4.5  # deviations of a score among people as the network draws them, beyond which nobody is moved
_SMALLEST_SLOPE = 0.05  # deviations of the label per deviation of the score

ReadPeople = Callable[[np.ndarray], np.ndarray]


@dataclass
class Rounds:
    """People drawn so far: u (n, 100) and their labels (n, k), NaN where there is no face."""

    u: np.ndarray
    labels: np.ndarray

    def add(self, u: np.ndarray, labels: np.ndarray) -> None:
        self.u, self.labels = np.concatenate([self.u, u]), np.concatenate([self.labels, labels])


def start(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and truncated components of w (n, 512) as the mapping network gives it."""
    mean, components = principal_components(w)
    return mean, PSI * components


def fit_basis(mean: np.ndarray, components: np.ndarray, rounds: Rounds) -> Basis:
    """The basis that the labels of all rounds ask for."""
    seen = ~np.isnan(rounds.labels).all(axis=1)
    u, labels = rounds.u[seen], rounds.labels[seen]
    directions = ridge_scores(u, labels)
    directions /= np.linalg.norm(directions, axis=0)  # scores in deviations among people as drawn
    moves, rest = moves_and_rest(directions)
    curves = [_curve(u @ b, label, wanted.value(CURVE_AT))
              for b, label, wanted in zip(directions.T, labels.T, WANTED, strict=True)]  # fmt: skip
    return Basis(NAMES, mean, components, moves, rest, np.stack(curves))


def _curve(scores: np.ndarray, label: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The scores at which people have the wanted labels (m,) on average."""
    known = ~np.isnan(label)
    level, fitted = increasing(scores[known], label[known])
    reach = min(_FAR, max(abs(level[0]), abs(level[-1])) + 0.5)
    # Beyond what was seen the curve goes on with the slope of all of it.
    slope = (fitted[-1] - fitted[0]) / (level[-1] - level[0])
    low, high = min(fitted[0] - 1e-6, fitted[0] - slope * 2), max(fitted[-1] + 1e-6, fitted[-1] + slope * 2)
    level, fitted = np.r_[level[0] - 2, level, level[-1] + 2], np.r_[low, fitted, high]
    return np.clip(np.interp(wanted, fitted, level), -reach, reach)


def increasing(x: np.ndarray, y: np.ndarray, bins: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Means of y in bins of x, made strictly increasing: x (m,), y (m,)."""
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
    """u (count, 100) somewhat further out than the network's own, so that the rarer labels are seen."""
    return spread * rng.randn(count, LATENT_SIZE)
