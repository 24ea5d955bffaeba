"""How far apart the eyes of different faces lie: what alignment is for, measured."""

from dataclasses import dataclass

import numpy as np

from facegan.faces.align import Frame, apply_transform, eye_distance
from facegan.faces.detectors.detector import Detector
from facegan.faces.records import PhotoRecord

UNIT = 128  # spreads are given in pixels of a picture of this side, whatever the size of the faces


@dataclass(frozen=True)
class EyeSpread:
    """Robust spreads in pixels of UNIT, and the number of faces behind them."""

    left_x: float
    left_y: float
    right_x: float
    right_y: float
    faces: int

    @property
    def mean(self) -> float:
        """Of the four."""
        return (self.left_x + self.left_y + self.right_x + self.right_y) / 4


def robust_spread(values: np.ndarray) -> np.ndarray:
    """1.4826 * MAD along the first axis: the standard deviation of a normal distribution, deaf to outliers."""
    return 1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0)


def eye_spread(eyes: np.ndarray, side: int) -> EyeSpread | None:
    """The spread of eye centres (n, 2, 2) in pictures of ``side`` pixels; None for fewer than two faces."""
    if len(eyes) < 2:
        return None
    spread = robust_spread(eyes.reshape(len(eyes), 4)) * (UNIT / side)
    return EyeSpread(*(round(float(value), 2) for value in spread), faces=len(eyes))


def centre_transform(width: int, height: int, size: int) -> np.ndarray:
    """The transform (2, 3) that only shrinks: the photo's central square to ``size`` pixels."""
    scale = size / min(width, height)
    return np.array(
        [
            [scale, 0.0, (0.5 - width / 2) * scale + size / 2 - 0.5],
            [0.0, scale, (0.5 - height / 2) * scale + size / 2 - 0.5],
        ]
    )


def eyes_before(faces: list[tuple[PhotoRecord, np.ndarray]], frame: Frame) -> np.ndarray:
    """Where the eyes would be without alignment, (n, 2, 2) in the frame's pixels, from keypoints in their photos.

    Every photo's central square is shrunk, and all of them are enlarged by one factor so that the middle face is as
    large as an aligned one: a spread means something only beside the size of the faces.
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
    """Where a detector sees the eyes of aligned faces, uint8 (n, size, size, 3); (m, 2, 2) in their pixels.

    The faces are detected anew: what alignment believed it did would be no measurement. A face that is not found
    again is left out.
    """
    middle = frame.template()[:2].mean(axis=0)
    eyes = []
    for picture in images:
        found = detector.detect(np.ascontiguousarray(picture))
        if found:
            nearest = min(found, key=lambda face: float(np.linalg.norm(face.keypoints[:2].mean(axis=0) - middle)))
            eyes.append(nearest.keypoints[:2])
    return np.array(eyes, float).reshape(-1, 2, 2)
