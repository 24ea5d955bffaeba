"""The spread of the eye positions over all faces, which shows what alignment achieves."""

from dataclasses import dataclass

import numpy as np

from facegan.faces.align import Frame, apply_transform, eye_distance
from facegan.faces.detectors.detector import Detector
from facegan.faces.records import PhotoRecord

UNIT = 128  # px: spreads are given in pixels of pictures with this side, whatever the size of the faces


@dataclass(frozen=True)
class EyeSpread:
    """Robust spreads of the eye coordinates in pixels of UNIT, and the number of faces that were measured."""

    left_x: float
    left_y: float
    right_x: float
    right_y: float
    faces: int

    @property
    def mean(self) -> float:
        """The mean of the four spreads."""
        return (self.left_x + self.left_y + self.right_x + self.right_y) / 4


def robust_spread(values: np.ndarray) -> np.ndarray:
    """1.4826 * MAD along the first axis, a robust estimate of the standard deviation of a normal distribution."""
    return 1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0)


def eye_spread(eyes: np.ndarray, side: int) -> EyeSpread | None:
    """The spread of eye centres (n, 2, 2) in pictures of ``side`` pixels; None for fewer than two faces."""
    if len(eyes) < 2:
        return None
    spread = robust_spread(eyes.reshape(len(eyes), 4)) * (UNIT / side)
    return EyeSpread(*(round(float(value), 2) for value in spread), faces=len(eyes))


def centre_transform(width: int, height: int, size: int) -> np.ndarray:
    """The transform (2, 3) that scales a photo's central square to ``size`` pixels."""
    scale = size / min(width, height)
    return np.array(
        [
            [scale, 0.0, (0.5 - width / 2) * scale + size / 2 - 0.5],
            [0.0, scale, (0.5 - height / 2) * scale + size / 2 - 0.5],
        ]
    )


def eyes_before(faces: list[tuple[PhotoRecord, np.ndarray]], frame: Frame) -> np.ndarray:
    """The eye positions without alignment, (n, 2, 2) in the frame's pixels, from keypoints in their photos.

    The central square of each photo is scaled to the frame. Then all positions are multiplied by one factor, such that
    the median face has the size of an aligned one: a spread can be compared only relative to the size of the faces.
    """
    eyes = np.array(
        [
            apply_transform(centre_transform(record.width, record.height, frame.size), keypoints[:2])
            for record, keypoints in faces
        ]
    ).reshape(-1, 2, 2)
    distance = np.median(np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1)) if len(eyes) else 1.0
    return eyes * (eye_distance(frame.template()) / distance)


def eyes_after(images: np.ndarray, frame: Frame, detector: Detector) -> np.ndarray:
    """The eye positions (m, 2, 2) of aligned faces uint8 (n, size, size, 3), in their pixels.

    They are detected again: the keypoints used for alignment would prove nothing. Faces that are not found are left
    out.
    """
    middle = frame.template()[:2].mean(axis=0)
    eyes = []
    for picture in images:
        found = detector.detect(np.ascontiguousarray(picture))
        if found:
            nearest = min(found, key=lambda face: float(np.linalg.norm(face.keypoints[:2].mean(axis=0) - middle)))
            eyes.append(nearest.keypoints[:2])
    return np.array(eyes, float).reshape(-1, 2, 2)
