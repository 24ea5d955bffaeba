"""The pictures that the page shows small."""

import numpy as np

from facegan.demo.markup import THUMBNAIL_SIZE
from facegan.model.load import FaceModel


def draw_thumbnails(model: FaceModel, latents: np.ndarray) -> np.ndarray:
    """Images uint8 (n, H, W, 3) of the latents (n, 100), with H = W at least THUMBNAIL_SIZE where the model can.

    Without its upscaler if possible, whose images would only be reduced again: that takes a fifth of the time.
    """
    base = model.base
    return (base if base.size >= THUMBNAIL_SIZE else model).generate(latents)
