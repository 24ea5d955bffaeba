"""Scores of the whole picture: attributes.OVERALL."""

import numpy as np

from facegan.labels.colour import lab
from facegan.labels.crop import thumbnails

_COARSE = 8  # px: hair and skin, light and shade, and no detail


def overall(images: np.ndarray) -> np.ndarray:
    """Contrast (standard deviation of L*) and saturation (mean chroma) of whole pictures, float32 (n, 2).

    Networks that were fitted to photos find an open mouth more easily in a picture of high contrast. Sliders hold both
    scores, so that none can move its attribute by changing the contrast.
    """
    colours = lab(np.rint(thumbnails(images, _COARSE)).astype(np.uint8).reshape(len(images), -1, 3))
    return np.stack([colours[..., 0].std(axis=1), np.hypot(colours[..., 1], colours[..., 2]).mean(axis=1)], axis=1)
