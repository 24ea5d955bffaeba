"""What a drawn picture shows: facegan's labels of the aligned face, and where the face lies."""

import cv2
import numpy as np

from facegan.faces.align import Frame, face_transform, warp
from facegan.faces.detectors.detector import Detector
from facegan.labels.label import label_faces

FRAME = Frame(128, 0.7)  # shows hair and background, which close crops do not
_SEARCHED = 192  # px: what the detector gets to see; a whole head fills it


def find_face(detector: Detector, picture: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Keypoints (5, 2) in the picture and the detector's score; None unless there is exactly one face."""
    scale = picture.shape[0] / _SEARCHED
    small = cv2.resize(picture, (_SEARCHED, _SEARCHED), interpolation=cv2.INTER_AREA)
    faces = detector.detect(small)
    if len(faces) != 1:
        return None
    return (faces[0].keypoints + 0.5) * scale - 0.5, faces[0].score


def aligned(picture: np.ndarray, keypoints: np.ndarray, frame: Frame = FRAME) -> np.ndarray:
    """The face of a picture, uint8 (frame.size, frame.size, 3)."""
    return warp(picture, face_transform(keypoints, frame), frame.size)


def read_labels(faces: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Labels float32 (n, k) of aligned faces uint8 (n, 128, 128, 3) at FRAME; NaN where a face does not show one."""
    labels = label_faces(faces, FRAME.framing, mirror=True)
    return np.stack([labels[name] for name in names], axis=1)
