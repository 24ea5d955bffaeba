"""The look-alike of an aligned face, in three steps, each of which begins where the one before ended.

The encoder answers at once; the attributes that have sliders are moved to what the labels read from the face, which
finds the side of smile and perceived gender that the encoder misses on photos; refine.py brings the pixels closer.
"""

from typing import Protocol

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.one_photo import AlignedFace
from facegan.labels.label import label_faces
from facegan.model.encoder import FaceEncoder
from facegan.model.folder import ModelConfig
from facegan.model.refine import refined
from facegan.sliders.slider import SliderSet
from facegan.sliders.steer import steer

_FURTHEST = 2.5  # standard deviations of a score that a look-alike is moved to: beyond it faces melt


class Model(Protocol):
    """What is needed of a FaceModel."""

    config: ModelConfig
    encoder: FaceEncoder | None
    slider_set: SliderSet | None

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
    if model.slider_set is not None:
        first = labelled_alike(model.slider_set, face.image, first, framing)
    return refined(face.image, first, model.generate, framing, face.shown)


def labelled_alike(sliders: SliderSet, face: np.ndarray, latent: np.ndarray, framing: float) -> np.ndarray:
    """The latent float32 (d,) near `latent` whose scores, as the sliders predict them, are those read from a face."""
    mean, spread = (sliders.facts.get(name) for name in ("mean", "spread"))
    if not isinstance(mean, dict) or not isinstance(spread, dict):  # of an earlier version
        return latent
    labels = label_faces(face[None], framing, mirror=True)
    targets = sliders.surrogate.scores(latent[None])
    for column, name in enumerate(sliders.scores):
        known = all(isinstance(told.get(name), int | float) for told in (mean, spread))
        if name in labels.names and known and spread[name] > 0:
            score = (float(labels[name][0]) - mean[name]) / spread[name]
            targets[0, column] = np.clip(score, -_FURTHEST, _FURTHEST) if np.isfinite(score) else targets[0, column]
    return steer(sliders.surrogate, latent[None], targets, np.ones(len(sliders.scores), np.float32))[0]
