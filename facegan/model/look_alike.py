"""The look-alike of an aligned face: the encoder answers at once, and refine.py brings the pixels closer.

A third step was tried and left out: to move the attributes that have sliders to what the labels read from the face.
It made look-alikes of held-out faces worse by every figure but age (docs/measurements/lookalike.md).
"""

from typing import Protocol

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.one_photo import AlignedFace
from facegan.model.encoder import FaceEncoder
from facegan.model.folder import ModelConfig
from facegan.model.refine import refined


class Model(Protocol):
    """What is needed of a FaceModel."""

    config: ModelConfig
    encoder: FaceEncoder | None

    def generate(self, latents: np.ndarray) -> np.ndarray: ...


def framed(config: ModelConfig) -> Frame:
    """How a model's faces are framed."""
    framing = config.data.get("framing")
    sensible = isinstance(framing, int | float) and 0.3 <= framing <= 1.5
    return Frame(config.image_size, framing) if sensible else Frame(config.image_size)


def find_look_alike(model: Model, face: AlignedFace) -> np.ndarray:
    """The latent float32 (d,) of the face of `model`, which has an encoder, that is most like an aligned face."""
    framing = framed(model.config).framing
    first = model.encoder.latents(face.image[None], model.generate)[0]
    return refined(face.image, first, model.generate, framing, face.shown)
