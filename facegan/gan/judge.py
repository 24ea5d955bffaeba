"""The one protocol by which generators are judged, in training and by train/evaluate.py alike.

Real side: up to 2,000 of the held-out faces, which training never sees; apart from them as many of the training
faces (a generator that is nearer to these remembers). Generated side: the faces of the seeds 0, 1, 2, ... at
truncation 1. Features and formulas: facegan/gan/metrics.py. KID is unbiased, so different numbers of faces compare;
precision and recall are taken over equal numbers. Where few faces could be known by heart, near copies among the
generated ones are counted as well (memorisation.py).
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from facegan.gan.memorisation import NearCopies
from facegan.gan.metrics import features, kid, precision_recall

MOST_REAL = 2_000
GENERATED_IN_TRAINING = 1_000  # 4 seconds on two cores, 8 where near copies are counted; evaluate.py takes 5,000
JUDGE_EVERY = 80_000  # images: with these 4 seconds under 3 % of the time even at 540 images/s


@dataclass(frozen=True)
class Judgement:
    """KIDs x 100 with the standard deviation of the held-out one; precision and recall from 0 to 1.

    `near_copies`, a share from 0 to 1, and whether that `repeats` more of the training faces than is allowed: None
    where nobody asked.
    """

    kid: float
    kid_spread: float
    kid_train: float
    precision: float
    recall: float
    near_copies: float | None = None
    repeats: bool | None = None

    def to_dict(self) -> dict[str, float | bool]:
        found = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: value if isinstance(value, bool) else round(value, 4) for name, value in found.items()}


class Judge:
    """Knows the features of the real faces; those are computed once."""

    def __init__(
        self, images: np.ndarray, training: np.ndarray, held_out: np.ndarray, copies_allowed: float | None = None
    ):
        """`images` uint8 (n, H, W, 3), may be memory-mapped; the rest are rows of it. Raises ValueError below two.

        `copies_allowed`: the share of near copies from 0 to 1 up to which a generator does not repeat its training
        faces, of which 8 KB each are kept in memory then; None: they are not counted.
        """
        if min(len(training), len(held_out)) < 2:
            raise ValueError("judging needs at least two training and two held-out faces.")
        self.held_out = features(images[_some(held_out, MOST_REAL)])
        self.training = features(images[_some(training, len(self.held_out))])
        self.copies_allowed = copies_allowed
        self._copies = None if copies_allowed is None else NearCopies(images, training, held_out)

    def judge(self, generated: np.ndarray) -> Judgement:
        """Of generated images uint8 (n, H, W, 3), at least two."""
        seen = features(generated)
        found = self.judge_features(seen)
        if self._copies is None:
            return found
        share = self._copies.share(generated, seen)
        return replace(found, near_copies=share, repeats=share > self.copies_allowed)

    def judge_features(self, generated: np.ndarray) -> Judgement:
        """The same of features (n, 1280)."""
        held_out, train = kid(self.held_out, generated), kid(self.training, generated)
        n = min(len(self.held_out), len(generated))
        precision, recall = precision_recall(self.held_out[:n], generated[:n])
        return Judgement(held_out.value, held_out.spread, train.value, precision, recall)


def _some(rows: np.ndarray, count: int) -> np.ndarray:
    """The same `count` of the rows every time, in ascending order, as a memory-mapped array likes to be read."""
    return np.sort(rows[np.random.RandomState(0).permutation(len(rows))[:count]])
