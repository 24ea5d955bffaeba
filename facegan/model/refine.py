"""Brings a look-alike closer to a face: by the pixels, by what the labels read, and by how typical its latent is.

What is minimised is the negative logarithm of a probability. The differences of the pixels are normally distributed
with a variance that nobody knows, and the most probable one put in leaves the logarithm of their squares. So of a
generated face, which can be drawn exactly, they count for more and more, and of a photo, of which much cannot be drawn,
the latent stays near the middle, where faces are typical.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from facegan.labels.crop import places
from facegan.model.derivative import SIDE
from facegan.model.minimise import minimised
from facegan.sliders.surrogate import Surrogate

EVALUATIONS = 70  # of the picture and its derivative, as long as drawing three faces each; with 100 little is gained
_BACKGROUND = 0.25  # the weight of a difference beside the head; 1 in the face
_INDEPENDENT = (
    1000  # of the 3,072 differences: neighbours go wrong together. with 300 and 3,000 look-alikes are as near
)
_ROUNDING = 0.02  # of the loss: what colours in whole levels leave, so that its logarithm has a bottom
_READINGS = 60.0  # the weight of a squared standard deviation of a score; with 0 a smaller share agrees on gender
_TOLERANCE = 1e-3

# Latents (n, d), a face (3, 32, 32) and weights (32, 32) to losses (n,) and their derivatives (n, d).
Derivative = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Readings:
    """What the labels read from the face: `scores` float32 (k,) of the surrogate's, where `known`, bool (k,)."""

    surrogate: Surrogate
    scores: np.ndarray
    known: np.ndarray


def refined(
    face: np.ndarray,
    latent: np.ndarray,
    derivative: Derivative,
    framing: float,
    shown: np.ndarray | None = None,
    readings: Readings | None = None,
    evaluations: int = EVALUATIONS,
) -> np.ndarray:
    """The latent float32 (d,), from `latent` (d,) on, whose picture is most like an aligned face uint8 (H, H, 3).

    `derivative`: a model.derivative.Derivative. `shown`, bool (32, 32): which places count, all without it. The result
    is no worse than `latent` by what is minimised.
    """
    weights = _weights(framing) if shown is None else _weights(framing) * shown
    wanted = _reduced(face)

    def function(point: np.ndarray) -> tuple[float, np.ndarray]:
        point = point.astype(np.float32)
        losses, slopes = derivative(point[None], wanted, weights)
        loss = float(losses[0]) + _ROUNDING
        value = _INDEPENDENT * np.log(loss) + float(point @ point)
        slope = slopes[0] * (_INDEPENDENT / loss) + 2 * point
        if readings is not None:
            scores, gradients = readings.surrogate.gradients(point[None])
            missing = (scores[0] - readings.scores) * readings.known
            value += _READINGS * float(missing @ missing)
            slope = slope + 2 * _READINGS * (missing @ gradients[0])
        return value, slope.astype(np.float64)

    return minimised(function, latent, evaluations, _TOLERANCE).astype(np.float32)


def _reduced(face: np.ndarray) -> np.ndarray:
    """A face uint8 (H, H, 3) as pictures are compared: means of squares in [-1, 1], float32 (3, 32, 32)."""
    factor = len(face) // SIDE
    means = face.reshape(SIDE, factor, SIDE, factor, 3).mean(axis=(1, 3), dtype=np.float32)
    return np.ascontiguousarray(means.transpose(2, 0, 1)) / np.float32(127.5) - 1


@cache
def _weights(framing: float) -> np.ndarray:
    """What a squared difference counts, float32 (32, 32): most from brows to chin, least beside the head."""
    x, y = places(SIDE, framing)
    inside = np.exp(-(((x / 1.15) ** 2 + ((y - 0.55) / 1.45) ** 2) ** 2))  # an ellipse with a soft edge
    return np.square(_BACKGROUND + (1 - _BACKGROUND) * inside).astype(np.float32)
