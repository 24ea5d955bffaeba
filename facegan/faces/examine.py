"""Measures what is needed of a face only when one person is wanted: identity, clearness, and visible eyes."""

import numpy as np

from facegan.faces.align import Halves
from facegan.faces.eyes import read_eyes
from facegan.faces.person.recognise import Recogniser
from facegan.faces.records import Examination

VERSION = "eyes-1"  # to be changed with the meaning of an examination: then old caches are read again


class Examiner:
    """Examines faces. One instance serves one process."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def examine(self, photo: np.ndarray | Halves, keypoints: np.ndarray) -> Examination:
        """Examines the face with the keypoints (5, 2) in the photo, uint8 (H, W, 3)."""
        embedding = self._recogniser.embed(photo, keypoints)
        length = float(np.linalg.norm(embedding))
        closed_eyes, shades = read_eyes(photo, keypoints)
        return Examination(
            identity=(embedding / max(length, 1e-12)).astype(np.float16),
            clearness=length,
            closed_eyes=closed_eyes,
            shades=shades,
        )
