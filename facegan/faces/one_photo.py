"""The faces of one photo, for the demo: found by YuNet and aligned as the run's faces are, without OpenCV.

The same steps as measure.py takes, on Pillow: it shrinks and warps for one photo at a time, where speed matters less.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image

from facegan.faces.align import (
    MAX_SAMPLES,
    MIN_EYE_DISTANCE,
    REFINE_FRAMES,
    REFINE_REACH,
    Frame,
    apply_transform,
    eye_distance,
    face_transform,
    invert_transform,
)
from facegan.faces.detectors.yunet import INPUT_SIDE, MAX_ZOOM, YuNetDetector

# Degrees by which a photo is turned where no face is found surely: one that is not upright YuNet does not find or finds
# as if it were, with a lower score (0.75 to 0.90 in place of 0.94 to 0.96 for four portraits).
_TURNS = (90, 270, 180)
_SURE, _SURER = 0.92, 0.03  # scores: above it no other turn is tried, and by how much another one must be better
_PLACES = 32  # a side, of AlignedFace.shown
_CELL = 256  # px of the crops on which keypoints are found again: two rows and columns fit into the detector's input
_MIN_SCORE = 0.7  # of the detector; drawings and cats are mostly below it, faces above


@dataclass(frozen=True)
class FoundFace:
    """A face in a photo, roughly: `align` looks again.

    `keypoints` float32 (5, 2) and `box` float32 (4,) in the photo's pixels.
    """

    keypoints: np.ndarray
    box: np.ndarray
    score: float

    @property
    def size(self) -> float:
        """Pixels between the eyes."""
        return eye_distance(self.keypoints)


def find_faces(photo: np.ndarray) -> list[FoundFace]:
    """The faces of a photo uint8 (H, W, 3), upright or on its side, the largest first."""
    height, width = photo.shape[:2]
    scale = min(INPUT_SIDE / max(height, width), MAX_ZOOM)
    small = _resized(photo, scale)  # once for all turns: a large photo takes longer to shrink than to look at
    found, turns = _sure_faces(small, scale), 0
    best = max((face.score for face in found), default=0.0)
    for turned in _TURNS if best < _SURE else ():
        others = _sure_faces(np.rot90(small, turned // 90), scale)
        score = max((face.score for face in others), default=0.0)
        if score > best + _SURER * (turns == 0):
            found, turns, best = others, turned, score
    faces = [_enlarged(_turned_back(face, turns, small.shape[1], small.shape[0]), scale) for face in found]
    return sorted(faces, key=lambda one: -one.size)


@dataclass(frozen=True)
class AlignedFace:
    """`image` uint8 (size, size, 3), and where it shows photo and not its mirrored border, bool (32, 32)."""

    image: np.ndarray
    shown: np.ndarray | None = None  # None: everywhere


def align(photo: np.ndarray, face: FoundFace, frame: Frame) -> AlignedFace:
    """The face as a run's faces are aligned, with the eyes in the template's place."""
    transform = face_transform(_refined(photo, face).keypoints, frame)
    places = (np.arange(_PLACES) + 0.5) * (frame.size / _PLACES) - 0.5
    points = apply_transform(invert_transform(transform), np.stack(np.meshgrid(places, places), axis=-1))
    height, width = photo.shape[:2]
    shown = ((points > -0.5) & (points < (width - 0.5, height - 0.5))).all(axis=-1)
    return AlignedFace(drawn(photo, transform, frame.size), shown)


def drawn(photo: np.ndarray, transform: np.ndarray, size: int) -> np.ndarray:
    """What `align.warp` draws, on Pillow: uint8 (H, W, 3) through a transform (2, 3) to uint8 (size, size, 3)."""
    scale = math.hypot(transform[0, 0], transform[1, 0])
    grid = min(max(1, math.ceil(1 / scale - 1e-9)), MAX_SAMPLES)
    back = invert_transform(transform)
    corners = np.array([[0, 0], [size - 1, 0], [0, size - 1], [size - 1, size - 1]], float)
    seen, margin = apply_transform(back, corners), 2 / scale + 2
    (left, top), (right, bottom) = np.floor(seen.min(axis=0) - margin), np.ceil(seen.max(axis=0) + margin)
    across, down = (_mirrored(*ends) for ends in ((left, right, photo.shape[1]), (top, bottom, photo.shape[0])))
    image = Image.fromarray(np.ascontiguousarray(photo[down][:, across]))
    factor = max(1, int(1 / (scale * grid)))  # what the samples do not cover is averaged first
    if factor > 1:
        image = image.reduce(factor)
    # Pillow counts from the pixel's corner, and asks where in the source the middle of an output pixel lies.
    linear = back[:, :2] / (grid * factor)
    middle = (back[:, 2] - (left, top) + 0.5) / factor + back[:, :2] @ ((0.5 / grid - 0.5,) * 2) / factor
    shift = middle - linear @ (0.5, 0.5)
    taken = image.transform(
        (size * grid, size * grid),
        Image.Transform.AFFINE,
        (linear[0, 0], linear[0, 1], shift[0], linear[1, 0], linear[1, 1], shift[1]),
        Image.Resampling.BICUBIC if grid == 1 else Image.Resampling.BILINEAR,
    )
    return np.asarray(taken.reduce(grid) if grid > 1 else taken)


def _mirrored(first: float, last: float, size: int) -> slice | np.ndarray:
    """The pixels first..last of a row of `size`, which goes on as its mirror image beyond both ends.

    A slice where they lie within it: numpy takes that ten times as fast.
    """
    if first >= 0 and last < size:
        return slice(int(first), int(last) + 1)
    places = np.arange(int(first), int(last) + 1)
    if size == 1:
        return np.zeros_like(places)
    places = np.abs(places) % (2 * (size - 1))
    return np.minimum(places, 2 * (size - 1) - places)


def _sure_faces(small: np.ndarray, scale: float) -> list[FoundFace]:
    """The faces, large enough, of an upright picture that was resized by `scale` to at most INPUT_SIDE."""
    enough = MIN_EYE_DISTANCE * scale
    return [face for face in _detected(small) if face.score >= _MIN_SCORE and face.size >= enough]


def _enlarged(face: FoundFace, scale: float) -> FoundFace:
    """A face of a photo that was resized by `scale`, in the photo's own pixels."""
    return FoundFace((face.keypoints + 0.5) / np.float32(scale) - 0.5, face.box / np.float32(scale), face.score)


def _refined(photo: np.ndarray, face: FoundFace) -> FoundFace:
    """With keypoints found again on upright crops and their mirror images, as measure.refine_keypoints does it.

    Side by side in one picture: YuNet takes as long for each as for all.
    """
    larger = [Frame(_CELL, frame.framing) for frame in REFINE_FRAMES]
    transforms = [face_transform(face.keypoints, frame) for frame in larger]
    crops = [drawn(photo, transform, _CELL) for transform in transforms]
    found = _detected(np.concatenate([np.concatenate([crop, crop[:, ::-1]], axis=1) for crop in crops]))
    points = []
    for row, (frame, transform) in enumerate(zip(larger, transforms, strict=True)):
        wanted = frame.template()[:2].mean(axis=0)
        for column in range(2):
            near = [one.keypoints - (column * _CELL, row * _CELL) for one in found]
            if column:
                near = [np.stack([_CELL - 1 - one[:, 0], one[:, 1]], axis=1)[[1, 0, 2, 4, 3]] for one in near]
            apart = [float(np.linalg.norm(one[:2].mean(axis=0) - wanted)) for one in near]
            if apart and min(apart) <= REFINE_REACH * _CELL:
                points.append(apply_transform(invert_transform(transform), near[int(np.argmin(apart))]))
    return replace(face, keypoints=np.mean(points, axis=0).astype(np.float32)) if points else face


def _detected(picture: np.ndarray) -> list[FoundFace]:
    """The faces of a picture whose sides are at most INPUT_SIDE, which the detector then does not resize."""
    canvas = np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.uint8)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return [FoundFace(one.keypoints, one.box, one.score) for one in _detector().detect(canvas)]


def _resized(photo: np.ndarray, scale: float) -> np.ndarray:
    height, width = photo.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(np.ascontiguousarray(photo))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _turned_back(face: FoundFace, turns: int, width: int, height: int) -> FoundFace:
    """A face of `numpy.rot90(picture, turns / 90)` in the pixels of the picture, which is `width` x `height`."""

    def back(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        turned = {0: (x, y), 90: (width - 1 - y, x), 180: (width - 1 - x, height - 1 - y), 270: (y, height - 1 - x)}
        return np.stack(turned[turns], axis=1).astype(np.float32)

    corners = back(face.box.reshape(2, 2))
    return FoundFace(back(face.keypoints), np.concatenate([corners.min(0), corners.max(0)]), face.score)


@cache
def _detector() -> YuNetDetector:
    return YuNetDetector()
