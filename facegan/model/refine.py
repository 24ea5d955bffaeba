"""Brings a look-alike closer to a face: nonlinear least squares on the pixels, from the encoder's answer on.

The generator is smooth in its latents and small, so the derivative of the picture by each of the 100 latents is had by
drawing it with each moved a little: a Gauss-Newton step takes as long as drawing a hundred faces, and gains what
hundreds of steps of gradient descent would. Between two of those the derivative is corrected by what the last step has
shown (Broyden 1965, doi:10.1090/S0025-5718-1965-0198670-6), which draws a handful. numpy only.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from facegan.labels.crop import places

SIDE = 32  # px of the pictures that are compared: a finer one costs the same drawing and hardly changes the answer
DERIVATIVES = 3  # times that the derivative is taken anew; with two, generated faces stay 1.2 times as far away
_STEPS = 3  # with each of them
_MOVED = 0.2  # by which each latent is moved: less is lost in the rounding of colours
_SHARES = (1.0, 0.6, 0.3, 0.1)  # of a step, of which the best is taken
_BACKGROUND = 0.25  # the weight of a pixel beside the head; 1 in the face
# Times the mean squared difference of the weighted pixels, which stands for what the generator cannot draw of a face:
# of a generated face it vanishes, and of a photo, where it stays large, the latent stays near the first answer.
PENALTY = 4.0

Generate = Callable[[np.ndarray], np.ndarray]


def refined(
    face: np.ndarray,
    latent: np.ndarray,
    generate: Generate,
    framing: float,
    shown: np.ndarray | None = None,
    derivatives: int = DERIVATIVES,
    penalty: float = PENALTY,
) -> np.ndarray:
    """The latent float32 (d,) near `latent` (d,) whose picture is closest to an aligned face uint8 (H, H, 3).

    `generate` draws latents (n, d) as such faces. `shown`, bool (32, 32): which places count, all without it. The
    result is no worse than `latent` by what is minimised.
    """
    weights = _weights(framing) if shown is None else _weights(framing) * shown[..., None].astype(np.float32)
    wanted = _seen(face[None], weights)[0]
    found, picture = latent, _seen(generate(latent[None]), weights)[0]
    for _ in range(derivatives):
        weight = np.float32(penalty * np.square(wanted - picture).mean())
        cost = _cost(wanted - picture, found - latent, weight)
        around = found + _MOVED * np.eye(len(found), dtype=np.float32)
        slopes = (_seen(generate(around), weights) - picture) / np.float32(_MOVED)  # (d, pixels)
        for _ in range(_STEPS):
            normal = slopes @ slopes.T + weight * np.eye(len(found), dtype=np.float32)
            step = np.linalg.solve(normal, slopes @ (wanted - picture) - weight * (found - latent))
            tried = (found + np.multiply.outer(_SHARES, step)).astype(np.float32)
            pictures = _seen(generate(tried), weights)
            costs = [_cost(wanted - one, t - latent, weight) for one, t in zip(pictures, tried, strict=True)]
            best = int(np.argmin(costs))
            moved = tried[best] - found
            slopes += np.outer(moved, (pictures[best] - picture - moved @ slopes) / max(float(moved @ moved), 1e-12))
            if not costs[best] < cost:
                break
            found, picture, cost = tried[best], pictures[best], costs[best]
    return found


def _cost(missing: np.ndarray, moved: np.ndarray, weight: float) -> float:
    return float(missing @ missing + weight * (moved @ moved))


def _seen(images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pictures uint8 (n, H, H, 3) as they are compared: weighted means of squares in [-1, 1], float32 (n, pixels)."""
    n, size = images.shape[:2]
    factor = size // SIDE
    means = images.reshape(n, SIDE, factor, SIDE, factor, 3).mean(axis=(2, 4), dtype=np.float32)
    return ((means / np.float32(127.5) - 1) * weights).reshape(n, -1)


@cache
def _weights(framing: float) -> np.ndarray:
    """What a pixel counts, float32 (32, 32, 1): most from brows to chin, least beside the head."""
    x, y = places(SIDE, framing)
    inside = np.exp(-(((x / 1.15) ** 2 + ((y - 0.55) / 1.45) ** 2) ** 2))  # an ellipse with a soft edge
    return (_BACKGROUND + (1 - _BACKGROUND) * inside).astype(np.float32)[..., None]
