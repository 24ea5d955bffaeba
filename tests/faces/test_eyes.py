"""Closed eyes and dark glasses, on AI-made people and on faces that are painted here."""

import cv2
import numpy as np
import pytest

from facegan.faces import eyes
from facegan.faces.eyes import CROP_SIDE, FEATURE_SIZE, eye_features, read_eyes
from facegan.faces.options import FaceOptions

EYE_HEIGHT = 55.5 - 0.54 * 112 / 2.6  # px in the crop: its middle less 0.54 of 112 / 2.6 px between the eyes
LEFT, RIGHT = 55.5 - 56 / 2.6, 55.5 + 56 / 2.6


def with_shades(rgb: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """The photo with two black lenses and a bridge over the eyes."""
    painted, unit = rgb.copy(), float(np.linalg.norm(keypoints[1] - keypoints[0]))
    for x, y in keypoints[:2]:
        cv2.ellipse(
            painted, (round(x), round(y)), (round(0.42 * unit), round(0.32 * unit)), 0, 0, 360, (18, 18, 20), -1
        )
    ends = [tuple(round(float(value)) for value in point) for point in keypoints[:2] - (0, 0.1 * unit)]
    cv2.line(painted, *ends, (18, 18, 20), max(2, round(0.06 * unit)))
    return painted


def with_lids(rgb: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """The photo with the skin of the cheeks over the eyes, and a lash line along its lower edge."""
    painted, unit = rgb.copy(), float(np.linalg.norm(keypoints[1] - keypoints[0]))
    for x, y in keypoints[:2]:
        skin = rgb[round(y + 0.5 * unit), round(x)].tolist()
        size, centre = (round(0.27 * unit), round(0.17 * unit)), (round(x), round(y))
        cv2.ellipse(painted, centre, size, 0, 0, 360, skin, -1)
        dark = [round(0.3 * value) for value in skin]
        cv2.ellipse(painted, centre, size, 0, 20, 160, dark, max(2, round(0.05 * unit)))
    return cv2.GaussianBlur(painted, (0, 0), 0.02 * unit)


@pytest.fixture(scope="module")
def seen(scrfd, portrait) -> np.ndarray:
    return scrfd.detect(portrait)[0].keypoints


def test_open_eyes_shades_and_lids(portrait, seen):
    closed, shades = read_eyes(portrait, seen)
    assert closed < -2
    assert shades < -2
    assert read_eyes(with_shades(portrait, seen), seen)[1] > FaceOptions().max_shades
    assert read_eyes(with_lids(portrait, seen), seen)[0] > FaceOptions().max_closed_eyes


def test_a_mirrored_face_reads_the_same(portrait, seen):
    mirrored = seen[[1, 0, 2, 4, 3]].copy()
    mirrored[:, 0] = portrait.shape[1] - 1 - mirrored[:, 0]
    turned = read_eyes(np.ascontiguousarray(portrait[:, ::-1]), mirrored)
    assert np.allclose(turned, read_eyes(portrait, seen), atol=0.5)


def test_gradients_point_from_dark_to_bright():
    crop = np.full((CROP_SIDE, CROP_SIDE, 3), 40, np.uint8)
    crop[round(EYE_HEIGHT) + 1 :] = 200  # dark above, bright below: every gradient points down, a quarter turn
    features = eye_features(crop)
    histograms = features[: 8 * 5 * 8].reshape(8, 5, 8)  # directions, rows, columns
    assert features.shape == (FEATURE_SIZE,)
    assert np.allclose(histograms[[0, 1, 3, 4, 5, 6, 7]], 0, atol=1e-5)
    assert np.flatnonzero(histograms[2].sum(axis=1) > 1e-5).tolist() == [2]  # the middle row of cells
    assert np.linalg.norm(histograms) == pytest.approx(1, abs=0.01)


def test_brightness_is_that_of_the_cheeks():
    crop = np.full((CROP_SIDE, CROP_SIDE, 3), 150, np.uint8)
    cv2.circle(crop, (round(LEFT), round(EYE_HEIGHT)), 16, (30, 30, 30), -1)
    cv2.circle(crop, (round(RIGHT), round(EYE_HEIGHT)), 16, (60, 60, 60), -1)
    brightness = eye_features(crop)[8 * 5 * 8 :].reshape(5, 8)
    assert brightness[2, 4] == pytest.approx((30 / 150 + 60 / 150) / 2, abs=0.01)
    dark = np.zeros_like(crop)
    assert np.allclose(eye_features(dark), 0)  # and no division by nothing


def test_the_weights_fit_the_features():
    weights, bias = eyes._weights()
    assert weights.shape == (FEATURE_SIZE, len(eyes.STATES))
    assert bias.shape == (len(eyes.STATES),)
