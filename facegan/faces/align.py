"""The place of a face in its picture: the template, the similarity transform onto it, and the one resampling.

Coordinates are (x, y) in pixels, and the centre of the first pixel is (0, 0).
"""

import math
from dataclasses import dataclass

import numpy as np

# The five points of ArcFace's 112 px crop (Deng et al. 2019, arXiv:1801.07698, as in InsightFace's face_align.py),
# made symmetrical about the vertical centre line: training flips pictures, and a flipped eye must land where the
# other eye was. The published points differ from these by at most 0.6 px.
ARCFACE_SIDE = 112
ARCFACE_KEYPOINTS = np.array(
    [[37.8814, 51.5989], [73.1186, 51.5989], [55.5, 71.7366], [40.9097, 92.2848], [70.0903, 92.2848]]
)
# The eyes of the default framing lie where ArcFace's would in a crop of 0.8, which keeps chin and most hair. A closer
# crop must not lose the chin, so it zooms about a point below the mouth and gives up hair and background instead.
REFERENCE_FRAMING = 0.8
ANCHOR = 1.35  # eye distances below the eyes: between the lower lip and the chin
# How much each keypoint counts. "Every pair of eyes in the same place" is the promise, so the eyes lead; the mouth
# keeps the size of faces that are turned, whose eyes look closer together; the nose sticks out and says little.
KEYPOINT_WEIGHTS = np.array([1.0, 1.0, 0.02, 0.08, 0.08])
MAX_SAMPLES = 2  # along one side of an output pixel, and up to twice as many; stronger shrinking begins with halving


@dataclass(frozen=True)
class Frame:
    """What an aligned picture shows."""

    size: int  # side of the picture, pixels
    framing: float = REFERENCE_FRAMING  # the scale of ArcFace's crop; smaller numbers show more around the face

    def template(self) -> np.ndarray:
        """Where the five keypoints go, float64 (5, 2): ArcFace's at 0.8, from there zoomed about the anchor."""
        centre = (ARCFACE_SIDE - 1) / 2
        scale = self.size / ARCFACE_SIDE
        reference = (ARCFACE_KEYPOINTS - centre) * (REFERENCE_FRAMING * scale) + (self.size - 1) / 2
        anchor = reference[:2].mean(axis=0) + (0.0, ANCHOR * (reference[1, 0] - reference[0, 0]))
        return (reference - anchor) * (self.framing / REFERENCE_FRAMING) + anchor


# The crops on which the keypoints are found again, at SCRFD's smallest input. Two sizes of the face, so that the
# errors of SCRFD's 8-pixel grid differ and their mean is smaller: against an independent network (InsightFace's 106
# landmarks) the second takes the spread of the eyes in y from 1.2 to 0.9 px of 128, and of the roll from 1.7 to 1.5
# degrees. A third gains little more and costs 3 ms a face.
REFINE_FRAMES = (Frame(128, 0.85), Frame(128, 1.1))
REFINE_REACH = 0.15  # of the crop's side; keypoints that moved further belong to another face
MIN_EYE_DISTANCE = 4.0  # pixels; below that there is no face to be seen, and nothing is drawn of it


def eye_distance(keypoints: np.ndarray) -> float:
    """Pixels between the eye centres of keypoints (5, 2)."""
    return float(np.linalg.norm(keypoints[1] - keypoints[0]))


def similarity_transform(source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The rotation, uniform scale and shift that bring points closest to others, in weighted least squares.

    Umeyama 1991 (IEEE PAMI 13(4), equations 34 to 43), in its closed form for the plane: with centred points as
    complex numbers a and b, the scaled rotation is sum(w conj(a) b) / sum(w |a|^2). It never mirrors.

    Args:
        source: (n, 2) points.
        target: (n, 2) points.
        weights: (n,) not negative.

    Returns:
        float64 (2, 3), for ``target ~ source @ M[:, :2].T + M[:, 2]``.

    Raises:
        ValueError: the source points are all the same, so that no scale fits.
    """
    weights = weights / weights.sum()
    source_mean, target_mean = weights @ source, weights @ target
    a = (source - source_mean) @ (1, 1j)
    b = (target - target_mean) @ (1, 1j)
    spread = float(weights @ np.abs(a) ** 2)
    if not spread > 1e-12:
        raise ValueError("the keypoints are all in one place")
    turn = complex(weights @ (a.conj() * b)) / spread
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, target_mean - linear @ source_mean])


def face_transform(keypoints: np.ndarray, frame: Frame) -> np.ndarray:
    """The transform (2, 3) from a photo's pixels to those of the aligned face, from five keypoints (5, 2).

    Raises:
        ValueError: the keypoints are all in one place.
    """
    return similarity_transform(np.asarray(keypoints, float), frame.template(), KEYPOINT_WEIGHTS)


def apply_transform(transform: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Moves points (..., 2) by a transform (2, 3)."""
    return points @ transform[:, :2].T + transform[:, 2]


def invert_transform(transform: np.ndarray) -> np.ndarray:
    """The inverse of a similarity transform (2, 3)."""
    inverse = np.linalg.inv(transform[:, :2])
    return np.column_stack([inverse, -inverse @ transform[:, 2]])


def share_inside(
    keypoints: np.ndarray, frame: Frame, box: tuple[float, float, float, float], width: int, height: int
) -> float:
    """How much of a box of the aligned picture is photo and not its mirrored border, 0..1, on a grid of 24 x 24.

    Args:
        keypoints: (5, 2) in the photo.
        frame: of the aligned picture.
        box: left, top, right, bottom in the aligned picture.
        width: of the photo, pixels.
        height: of the photo, pixels.
    """
    middles = (np.arange(24) + 0.5) / 24  # of the grid's cells
    x, y = np.meshgrid(box[0] + (box[2] - box[0]) * middles, box[1] + (box[3] - box[1]) * middles)
    back = invert_transform(face_transform(keypoints, frame))
    points = apply_transform(back, np.stack([x.ravel(), y.ravel()], axis=1))
    inside = (points > -0.5).all(axis=1) & (points < (width - 0.5, height - 0.5)).all(axis=1)
    return float(inside.mean())


class Halves:
    """A photo and its halves, each made once when it is first needed: every face of it is drawn from them."""

    def __init__(self, rgb: np.ndarray) -> None:
        """`rgb`: uint8 (H, W, 3)."""
        self._levels = [rgb]

    def level(self, times: int) -> tuple[np.ndarray, int]:
        """The photo halved so many times, and how often it was: less often where a side would have one pixel."""
        while len(self._levels) <= times and min(self._levels[-1].shape[:2]) >= 4:
            self._levels.append(_halved(self._levels[-1]))
        times = min(times, len(self._levels) - 1)
        return self._levels[times], times

    def for_side(self, side: int) -> tuple[np.ndarray, int]:
        """The smallest one with a long side of at least `side` pixels, and how often it was halved."""
        return self.level(max(0, math.floor(math.log2(max(self._levels[0].shape[:2]) / side))))


def warp(photo: "np.ndarray | Halves", transform: np.ndarray, size: int, *, samples: int = MAX_SAMPLES) -> np.ndarray:
    """Draws a photo through a similarity transform: uint8 (H, W, 3) to uint8 (size, size, 3).

    An output pixel is the mean over the square that it covers in the photo (a whole number of samples along each
    side), so that shrinking does not alias; enlarging is bicubic. Beyond the photo's border its mirror image is
    seen.

    Args:
        photo: as it is, or with halves that several pictures are drawn from.
        transform: (2, 3), from the photo's pixels to those of the output.
        size: of the output, pixels.
        samples: along one side of an output pixel, and up to twice as many; 1 is a little blurred and takes a quarter
            of the time.
    """
    import cv2

    halves = photo if isinstance(photo, Halves) else Halves(photo)
    scale = math.hypot(transform[0, 0], transform[1, 0])
    times = max(0, math.floor(math.log2((1 + 1e-9) / (scale * samples))))
    (rgb, times), transform = halves.level(times), transform.copy()
    for _ in range(times):
        scale *= 2
        transform[:, 2] += transform[:, :2] @ (0.5, 0.5)
        transform[:, :2] *= 2
    rgb, transform = _crop(rgb, transform, size)
    if min(rgb.shape[:2]) < 2:  # OpenCV 5 never returns from mirroring a single row or column
        rgb = cv2.copyMakeBorder(rgb, 0, 1, 0, 1, cv2.BORDER_REPLICATE)
    grid = max(1, math.ceil(1 / scale - 1e-9))
    # Sample (i, j) of the finer grid lies at ((i + 0.5) / grid - 0.5) in output pixels.
    fine = transform * grid
    fine[:, 2] += (grid - 1) / 2
    drawn = cv2.warpAffine(
        rgb,
        fine,
        (size * grid, size * grid),
        flags=cv2.INTER_CUBIC if grid == 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return cv2.resize(drawn, (size, size), interpolation=cv2.INTER_AREA) if grid > 1 else drawn


def _crop(rgb: np.ndarray, transform: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of the photo that the output shows, with a margin for the filters; for the speed of large photos."""
    corners = np.array([[0, 0], [size - 1, 0], [0, size - 1], [size - 1, size - 1]], float)
    seen = apply_transform(invert_transform(transform), corners)
    side = float(np.ptp(seen, axis=0).max())
    height, width = rgb.shape[:2]
    left, top = np.maximum(np.floor(seen.min(axis=0) - 0.1 * side - 8), 0).astype(int)
    right, bottom = (np.ceil(seen.max(axis=0) + 0.1 * side + 9)).astype(int)
    # A face at the border needs the photo's own border, where the mirror stands: only far sides are cut.
    if seen[:, 0].min() < 0 or seen[:, 0].max() > width - 1:
        left, right = 0, width
    if seen[:, 1].min() < 0 or seen[:, 1].max() > height - 1:
        top, bottom = 0, height
    moved = transform.copy()
    moved[:, 2] += moved[:, :2] @ (left, top)
    return np.ascontiguousarray(rgb[top:bottom, left:right]), moved


def _halved(rgb: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels, for which OpenCV has vector instructions; an odd last column or row is repeated."""
    import cv2

    height, width = rgb.shape[:2]
    if (height | width) & 1:
        rgb = cv2.copyMakeBorder(rgb, 0, height & 1, 0, width & 1, cv2.BORDER_REPLICATE)
    return cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
