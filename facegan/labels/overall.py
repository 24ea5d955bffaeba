"""What a whole picture has, whoever is in it."""

import numpy as np

from facegan.labels.colour import lab
from facegan.labels.crop import thumbnails

OVERALL = ("contrast", "saturation")  # of the whole picture, held as well
_COARSE = 8  # px: hair and skin, light and shade, and no detail


def overall(images: np.ndarray) -> np.ndarray:
    """Contrast (standard deviation of L*) and saturation (mean chroma) of whole pictures, float32 (n, 2).

    Networks that were fitted to photos read an open mouth more easily in a hard picture than in a soft one; what is
    held cannot be used so.
    """
    colours = lab(np.rint(thumbnails(images, _COARSE)).astype(np.uint8).reshape(len(images), -1, 3))
    return np.stack([colours[..., 0].std(axis=1), np.hypot(colours[..., 1], colours[..., 2]).mean(axis=1)], axis=1)
