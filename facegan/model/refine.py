"""Brings a look-alike closer to a face: by pixels and maps, by what the labels read, and by how typical its latent is.

What is minimised is the negative logarithm of a probability. The differences of the pixels are normally distributed
with a variance that nobody knows, and the most probable one put in leaves the logarithm of their squares. So of a
generated face, which can be drawn exactly, they count for more and more, and of a photo, of which much cannot be drawn,
the latent stays near the middle, where faces are typical.

The first steps compare pixels only, which is fast. The last steps also compare the maps of a pre-trained network
(perceptual.py), which is three times as slow and captures what means over 4 x 4 px do not show: edges, hair, the eyes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from facegan.labels.crop import crop_matrices, places
from facegan.model.minimise import Function, minimise
from facegan.model.perceptual import ROUNDING, LossWeights, PerceptualLoss
from facegan.model.pixel_loss import SIDE
from facegan.sliders.surrogate import Surrogate

EVALUATIONS = 35  # of the pixel loss, each as long as drawing three faces
EVALUATIONS_OF_MAPS = 50  # of the perceptual loss, each as long as drawing five faces
_BACKGROUND = 0.25  # the weight of a difference beside the head; 1 in the face
# How many of the 3,072 differences count as independent, because the errors of neighbouring pixels are correlated. With
# 300 and 3,000 look-alikes are as near.
_INDEPENDENT = 1000
# With 1,000 for the maps held-out faces are 0.02 further by another network; with 8,000 no nearer, and colours worse.
_LOSS_WEIGHTS = LossWeights(pixels=_INDEPENDENT, maps=4000)
_READINGS = 60.0  # the weight of a squared standard deviation of a score; with 0 a smaller share agrees on gender
_TOLERANCE = 1e-3

# Latents (n, d), a face (3, 32, 32) and weights (32, 32) to losses (n,) and their gradients (n, d).
Loss = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Readings:
    """What the labels read from the face: `scores` float32 (k,) of the surrogate's, where `known`, bool (k,)."""

    surrogate: Surrogate
    scores: np.ndarray
    known: np.ndarray


def refined(
    face: np.ndarray,
    latent: np.ndarray,
    pixel_loss: Loss,
    framing: float,
    shown: np.ndarray | None = None,
    readings: Readings | None = None,
    perceptual_loss: PerceptualLoss | None = None,
    evaluations: int = EVALUATIONS,
) -> np.ndarray:
    """The latent float32 (d,), from `latent` (d,) on, whose picture is most like an aligned face uint8 (H, H, 3).

    `pixel_loss`: a PixelLoss. `shown`, bool (32, 32): which pixels count; None for all. `perceptual_loss`: of the same
    generator; not used where a part of the face is not shown. The result is no worse than `latent` by the loss that is
    minimised.
    """
    weights = _weights(framing) if shown is None else _weights(framing) * shown
    wanted = _reduced(face)

    def by_pixels(point: np.ndarray) -> tuple[float, np.ndarray]:
        losses, gradients = pixel_loss(point, wanted, weights)
        loss = float(losses[0]) + float(ROUNDING)
        return _INDEPENDENT * np.log(loss), gradients * (_INDEPENDENT / loss)

    found = minimise(_with_latent(by_pixels, readings), latent, evaluations, _TOLERANCE)
    if perceptual_loss is not None and (shown is None or _whole(shown, framing)):
        maps = perceptual_loss.maps(_floats(face)[None])

        def by_maps(point: np.ndarray) -> tuple[float, np.ndarray]:
            return perceptual_loss(point, wanted, weights, maps, _LOSS_WEIGHTS)

        found = minimise(_with_latent(by_maps, readings), found, EVALUATIONS_OF_MAPS, _TOLERANCE)
    return found.astype(np.float32)


# A latent float32 (1, d) to a value and its gradient (1, d).
_Value = Callable[[np.ndarray], tuple[float, np.ndarray]]


def _with_latent(of_picture: _Value, readings: Readings | None) -> Function:
    """The loss of the picture plus two penalties of the latent: its squared length, and its error in the readings."""

    def function(point: np.ndarray) -> tuple[float, np.ndarray]:
        point = point.astype(np.float32)
        value, gradients = of_picture(point[None])
        value, gradient = value + float(point @ point), gradients[0] + 2 * point
        if readings is not None:
            scores, score_gradients = readings.surrogate.gradients(point[None])
            missing = (scores[0] - readings.scores) * readings.known
            value += _READINGS * float(missing @ missing)
            gradient = gradient + 2 * _READINGS * (missing @ score_gradients[0])
        return value, gradient.astype(np.float64)

    return function


def _whole(shown: np.ndarray, framing: float) -> bool:
    """Whether all that the maps see of a face is shown, bool (32, 32)."""
    across, down = crop_matrices(SIDE, framing)
    return bool((down @ shown.astype(np.float32) @ across.T).min() > 0.99)


def _floats(face: np.ndarray) -> np.ndarray:
    """A face uint8 (H, H, 3) as float32 (3, H, H) in [-1, 1]."""
    return np.ascontiguousarray(face.transpose(2, 0, 1), np.float32) / np.float32(127.5) - 1


def _reduced(face: np.ndarray) -> np.ndarray:
    """A face uint8 (H, H, 3) as pictures are compared: means of squares in [-1, 1], float32 (3, 32, 32)."""
    factor = len(face) // SIDE
    return _floats(face.reshape(SIDE, factor, SIDE, factor, 3).mean(axis=(1, 3), dtype=np.float32))


@cache
def _weights(framing: float) -> np.ndarray:
    """What a squared difference counts, float32 (32, 32): most from brows to chin, least beside the head."""
    x, y = places(SIDE, framing)
    inside = np.exp(-(((x / 1.15) ** 2 + ((y - 0.55) / 1.45) ** 2) ** 2))  # an ellipse with a soft edge
    return np.square(_BACKGROUND + (1 - _BACKGROUND) * inside).astype(np.float32)
