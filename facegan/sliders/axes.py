"""Which entries of a latent control attributes.

A generator that learned from known latents (gan/known_latents.py), or from attributes (gan/attributes.py), has entries
that each control one attribute. A slider that changes only the entry of its attribute leaves the others, which make the
person, as they are.
"""

import numpy as np

from facegan.base.curves import EntryCurves
from facegan.sliders.slider import END

# The sliders that change the entry of their attribute alone where it has one. By the judge's 100 faces they are better
# so than steered by the surrogate: an open mouth crosses the boundary in 100 % of faces in place of 85 %, a smile leaks
# at most 0.20 in place of 0.33, a turned head is more like the unmoved one (0.73 in place of 0.68). Gender and glasses
# have steep curves, along which the surrogate finds no gradient: glasses cross in 99 % in place of 82 %. Others leak
# more along their entries, age 0.19 in place of 0.13 on average: the faces learned from already had those leaks.
# (docs/measurements/sliders.md)
ALONG_ENTRY = ("gender", "smile", "glasses", "turn", "mouth_open")
LEAST_SHARE = 0.8  # of the variance of a score that all entries explain together, which the entry must explain alone


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


def directions_along(latents: np.ndarray, scores: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The direction of each slider that moves along an entry, 1 or -1 at it; 0 for the others. float32 (s, d).

    Args:
        latents: (n, d).
        scores: (n, s), what the sliders move, NaN where a face does not show it.
        names: of the s sliders.
    """
    found = np.zeros((len(names), latents.shape[1]), np.float32)
    for row, name in enumerate(names):
        if name in ALONG_ENTRY and (entry := axis_of(latents, scores[:, row])) is not None:
            known = np.isfinite(scores[:, row])
            found[row, entry] = np.sign(np.cov(latents[known, entry], scores[known, row])[0, 1])
    return found


def ends_along(along: np.ndarray, ends: np.ndarray, curves: EntryCurves) -> np.ndarray:
    """The ends float32 (s, 2) of sliders, those along an entry END standard deviations of its curve from its middle.

    Args:
        along: (s, d), of `directions_along`.
        ends: (s, 2), of the other sliders.
        curves: of the last entries of a latent.
    """
    found = ends.astype(np.float32)
    first = along.shape[1] - len(curves)
    for row in np.flatnonzero(along.any(axis=1)):
        entry = int(np.abs(along[row]).argmax())
        centre, steepness = curves[entry - first] if entry >= first else (0.0, 1.0)
        middle = centre * np.sign(along[row, entry])
        found[row] = middle - END / steepness, middle + END / steepness
    return found
