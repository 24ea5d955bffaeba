"""The networks of the judge, which are independent of those that sliders are fitted with.

`image_features` are the middle maps of EfficientNet-Lite0, trained on ImageNet: on other pictures and for another
purpose than the networks of labels/. On aligned faces its eighth block, in 4 x 4 cells, predicts people's labels far
better than its last features: CelebA's Smiling at an AUC of 0.955 against 0.875, Male at 0.988 against 0.966.

`identity_embeddings` are those of InsightFace's recognition network, if training has fetched it. It was trained to
recognise people with any expression, so the gender and age that are read from it hardly change with a smile.
"""

from functools import cache

import numpy as np
import onnxruntime as ort
import torch

from facegan.faces.align import Frame
from facegan.faces.person.recognise import EMBEDDING_SIZE, Recogniser, installed_network
from facegan.gan.metrics import efficientnet, enlarged, session_of
from facegan.labels.crop import CROP_CENTRE, CROP_WIDTH, SIDE, eye_line, face_crops

_BLOCKS, _CHANNELS, _CELLS = 8, 80, 4
FEATURE_SIZE = _CHANNELS * _CELLS**2
_BATCH = 16


class _MiddleMaps(torch.nn.Module):
    """Pixels float (n, 3, 128, 128) from 0 to 255 to the means of the cells, (n, 1280)."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        n = self.network
        x = n._swish(n._bn0(n._conv_stem((pixels - 127) / 128)))
        for block in n._blocks[:_BLOCKS]:
            x = block(x)
        return torch.nn.functional.avg_pool2d(x, 8 // _CELLS).flatten(1)  # the maps are 8 x 8


@cache
def _session() -> ort.InferenceSession:
    return session_of(_MiddleMaps(efficientnet()))


def image_features(images: np.ndarray, framing: float) -> np.ndarray:
    """Features float32 (n, 1280) of aligned faces uint8 (n, H, H, 3), of the same part of the face at every framing."""
    parts = [np.empty((0, FEATURE_SIZE), np.float32)]
    for start in range(0, len(images), _BATCH):
        crops = face_crops(images[start : start + _BATCH], framing).round().astype(np.uint8)
        parts.append(_session().run(None, {"images": enlarged(crops)})[0])
    return np.concatenate(parts)


@cache
def recogniser() -> Recogniser | None:
    network = installed_network()
    return Recogniser(network) if network else None


def can_recognise() -> bool:
    """Whether InsightFace's recognition network is on this machine."""
    return recogniser() is not None


def identity_embeddings(images: np.ndarray, framing: float, network: Recogniser | None = None) -> np.ndarray:
    """Embeddings float32 (n, 512) of aligned faces uint8 (n, H, H, 3).

    Of the same crop as `image_features`: what a wider framing shows beside a face would be another domain. Without
    `network` they are of the one that training has fetched.
    """
    network = network or recogniser()
    if network is None:
        raise RuntimeError("InsightFace's recognition network is not on this machine.")
    middle, unit = eye_line(SIDE, 1.0)
    places = (Frame(SIDE, 1.0).template() - middle) / unit
    keypoints = ((places - CROP_CENTRE) / CROP_WIDTH + 0.5) * SIDE - 0.5
    found = np.empty((len(images), EMBEDDING_SIZE), np.float32)
    for row in range(len(images)):
        crop = face_crops(images[row : row + 1], framing)[0].round().clip(0, 255).astype(np.uint8)
        found[row] = network.embed(crop, keypoints)
    return found
