"""The look-alike of an aligned face, in three steps, each of which starts from the result of the one before.

The encoder gives the first latent. Then the attributes that have sliders are moved to the scores that the label
networks read from the face, because on photos the encoder often gets the smile or the perceived gender wrong. Last,
refine.py minimises the difference in pixels and feature maps, and holds the attributes.
"""

from typing import Protocol

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.one_photo import AlignedFace
from facegan.labels.label import label_faces
from facegan.model.encoder import FaceEncoder
from facegan.model.folder import ModelConfig
from facegan.model.refine import Readings, refined
from facegan.sliders.slider import SliderSet
from facegan.sliders.steer import steer

_FURTHEST = 2.5  # standard deviations, the largest score that a look-alike is moved to: beyond it faces are distorted


class Model(Protocol):
    """What is needed of a FaceModel."""

    config: ModelConfig
    encoder: FaceEncoder | None
    slider_set: SliderSet | None

    def generate(self, latents: np.ndarray) -> np.ndarray: ...


def frame_of(config: ModelConfig) -> Frame:
    """How a model's faces are framed; the default where its config does not say (facts.framing_of raises)."""
    framing = config.data.get("framing")
    sensible = isinstance(framing, int | float) and 0.3 <= framing <= 1.5
    return Frame(config.image_size, framing) if sensible else Frame(config.image_size)


def find_look_alike(model: Model, face: AlignedFace) -> np.ndarray:
    """The latent float32 (d,) of the face of `model`, which has an encoder, that is most like an aligned face."""
    framing = frame_of(model.config).framing
    latent = model.encoder.latents(face.image[None], model.generate)[0]
    readings = readings_of(model.slider_set, face.image, framing)
    if readings is not None:
        latent = labelled_alike(readings, latent)
    encoder = model.encoder
    return refined(face.image, latent, encoder.pixel_loss, framing, face.shown, readings, encoder.perceptual_loss)


def readings_of(sliders: SliderSet | None, face: np.ndarray, framing: float) -> Readings | None:
    """What the labels read from an aligned face uint8 (H, H, 3); None for sliders that do not say how they are read."""
    mean, spread = (sliders.facts.get(name) if sliders else None for name in ("mean", "spread"))
    if not isinstance(mean, dict) or not isinstance(spread, dict):  # of an earlier version
        return None
    labels = label_faces(face[None], framing, mirror=True)
    scores, known = np.zeros(len(sliders.scores), np.float32), np.zeros(len(sliders.scores), bool)
    for column, name in enumerate(sliders.scores):
        given = all(isinstance(one.get(name), int | float) for one in (mean, spread))
        if name in labels.names and given and spread[name] > 0:
            score = (float(labels[name][0]) - mean[name]) / spread[name]
            scores[column] = np.clip(np.nan_to_num(score), -_FURTHEST, _FURTHEST)
            known[column] = np.isfinite(score)
    return Readings(sliders.surrogate, scores, known)


def labelled_alike(readings: Readings, latent: np.ndarray) -> np.ndarray:
    """The latent float32 (d,) near `latent` whose scores, as the sliders predict them, are the readings."""
    targets = np.where(readings.known, readings.scores, readings.surrogate.scores(latent[None]))
    return steer(readings.surrogate, latent[None], targets, np.ones(len(readings.known), np.float32))[0]
