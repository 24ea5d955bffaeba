"""Does a generator repeat faces of its training? Generated faces beside their nearest training faces, in two spaces.

Pixels: faces of 16 x 16 px less their mean brightness, which noise and light hardly move. Features: metrics.py, which
small shifts hardly move. A mirrored face counts as the face, because training shows both.

A short distance alone proves nothing: soft, ordinary faces are near to many. So the measure is how much nearer a face
is to one training face than to those around it, the distance to the nearest by the mean of the fifty nearest (Carlini
et al. 2023, https://arxiv.org/abs/2301.13188, for diffusion models): about 0.9 for a face of somebody else, 0 for a
copy, 0.3 for one with heavy noise. A near copy is what is nearer by that measure than real faces are to each other,
told by the held-out ones, and below 0.5 in any case.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from facegan.base.mapped import release
from facegan.base.pictures import grid
from facegan.gan.metrics import features

MOST_GENERATED = 2_000
MOST_TRAINING = 10_000  # in feature space, which takes a minute; pixels are compared with every training face
MOST_HELD_OUT = 1_000
_PER_TRAINING_FACE = 5  # of few training faces fewer generated ones tell as much
_LEAST_GENERATED = 500

_NEIGHBOURS = 50
_CALIBRATION = 0.005  # so many of the real faces may be as near as a near copy
# Whatever the held-out faces say: half the usual distance is no copy's doubt, and a fifth is one beyond doubt, even in
# a series of photos of one moment.
_NEVER, _ALWAYS = 0.5, 0.2

_SIDE = 16  # px
_BLOCK = 1_000  # training faces at once: 50 MB of distances
_PAIRS, _PAIRS_A_ROW = 16, 4


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    `near_copies`: share of the generated faces, 0 to 1. `distance_ratio`: median distance in feature space to the
    nearest training face by that to the nearest held-out one, of equally many each, mirrored ones included; 1 where
    nothing is copied, None without held-out faces. Copies of few faces hardly move it: those, `near_copies` tells.
    `closest`: the 16 most suspicious pairs as a picture uint8 (H, W, 3), each generated face with its nearest training
    face to the right of it. `protocol`: what was compared.
    """

    near_copies: float
    distance_ratio: float | None
    closest: np.ndarray
    protocol: str


def generated_for(training_faces: int) -> int:
    """How many generated faces to compare with so many training faces."""
    return int(np.clip(_PER_TRAINING_FACE * training_faces, _LEAST_GENERATED, MOST_GENERATED))


def compare(generated: np.ndarray, images: np.ndarray, training: np.ndarray, held_out: np.ndarray) -> Comparison | None:
    """Compare generated faces uint8 (n, H, W, 3) with the `training` and `held_out` rows of `images`, equally large.

    `images` may be memory-mapped; it is read in blocks. None where there are not two training faces, or none generated.
    """
    if len(training) < 2 or len(generated) == 0:
        return None
    known, held_out = _some(training, MOST_TRAINING), _some(held_out, MOST_HELD_OUT)
    real = np.asarray(images[held_out])
    queries = np.concatenate([generated, real])
    by_pixels = _nearest(*_both_ways(queries, pixels), _blocks(images, training, pixels))
    plain, mirrored = _both_ways(queries, features)
    blocks = list(_blocks(images, known, features))  # 50 MB: they are of use twice
    by_features = _nearest(plain, mirrored, blocks)
    n = len(generated)
    spaces = by_pixels, by_features
    doubts = np.stack([space.relative[:n] / _threshold(space.relative[n:]) for space in spaces])
    ratio = None
    if len(real):
        chosen = np.isin(known, _some(training, len(real)))
        equally_many = np.concatenate([vectors for _, vectors in blocks])[chosen]
        to_training = _nearest(plain[:n], mirrored[:n], [(known[chosen], equally_many)]).distance
        to_held_out = _nearest(plain[:n], mirrored[:n], [(held_out, plain[n:])]).distance
        ratio = float(np.median(to_training) / max(np.median(to_held_out), 1e-9))
    closest = _pairs(generated, images, doubts, spaces)
    return Comparison(_share(doubts), ratio, closest, _protocol(n, len(training), len(known), len(real)))


class NearCopies:
    """Counts near copies of few training faces again and again, as `compare` does: their vectors are kept."""

    def __init__(self, images: np.ndarray, training: np.ndarray, held_out: np.ndarray):
        """`images` uint8 (n, H, W, 3), the rest rows of it, at least two to train on."""
        real = np.asarray(images[held_out])
        self._spaces = []
        for space in (pixels, features):
            known = list(_blocks(images, training, space))
            self._spaces.append((known, _threshold(_nearest(*_both_ways(real, space), known).relative)))

    def share(self, generated: np.ndarray, their_features: np.ndarray) -> float:
        """Of near copies among generated faces uint8 (n, H, W, 3) with features (n, 1280), 0 to 1."""
        mirrored = np.ascontiguousarray(generated[:, :, ::-1])
        vectors = (pixels(generated), pixels(mirrored)), (their_features, features(mirrored))
        both = zip(vectors, self._spaces, strict=True)
        return _share(np.stack([_nearest(*faces, known).relative / limit for faces, (known, limit) in both]))


def pixels(images: np.ndarray) -> np.ndarray:
    """Faces uint8 (n, H, H, 3) as float32 (n, 768): the means of 16 x 16 squares less the mean of the face."""
    n, height = images.shape[:2]
    side = min(_SIDE, height)
    squares = images.reshape(n, side, height // side, side, height // side, 3).mean((2, 4), dtype=np.float32)
    return (squares - squares.mean((1, 2, 3), keepdims=True)).reshape(n, -1)


@dataclass(frozen=True)
class _Nearest:
    """Of each query: `distance` to the nearest face and `relative` to the mean of the fifty nearest, its row, and
    whether it is nearest mirrored. All (n,)."""

    distance: np.ndarray
    relative: np.ndarray
    row: np.ndarray
    mirrored: np.ndarray


def _nearest(plain: np.ndarray, mirrored: np.ndarray, blocks: Iterable[tuple[np.ndarray, np.ndarray]]) -> _Nearest:
    """Of queries (n, d), in both directions, among the vectors of all `blocks`, each with its rows."""
    n = len(plain)
    least = np.empty((n, 0), np.float32)
    row, turned = np.zeros(n, np.int64), np.zeros(n, bool)
    every = np.arange(n)
    for block, vectors in blocks:
        straight, turned_round = _distances(plain, vectors), _distances(mirrored, vectors)
        distances = np.minimum(straight, turned_round)
        best = distances.argmin(axis=1)
        nearer = distances[every, best] < least.min(axis=1, initial=np.inf)
        row[nearer] = block[best[nearer]]
        turned[nearer] = (turned_round < straight)[every, best][nearer]
        least = np.concatenate([least, distances], axis=1)
        if least.shape[1] > _NEIGHBOURS:
            least = np.partition(least, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    distance, mean = least.min(axis=1), least.mean(axis=1)
    return _Nearest(distance, distance / np.maximum(mean, 1e-9), row, turned)


def _both_ways(images: np.ndarray, space: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return space(images), space(np.ascontiguousarray(images[:, :, ::-1]))


def _blocks(
    images: np.ndarray, rows: np.ndarray, space: Callable[[np.ndarray], np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        yield block, space(np.asarray(images[block]))
        release(images)


def _distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Euclidean, float32 (n, m)."""
    squares = (one * one).sum(1)[:, None] + (other * other).sum(1) - 2 * one @ other.T
    return np.sqrt(np.maximum(squares, 0, out=squares), out=squares)


def _threshold(relative_of_real: np.ndarray) -> float:
    if len(relative_of_real) == 0:
        return _NEVER
    return float(np.clip(np.quantile(relative_of_real, _CALIBRATION), _ALWAYS, _NEVER))


def _share(doubts: np.ndarray) -> float:
    """Of near copies, by how near each face is in each space in parts of the threshold there, (spaces, n)."""
    return float((doubts.min(axis=0) < 1).mean())


def _some(rows: np.ndarray, count: int) -> np.ndarray:
    """The same `count` of the rows every time, ascending."""
    return np.sort(rows[np.random.RandomState(0).permutation(len(rows))[:count]])


def _pairs(
    generated: np.ndarray, images: np.ndarray, doubts: np.ndarray, spaces: tuple[_Nearest, _Nearest]
) -> np.ndarray:
    pairs = []
    for face in np.argsort(doubts.min(axis=0), kind="stable")[:_PAIRS]:
        space = spaces[int(doubts[:, face].argmin())]
        known = images[space.row[face]]
        pairs.append(np.concatenate([generated[face], known[:, ::-1] if space.mirrored[face] else known], axis=1))
    return grid(np.stack(pairs), _PAIRS_A_ROW, gap=8)


def _protocol(generated: int, training: int, known: int, held_out: int) -> str:
    fewer = "" if known == training else f" (by features with {known:,} of them, by pixels with all)"
    calibrated = f", told by {held_out:,} held-out ones" if held_out else ""
    return (
        f"{generated:,} generated faces (seeds from 0, truncation 1) were compared with {training:,} training "
        f"faces{fewer}, each also mirrored, by pixels at {_SIDE} x {_SIDE} px and by features of EfficientNet-Lite0. A "
        "near copy is nearer to one of them, measured by its fifty nearest, than real faces are to each "
        f"other{calibrated}."
    )
