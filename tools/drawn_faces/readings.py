"""Detects, aligns and labels the face in a drawn picture."""

import cv2
import numpy as np

from facegan.faces.align import Frame, face_transform, warp
from facegan.faces.detectors.detector import Detector
from facegan.labels.label import label_faces

FRAME = Frame(128, 0.7)  # wide enough to show hair and background
_DETECTION_SIDE = 192  # px, the side of the detector's input; small, because a whole head fills the picture


def find_face(detector: Detector, picture: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Keypoints (5, 2) in the picture and the detector's score; None unless there is exactly one face."""
    scale = picture.shape[0] / _DETECTION_SIDE
    small = cv2.resize(picture, (_DETECTION_SIDE, _DETECTION_SIDE), interpolation=cv2.INTER_AREA)
    faces = detector.detect(small)
    if len(faces) != 1:
        return None
    return (faces[0].keypoints + 0.5) * scale - 0.5, faces[0].score


def aligned(picture: np.ndarray, keypoints: np.ndarray, frame: Frame = FRAME) -> np.ndarray:
    """The face of a picture, uint8 (frame.size, frame.size, 3)."""
    return warp(picture, face_transform(keypoints, frame), frame.size)


def read_labels(faces: np.ndarray, names: tuple[str, ...], framing: float = FRAME.framing) -> np.ndarray:
    """Labels float32 (n, k) of aligned faces uint8 (n, H, H, 3); NaN where a label cannot be measured."""
    labels = label_faces(faces, framing, mirror=True)
    return np.stack([labels[name] for name in names], axis=1)
