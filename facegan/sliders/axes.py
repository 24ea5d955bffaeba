"""Which entries of a latent control attributes.

A generator that learned from known latents (gan/known_latents.py), or from attributes (gan/attributes.py), has entries
that each control one attribute. Sliders that change only these leave the others, which make the person, as they are.
"""

import numpy as np

LEAST_SHARE = 0.8  # of what all entries of a latent together say about a score, which the entry of its own must say


def axis_of(latents: np.ndarray, score: np.ndarray) -> int | None:
    """The entry of latents (n, d) that controls the score (n,); None where no single one does. NaN are left out.

    Both shares are of the score's variance, as linear regressions explain it.
    """
    known = np.isfinite(score)
    if known.sum() < 2 * latents.shape[1]:
        return None
    z, s = (values[known] - values[known].mean(axis=0) for values in (latents.astype(np.float64), score))
    products = z.T @ s
    explained = products @ np.linalg.lstsq(z.T @ z, products, rcond=None)[0]
    by_one = products**2 / np.maximum((z**2).sum(axis=0), 1e-12)
    best = int(by_one.argmax())
    return best if explained > 0 and by_one[best] >= LEAST_SHARE * explained else None


def free_entries(latents: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Float32 (s, d), 1 where the slider of a score (column of (n, s)) may change the entry of latents (n, d).

    A slider whose attribute has an entry of its own may change that one, and those of the other attributes to hold them
    still. Any other slider may change all entries.
    """
    axes = [axis_of(latents, score) for score in scores.T]
    controls = np.zeros(latents.shape[1], np.float32)
    controls[[axis for axis in axes if axis is not None]] = 1
    return np.stack([np.ones_like(controls) if axis is None else controls for axis in axes])
