"""Memorisation: whether a generator reproduces training faces, by the nearest training face of each generated one.

Distances are measured in two spaces. Pixels: 16 x 16 px minus the mean brightness, robust to noise and lighting.
Features (metrics.py): robust to small shifts. Mirrored training faces count too, because training uses both.

A short distance alone proves nothing, because blurred and average faces are close to many others. So the measure is the
relative distance: the distance to the nearest training face, divided by the mean of those to the fifty nearest (Carlini
et al. 2023, https://arxiv.org/abs/2301.13188, for diffusion models). It is about 0.9 for the face of somebody else, 0
for a copy and 0.3 for a copy with heavy noise. A face is a near copy when its relative distance is below a threshold,
which held-out real faces calibrate.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from facegan.base.mapped import release
from facegan.base.pictures import grid
from facegan.gan.metrics import features, fixed_subset

MOST_GENERATED = 2_000
MOST_TRAINING = 10_000  # in feature space, which takes a minute; pixels are compared with every training face
MOST_HELD_OUT = 1_000
_PER_TRAINING_FACE = 5  # generated faces: for few training faces more would not make the figure more accurate
_LEAST_GENERATED = 500

_NEIGHBOURS = 50
_FALSE_ALARMS = 0.005  # share of held-out real faces that the threshold calls near copies
# Limits of the calibrated threshold. A relative distance of 0.5 or more is never a near copy. One below 0.2 always is,
# even if photos taken at the same moment make held-out faces look like copies as well.
_MAX_THRESHOLD, _MIN_THRESHOLD = 0.5, 0.2

_SIDE = 16  # px
_BLOCK = 1_000  # training faces at a time: 50 MB of distances
_PAIRS, _PAIRS_PER_ROW = 16, 4  # of the picture of the closest pairs


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`.

    Attributes:
        near_copies: share of the generated faces that are near copies of a training face, 0 to 1.
        distance_ratio: median distance in feature space to the nearest training face, divided by that to the nearest
            held-out face, among equal numbers of both with their mirror images. 1 when nothing is memorised, None
            without held-out faces. Insensitive to copies of a few faces, which `near_copies` counts.
        closest: picture uint8 (H, W, 3) of the 16 closest pairs, each a generated face with its nearest training face
            to the right.
        protocol: what was compared, as a sentence for the model card.
    """

    near_copies: float
    distance_ratio: float | None
    closest: np.ndarray
    protocol: str


def generated_for(training_faces: int) -> int:
    """The number of generated faces to compare with this number of training faces."""
    return int(np.clip(_PER_TRAINING_FACE * training_faces, _LEAST_GENERATED, MOST_GENERATED))


def compare(generated: np.ndarray, images: np.ndarray, training: np.ndarray, held_out: np.ndarray) -> Comparison | None:
    """Compare generated faces uint8 (n, H, W, 3) with the `training` and `held_out` rows of `images`.

    `images` uint8 (m, H, W, 3) may be memory-mapped and is read in blocks. Returns None for fewer than two training
    faces or no generated ones.
    """
    if len(training) < 2 or len(generated) == 0:
        return None
    known, held_out = fixed_subset(training, MOST_TRAINING), fixed_subset(held_out, MOST_HELD_OUT)
    real = np.asarray(images[held_out])
    queries = np.concatenate([generated, real])
    by_pixels = _nearest(*_with_mirrored(queries, pixels), _blocks(images, training, pixels))
    plain, mirrored = _with_mirrored(queries, features)
    blocks = list(_blocks(images, known, features))  # 50 MB, used twice
    by_features = _nearest(plain, mirrored, blocks)
    n = len(generated)
    spaces = by_pixels, by_features
    scores = np.stack([space.relative[:n] / _threshold(space.relative[n:]) for space in spaces])
    ratio = None
    if len(real):
        chosen = np.isin(known, fixed_subset(training, len(real)))
        equally_many = np.concatenate([vectors for _, vectors in blocks])[chosen]
        to_training = _nearest(plain[:n], mirrored[:n], [(known[chosen], equally_many)]).distance
        to_held_out = _nearest(plain[:n], mirrored[:n], [(held_out, plain[n:])]).distance
        ratio = float(np.median(to_training) / max(np.median(to_held_out), 1e-9))
    closest = _pairs(generated, images, scores, spaces)
    return Comparison(_share(scores), ratio, closest, _protocol(n, len(training), len(known), len(real)))


class NearCopies:
    """Counts near copies as `compare` does, again and again: the vectors of the training faces stay in memory."""

    def __init__(self, images: np.ndarray, training: np.ndarray, held_out: np.ndarray):
        """`training` (at least two) and `held_out` are rows of `images` uint8 (n, H, W, 3)."""
        real = np.asarray(images[held_out])
        self._spaces = []
        for space in (pixels, features):
            known = list(_blocks(images, training, space))
            self._spaces.append((known, _threshold(_nearest(*_with_mirrored(real, space), known).relative)))

    def share(self, generated: np.ndarray, their_features: np.ndarray) -> float:
        """The share of near copies, 0 to 1, among generated faces uint8 (n, H, W, 3) with features (n, 1280)."""
        mirrored = np.ascontiguousarray(generated[:, :, ::-1])
        vectors = (pixels(generated), pixels(mirrored)), (their_features, features(mirrored))
        both = zip(vectors, self._spaces, strict=True)
        return _share(np.stack([_nearest(*faces, known).relative / limit for faces, (known, limit) in both]))


def pixels(images: np.ndarray) -> np.ndarray:
    """Faces uint8 (n, H, H, 3) as float32 (n, 768): the means of 16 x 16 squares minus the mean of the face."""
    n, height = images.shape[:2]
    side = min(_SIDE, height)
    squares = images.reshape(n, side, height // side, side, height // side, 3).mean((2, 4), dtype=np.float32)
    return (squares - squares.mean((1, 2, 3), keepdims=True)).reshape(n, -1)


@dataclass(frozen=True)
class _Nearest:
    """The nearest face of each of n queries; all arrays are (n,).

    `relative` is `distance` divided by the mean distance of the fifty nearest. `row` is the row of the nearest face,
    `mirrored` whether the mirror image of that face is meant.
    """

    distance: np.ndarray
    relative: np.ndarray
    row: np.ndarray
    mirrored: np.ndarray


def _nearest(plain: np.ndarray, mirrored: np.ndarray, blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> _Nearest:
    """Find the nearest faces of queries (n, d), given plain and mirrored, in `blocks` of (rows, vectors)."""
    n = len(plain)
    least = np.empty((n, 0), np.float32)
    row, mirrored_rows = np.zeros(n, np.int64), np.zeros(n, bool)
    every = np.arange(n)
    for block, vectors in blocks:
        straight, flipped = _distances(plain, vectors), _distances(mirrored, vectors)
        distances = np.minimum(straight, flipped)
        best = distances.argmin(axis=1)
        nearer = distances[every, best] < least.min(axis=1, initial=np.inf)
        row[nearer] = block[best[nearer]]
        mirrored_rows[nearer] = (flipped < straight)[every, best][nearer]
        least = np.concatenate([least, distances], axis=1)
        if least.shape[1] > _NEIGHBOURS:
            least = np.partition(least, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    distance, mean = least.min(axis=1), least.mean(axis=1)
    return _Nearest(distance, distance / np.maximum(mean, 1e-9), row, mirrored_rows)


def _with_mirrored(images: np.ndarray, space: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return space(images), space(np.ascontiguousarray(images[:, :, ::-1]))


def _blocks(
    images: np.ndarray, rows: np.ndarray, space: Callable[[np.ndarray], np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (rows, vectors) for `_BLOCK` rows at a time."""
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        yield block, space(np.asarray(images[block]))
        release(images)


def _distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Euclidean distances float32 (n, m) between two sets of vectors (n, d) and (m, d)."""
    squares = (one * one).sum(1)[:, None] + (other * other).sum(1) - 2 * one @ other.T
    return np.sqrt(np.maximum(squares, 0, out=squares), out=squares)


def _threshold(relative_of_real: np.ndarray) -> float:
    """The relative distance below which a face is a near copy, from those of held-out real faces."""
    if len(relative_of_real) == 0:
        return _MAX_THRESHOLD
    return float(np.clip(np.quantile(relative_of_real, _FALSE_ALARMS), _MIN_THRESHOLD, _MAX_THRESHOLD))


def _share(scores: np.ndarray) -> float:
    """The share of near copies. `scores` (spaces, n): relative distances divided by the threshold of their space."""
    return float((scores.min(axis=0) < 1).mean())


def _pairs(
    generated: np.ndarray, images: np.ndarray, scores: np.ndarray, spaces: tuple[_Nearest, _Nearest]
) -> np.ndarray:
    """The picture of the closest pairs, see Comparison.closest."""
    pairs = []
    for face in np.argsort(scores.min(axis=0), kind="stable")[:_PAIRS]:
        space = spaces[int(scores[:, face].argmin())]
        known = images[space.row[face]]
        pairs.append(np.concatenate([generated[face], known[:, ::-1] if space.mirrored[face] else known], axis=1))
    return grid(np.stack(pairs), _PAIRS_PER_ROW, gap=8)


def _protocol(generated: int, training: int, known: int, held_out: int) -> str:
    fewer = "" if known == training else f" (by features with {known:,} of them, by pixels with all)"
    calibrated = f", as measured on {held_out:,} held-out faces" if held_out else ""
    return (
        f"{generated:,} generated faces (seeds from 0, truncation 1) were compared with {training:,} training "
        f"faces{fewer}, each also mirrored, by pixels at {_SIDE} x {_SIDE} px and by features of EfficientNet-Lite0. A "
        "near copy is closer to its nearest training face, relative to its fifty nearest ones, than real faces are"
        f"{calibrated}."
    )
