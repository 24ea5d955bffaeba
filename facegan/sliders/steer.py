"""Moves a latent so that its predicted scores become given ones."""

import numpy as np

from facegan.sliders.surrogate import Surrogate

STEPS = 8  # the gradient is computed anew at each
# The weight of the squared step of the latent against the squared error of a score in standard deviations. Small: a
# step costs as much as an error of a third of it in each score.
PENALTY = 0.1


def steer(
    surrogate: Surrogate,
    latents: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    steps: int = STEPS,
    penalty: float = PENALTY,
) -> np.ndarray:
    """Latents (n, d) near the given ones whose predicted scores are `targets` (n, k), in standard deviations.

    The scores go to their targets in equal steps, and each step is the shortest change of the latent that achieves it:
    W' D (D W W' D + penalty I)^-1 D r, with the gradients W, the remaining error r and D = diag(weights). This is a
    damped Gauss-Newton step (Levenberg 1944), in the form that inverts k x k. The target of a score that should stay is
    its old value, so the next step corrects what one step disturbs.
    """
    found = np.array(latents, np.float32)
    before = surrogate.scores(found)
    d = weights.astype(np.float32)
    for step in range(1, steps + 1):
        scores, gradients = surrogate.gradients(found)
        residuals = (before + (targets - before) * np.float32(step / steps) - scores) * d
        weighted = gradients * d[:, None]
        found += _step(weighted, residuals[..., None], penalty)
    return found


def _step(weighted: np.ndarray, residuals: np.ndarray, penalty: float) -> np.ndarray:
    """The step float32 (n, d), of the weighted gradients (n, k, d) and the weighted residuals (n, k, 1).

    The gradients of untrusted sliders can be so large that the penalty vanishes beside them in float32 and the
    equations become singular; up to surrogate.MAX_LIPSCHITZ they can be solved in float64.
    """
    try:
        step = _solve(weighted, residuals, penalty)
        if np.isfinite(step).all():
            return step
    except np.linalg.LinAlgError:
        pass
    return _solve(weighted.astype(np.float64), residuals.astype(np.float64), penalty).astype(np.float32)


def _solve(weighted: np.ndarray, residuals: np.ndarray, penalty: float) -> np.ndarray:
    back, one = weighted.transpose(0, 2, 1), np.eye(weighted.shape[1], dtype=weighted.dtype)
    return (back @ np.linalg.solve(weighted @ back + weighted.dtype.type(penalty) * one, residuals))[..., 0]
