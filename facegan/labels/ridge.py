"""Ridge regression in closed form, log-odds, AUC and correlation. float64 throughout."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FOLDS = 5
# Penalties on standardised features, a factor of three apart. For 20 to 14,000 faces and 2,352 features the best lay
# inside: below them the fit follows noise, above them everything is the mean.
PENALTIES = (300.0, 1000.0, 3000.0, 10000.0, 30000.0, 100000.0)

# Of a difference that a score shall not answer to; a row counts 1. Between 0.3 and 1 readings of photos stay as exact.
CHANGE_WEIGHT = 0.5


@dataclass(frozen=True)
class LinearFit:
    """scores = features @ weights + bias, for k targets."""

    weights: np.ndarray  # (d, k)
    bias: np.ndarray  # (k,)
    penalties: np.ndarray  # (k,)
    held_out: np.ndarray  # (n, k) the scores of every row by a fit that did not see it


def fit_ridge(
    features: np.ndarray,
    targets: np.ndarray,
    groups: np.ndarray | None = None,
    changes: Sequence[np.ndarray] | None = None,
    change_weight: float = CHANGE_WEIGHT,
) -> LinearFit:
    """Ridge regression of targets (n, k) on features (n, d), each target's penalty chosen by cross-validation.

    Minimises |y - (Z w + b)|^2 + penalty |w|^2 over standardised features Z (Hoerl and Kennard 1970). All targets
    and folds share one pass over the features: forty attributes cost what one does.

    With `changes` also change_weight * n / m * |D w|^2 over the m rows D of a target, standardised by the same scale: a
    score then answers less to what differs in them.

    Args:
        features: (n, d).
        targets: (n, k), finite.
        groups: (n,) any labels; rows of one group (pictures of one photo) are held out together. None where every
            row is its own.
        changes: of each target, differences (m, d) between the features of two pictures of one thing that have the same
            target; m may be 0.
        change_weight: what a difference counts, 1 as much as a row.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    z = (features - mean) / scale
    basis = None
    if len(z) < z.shape[1]:  # fewer rows than features: the same problem, turned into the space of the rows
        basis, triangle = np.linalg.qr(z.T)
        z = triangle.T
    held = None
    if changes is not None:
        held = [_gram(one / scale if basis is None else one / scale @ basis, change_weight) for one in changes]
    fold = folds(len(z), groups)
    parts = [Sums.of(z[fold == k], targets[fold == k]) for k in np.unique(fold)]
    whole = sum(parts[1:], parts[0])
    held_out = np.empty((len(PENALTIES), *targets.shape))
    for k, part in zip(np.unique(fold), parts, strict=True):
        own = fold == k
        for i, (weights, bias) in enumerate(solve(whole - part, PENALTIES, held)):
            held_out[i, own] = z[own] @ weights + bias
    best = ((held_out - targets) ** 2).sum(axis=1).argmin(axis=0)
    at = np.arange(targets.shape[1])
    fits = solve(whole, PENALTIES, held)
    weights = np.stack([fits[i][0][:, j] for i, j in zip(best, at, strict=True)], axis=1)
    bias = np.array([fits[i][1][j] for i, j in zip(best, at, strict=True)])
    weights = (weights if basis is None else basis @ weights) / scale[:, None]
    penalties = np.array(PENALTIES)[best]
    return LinearFit(weights, bias - mean @ weights, penalties, held_out[best, :, at].T)


def folds(rows: int, groups: np.ndarray | None = None) -> np.ndarray:
    """The fold 0..FOLDS - 1 of every row, int (rows,), in a fixed random order; rows of one group share theirs."""
    if groups is None:
        groups = np.arange(rows)
    _, member = np.unique(groups, return_inverse=True)
    order = np.random.RandomState(0).permutation(member.max() + 1)
    return order[member] % FOLDS


@dataclass(frozen=True)
class Sums:
    """The sufficient statistics of least squares for some rows; those of parts add up to those of the whole."""

    rows: int
    z: np.ndarray  # (d,)
    y: np.ndarray  # (k,)
    zz: np.ndarray  # (d, d)
    zy: np.ndarray  # (d, k)

    @classmethod
    def of(cls, z: np.ndarray, y: np.ndarray) -> "Sums":
        return cls(len(z), z.sum(axis=0), y.sum(axis=0), z.T @ z, z.T @ y)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.rows + other.rows, self.z + other.z, self.y + other.y, self.zz + other.zz, self.zy + other.zy)

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(self.rows - other.rows, self.z - other.z, self.y - other.y, self.zz - other.zz, self.zy - other.zy)


def _gram(changes: np.ndarray, weight: float) -> np.ndarray:
    """The quadratic form (d, d) of standardised differences (m, d), as the mean of a row times `weight`."""
    return changes.T @ changes * (weight / max(len(changes), 1))


def solve(
    sums: Sums, penalties: tuple[float, ...], held: Sequence[np.ndarray] | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights (d, k) and bias (k,) for each penalty; the bias is not penalised.

    `held` are quadratic forms (d, d), one for each target: w' H w is added for each row.
    """
    mean, centre = sums.y / sums.rows, sums.z / sums.rows
    gram = sums.zz - sums.rows * np.outer(centre, centre)
    right = sums.zy - sums.rows * np.outer(centre, mean)
    found = []
    for penalty in penalties:
        penalised = gram + penalty * np.eye(len(gram))
        if held is None:
            weights = np.linalg.solve(penalised, right)
        else:
            of_targets = zip(held, right.T, strict=True)
            weights = np.stack([np.linalg.solve(penalised + sums.rows * h, r) for h, r in of_targets], axis=1)
        found.append((weights, mean - centre @ weights))
    return found


def log_odds(score: np.ndarray, truth: np.ndarray, steps: int = 50) -> tuple[float, float]:
    """Slope and offset that turn a score into log-odds of the truth: logistic regression in one dimension (Platt 1999).

    Newton's method on the likelihood with Platt's softened targets, so that perfectly separated classes end at a
    finite slope. Args: score float (n,), truth bool (n,) of both classes.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    spread = float(score.std()) or 1.0
    x = np.stack([(score - score.mean()) / spread, np.ones(len(score))], axis=1)
    beta = np.array([0.0, np.log((positives + 1) / (negatives + 1))])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, x.T @ (target - p))
        beta += np.clip(step, -2, 2)  # far from the optimum the quadratic model overshoots
        if np.abs(step).max() < 1e-9:
            break
    slope = beta[0] / spread
    return float(slope), float(beta[1] - slope * score.mean())


def auc(score: np.ndarray, truth: np.ndarray) -> float:
    """The probability that a row where truth holds scores above one where it does not, ties counting half.

    The area under the ROC curve, by ranks (Mann and Whitney 1947). NaN where truth (n,) bool has one class only.
    """
    truth = np.asarray(truth, bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2  # the mean rank, from 1, of equal scores
    return float((rank[place][truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def correlation(score: np.ndarray, truth: np.ndarray) -> float:
    """Pearson's correlation; NaN where either is constant."""
    score, truth = np.asarray(score, np.float64), np.asarray(truth, np.float64)
    if np.ptp(score) == 0 or np.ptp(truth) == 0:
        return float("nan")
    return float(np.corrcoef(score, truth)[0, 1])
