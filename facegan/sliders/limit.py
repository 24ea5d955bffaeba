"""Where a slider ends for one face: before a face detector would become unsure that it is a face.

A second small network predicts the certainty of the detector from the latent, so no picture has to be drawn. numpy
only.
"""

from dataclasses import dataclass

import numpy as np

from facegan.sliders.surrogate import Surrogate

PARTS = 4  # equal parts of a path, after each of which the certainty is predicted
# Of its path that every slider may always go. Without it a face that starts beyond the limit would not move at all.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Limit:
    """`certainty` predicts how sure the detector is of a face, in standard deviations of unmoved faces around their
    mean. No face is moved to a latent where that is below `least`."""

    certainty: Surrogate
    least: float

    def shares(self, paths: np.ndarray) -> np.ndarray:
        """The share of its path that each face may go, float32 (n,) from LEAST_SHARE to 1.

        `paths` (PARTS + 1, n, d): the latents at the start of each path and after each of its PARTS parts.
        """
        points, n, d = paths.shape
        return shares_of(self.certainty.scores(paths.reshape(-1, d))[:, 0].reshape(points, n), self.least)


def shares_of(certainty: np.ndarray, least: float) -> np.ndarray:
    """The share float32 (n,) of each path before its certainty falls below `least`.

    `certainty` (p + 1, n): at equal distances along the paths. Where it starts below `least` it must not get lower.
    """
    parts = len(certainty) - 1
    allowed = np.minimum(certainty[0], least)
    below = certainty < allowed
    falls = below.any(axis=0)
    after = np.where(falls, below.argmax(axis=0), parts)
    faces = np.arange(certainty.shape[1])
    high, low = certainty[after - 1, faces], certainty[after, faces]
    fraction = np.where(falls, (high - allowed) / np.maximum(high - low, 1e-9), 1.0)
    return np.clip((after - 1 + fraction) / parts, LEAST_SHARE, 1).astype(np.float32)
