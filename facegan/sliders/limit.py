"""Where a slider ends for one face: before a detector would no longer be sure that it is one.

How sure the detector is gets foretold from the latent by a second small network, so that a limit needs no picture.
numpy only.
"""

from dataclasses import dataclass

import numpy as np

from facegan.sliders.surrogate import Surrogate

PARTS = 4  # equal parts of a way, after each of which the certainty is foretold
# Of its way every slider goes, so that no slider is dead. Faces that begin beyond the limit would not move otherwise.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Limit:
    """`certainty` foretells how sure the detector is of a face, in standard deviations of unmoved faces around their
    mean; no face is moved to where that is under `least`."""

    certainty: Surrogate
    least: float

    def shares(self, ways: np.ndarray) -> np.ndarray:
        """How much of its way each face may go, float32 (n,) from LEAST_SHARE to 1.

        `ways` (PARTS + 1, n, d): the latents at its start, after each of its parts and at its end.
        """
        points, n, d = ways.shape
        return shares_of(self.certainty.scores(ways.reshape(-1, d))[:, 0].reshape(points, n), self.least)


def shares_of(certainty: np.ndarray, least: float) -> np.ndarray:
    """The share float32 (n,) of each way before its certainty (p + 1, n), at equal distances, falls under `least`.

    A face that begins under it must not get worse.
    """
    parts = len(certainty) - 1
    allowed = np.minimum(certainty[0], least)
    under = certainty < allowed
    falls = under.any(axis=0)
    after = np.where(falls, under.argmax(axis=0), parts)
    faces = np.arange(certainty.shape[1])
    high, low = certainty[after - 1, faces], certainty[after, faces]
    within = np.where(falls, (high - allowed) / np.maximum(high - low, 1e-9), 1.0)
    return np.clip((after - 1 + within) / parts, LEAST_SHARE, 1).astype(np.float32)
