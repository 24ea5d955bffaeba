"""Places in an aligned face, and the crop of it that the networks see. numpy only, for the demo runs this too.

Places are in eye distances from the middle between the eyes, x to the picture's right and y down: the same place is
the same part of the face at every size and framing.
"""

from functools import cache

import numpy as np

from facegan.faces.align import Frame, eye_distance

SIDE = 112  # px, the input of every network
# The networks were trained on boxes of the 68 landmarks with a margin of a fifth. Of the squares from 2.0 to 3.4 eye
# distances with centres 0.4 to 0.8 below the eyes, this one read age, gender, smile and mouth best together; it is
# also what a picture at framing 1.2 shows, so nothing beyond a close crop's border has to be invented.
CROP_WIDTH = 2.6  # eye distances
CROP_CENTRE = (0.0, 0.54)  # eye distances


def face_crops(images: np.ndarray, framing: float) -> np.ndarray:
    """The networks' view of aligned faces: uint8 (n, H, H, 3) to float32 (n, 112, 112, 3), 0..255.

    Bilinear, and averaged over what a pixel covers where the picture shrinks. Beyond the border its last pixel
    goes on.
    """
    across, down = crop_matrices(images.shape[1], framing)
    n, size = images.shape[:2]
    rows = down @ images.astype(np.float32).reshape(n, size, size * 3)
    columns = rows.reshape(n, SIDE, size, 3).transpose(0, 1, 3, 2) @ across.T
    return np.ascontiguousarray(columns.transpose(0, 1, 3, 2))


def thumbnails(images: np.ndarray, side: int) -> np.ndarray:
    """Means of the whole pictures: uint8 (n, H, H, 3) to float32 (n, side * side * 3), 0..255."""
    n, size = images.shape[:2]
    matrix = resampling(size, side, 0.0, float(size))
    rows = matrix @ images.astype(np.float32).reshape(n, size, size * 3)
    columns = rows.reshape(n, side, size, 3).transpose(0, 1, 3, 2) @ matrix.T
    return columns.transpose(0, 1, 3, 2).reshape(n, -1)


@cache
def crop_matrices(size: int, framing: float, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """The matrices (side, size) that resample columns and rows."""
    eyes, unit = eye_line(size, framing)
    both = []
    for middle, centre in zip(eyes, CROP_CENTRE, strict=True):
        # A pixel's centre is a whole number in the template and half way through the pixel in `resampling`.
        start = middle + 0.5 + (centre - CROP_WIDTH / 2) * unit
        both.append(resampling(size, side, start, start + CROP_WIDTH * unit))
    return both[0], both[1]


def eye_line(size: int, framing: float) -> tuple[np.ndarray, float]:
    """The middle between the eyes (x, y) in pixels, and the eye distance in pixels."""
    template = Frame(size, framing).template()
    return template[:2].mean(axis=0), eye_distance(template)


@cache
def places(size: int, framing: float) -> tuple[np.ndarray, np.ndarray]:
    """x and y, float32 (size, size) each, of every pixel's centre, in eye distances."""
    (middle_x, middle_y), unit = eye_line(size, framing)
    pixels = np.arange(size, dtype=np.float32)
    x, y = np.meshgrid((pixels - middle_x) / unit, (pixels - middle_y) / unit)
    return x.astype(np.float32), y.astype(np.float32)


def to_places(points: np.ndarray) -> np.ndarray:
    """Points (..., 2) in shares of the networks' crop, 0..1, to eye distances."""
    return (points - 0.5) * CROP_WIDTH + np.array(CROP_CENTRE, points.dtype)


def resampling(size: int, side: int, start: float, end: float) -> np.ndarray:
    """The matrix float32 (side, size) that draws `side` pixels from the stretch start..end of `size` pixels.

    Pixel i is the stretch i..i + 1. Linear interpolation where it enlarges; where it shrinks, the triangle is as much
    wider as the pixels are, so that nothing aliases. Rows sum to 1.
    """
    step = (end - start) / side
    reach = max(step, 1.0)
    centres = start + (np.arange(side) + 0.5) * step
    matrix = np.zeros((side, size))
    for row, centre in enumerate(centres):
        near = np.arange(np.floor(centre - reach), np.ceil(centre + reach) + 1)
        weights = np.maximum(0, 1 - np.abs(near + 0.5 - centre) / reach)
        np.add.at(matrix[row], np.clip(near, 0, size - 1).astype(int), weights / weights.sum())
    return matrix.astype(np.float32)
