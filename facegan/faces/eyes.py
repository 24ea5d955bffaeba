"""Detects closed eyes and dark glasses from the pixels of both eyes.

A linear classifier on histograms of oriented gradients (Dalal and Triggs 2005) and brightness. tools/fit_eye_states.py
fitted it to FairFace photos that were labelled by eye. Landmark networks do not suffice: they find open eyes in every
face.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from safetensors.numpy import load

from facegan.base.errors import FaceGANError
from facegan.faces.align import KEYPOINT_WEIGHTS, Frame, Halves, eye_distance, similarity_transform, warp

CROP_SIDE = 112  # px of the upright face from which the eyes are cropped
_CROP_WIDTH, _CROP_BELOW = 2.6, 0.54  # eye distances: width of that crop, and its centre below the eyes
_UNIT = CROP_SIDE / _CROP_WIDTH  # px between the eyes
_EYE_SIZE, _EYE_PIXELS = (0.56, 0.36), (32, 20)  # width and height of the crop of an eye: eye distances, px
_CELL, _ORIENTATIONS = 4, 8  # px of a cell; bins of directions from 0 to 360 degrees
_CHEEKS = (0.45, 0.8, 0.25, 0.6)  # eye distances: top and bottom below the eyes, inner and outer from the middle
_DARKEST_CHEEK, _BRIGHTEST = (
    20.0,
    2.0,
)  # least luma of cheeks; most luma of an eye, relative to cheeks
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
FEATURE_SIZE = (_EYE_PIXELS[0] // _CELL) * (_EYE_PIXELS[1] // _CELL) * (_ORIENTATIONS + 1)
STATES = ("open", "closed", "shades")  # the columns of the weights


def read_eyes(photo: np.ndarray | Halves, keypoints: np.ndarray) -> tuple[float, float]:
    """The log-odds of closed against open eyes, and of dark glasses against the more likely of these two.

    Args:
        photo: uint8 (H, W, 3).
        keypoints: (5, 2) in its pixels.
    """
    weights, bias = _weights()
    is_open, closed, shades = eye_features(upright_face(photo, keypoints)) @ weights + bias
    return float(closed - is_open), float(shades - max(is_open, closed))


def upright_face(photo: np.ndarray | Halves, keypoints: np.ndarray) -> np.ndarray:
    """The crop of a photo that `eye_features` reads, uint8 (112, 112, 3), from its keypoints (5, 2)."""
    transform = similarity_transform(np.asarray(keypoints, float), _crop_template(), KEYPOINT_WEIGHTS)
    return warp(photo, transform, CROP_SIDE)


def eye_features(crop: np.ndarray) -> np.ndarray:
    """The features of a face, float32 (FEATURE_SIZE,): the mean of those of one eye and of the mirrored other one.

    Args:
        crop: the upright face, uint8 (112, 112, 3), of `upright_face`.
    """
    import cv2

    middle = (CROP_SIDE - 1) / 2
    height = middle - _CROP_BELOW * _UNIT
    scale_x, scale_y = (pixels / (share * _UNIT) for pixels, share in zip(_EYE_PIXELS, _EYE_SIZE, strict=True))
    eyes = []
    for side in (-1, 1):
        x = middle + side * _UNIT / 2
        placed = np.array(
            [
                [scale_x, 0, (_EYE_PIXELS[0] - 1) / 2 - x * scale_x],
                [0, scale_y, (_EYE_PIXELS[1] - 1) / 2 - height * scale_y],
            ]
        )
        eye = cv2.warpAffine(crop, placed, _EYE_PIXELS, flags=cv2.INTER_LINEAR).astype(np.float32) @ _LUMA
        eyes.append(eye if side < 0 else eye[:, ::-1])
    cheek = max(_cheek_luma(crop, height), _DARKEST_CHEEK)
    both = [np.concatenate([_gradients(eye), np.minimum(_cells(eye).ravel() / cheek, _BRIGHTEST)]) for eye in eyes]
    return np.mean(both, axis=0).astype(np.float32)


def _gradients(eye: np.ndarray) -> np.ndarray:
    """Histograms of gradient directions in cells, direction by direction; clipped at 0.25 as in Lowe's SIFT."""
    across, down = np.zeros_like(eye), np.zeros_like(eye)
    across[:, 1:-1] = eye[:, 2:] - eye[:, :-2]
    down[1:-1] = eye[2:] - eye[:-2]
    strength = np.hypot(across, down)
    direction = (np.arctan2(down, across) % (2 * np.pi)) * (_ORIENTATIONS / (2 * np.pi))
    lower = np.floor(direction).astype(int)
    share = direction - lower
    histogram = np.stack(
        [
            _cells(strength * ((1 - share) * (lower % _ORIENTATIONS == k) + share * ((lower + 1) % _ORIENTATIONS == k)))
            for k in range(_ORIENTATIONS)
        ]
    ).ravel() * (_CELL * _CELL)  # sums instead of means, so that the 1e-3 below is negligible
    histogram = np.minimum(histogram / (np.linalg.norm(histogram) + 1e-3), 0.25)
    return histogram / (np.linalg.norm(histogram) + 1e-3)


def _cells(eye: np.ndarray) -> np.ndarray:
    """Means over cells of 4 x 4 pixels."""
    width, height = _EYE_PIXELS
    return eye.reshape(height // _CELL, _CELL, width // _CELL, _CELL).mean(axis=(1, 3))


def _cheek_luma(crop: np.ndarray, eye_height: float) -> float:
    """The mean luma of both cheeks."""
    middle = (CROP_SIDE - 1) / 2
    top, bottom = (int(eye_height + below * _UNIT) for below in _CHEEKS[:2])
    near, far = (aside * _UNIT for aside in _CHEEKS[2:])
    sides = ((middle - far, middle - near), (middle + near, middle + far))
    return float(np.mean([(crop[top:bottom, int(a) : int(b)] @ _LUMA).mean() for a, b in sides]))


@cache
def _crop_template() -> np.ndarray:
    """The positions of the keypoints in the crop, (5, 2) pixels."""
    points = Frame(CROP_SIDE).template()
    in_eye_distances = (points - points[:2].mean(axis=0)) / eye_distance(points)
    return (in_eye_distances - (0.0, _CROP_BELOW)) * _UNIT + (CROP_SIDE - 1) / 2


@cache
def _weights() -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias of the classifier, float32 (FEATURE_SIZE, 3) and (3,), in the order of STATES."""
    try:
        tensors = load(files("facegan").joinpath("assets", "eye_states", "eye_states.safetensors").read_bytes())
        return tensors["weights"], tensors["bias"]
    except Exception as error:  # the file is missing, damaged or incomplete
        raise FaceGANError(
            f"The installed eye_states.safetensors is damaged ({error}): install FaceGAN again."
        ) from None
