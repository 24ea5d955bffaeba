"""The evaluation protocol for generators, which training and train/evaluate.py share.

Generated faces (seeds 0, 1, 2, ..., truncation 1) are compared with up to 2,000 held-out faces, which training never
uses, and with as many training faces: a generator that is closer to the training faces has memorised some. The metrics
are in facegan/gan/metrics.py. KID is unbiased, so values for different numbers of faces can be compared; precision and
recall use equal numbers. With few training faces near copies are counted as well (memorisation.py).
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from facegan.gan.memorisation import NearCopies
from facegan.gan.metrics import features, fixed_subset, kid, precision_recall

MOST_REAL = 2_000  # held-out faces, and as many training faces
GENERATED_IN_TRAINING = 1_000  # 4 s on two cores, 8 s with near copies; train/evaluate.py generates 5,000
JUDGE_EVERY = 80_000  # images: evaluation then takes less than 3 % of the time, even at 540 images/s


@dataclass(frozen=True)
class Judgement:
    """The metrics of a generator.

    Attributes:
        kid, kid_spread: KID x 100 against held-out faces, and its standard deviation.
        kid_train: KID x 100 against training faces.
        precision, recall: 0 to 1, against held-out faces.
        near_copies: share of near copies of training faces, 0 to 1; None when they were not counted.
        repeats: whether that share is above the allowed one; None when they were not counted.
    """

    kid: float
    kid_spread: float
    kid_train: float
    precision: float
    recall: float
    near_copies: float | None = None
    repeats: bool | None = None

    def to_dict(self) -> dict[str, float | bool]:
        """The metrics that were measured, rounded to four decimals."""
        found = {name: value for name, value in asdict(self).items() if value is not None}
        return {name: value if isinstance(value, bool) else round(value, 4) for name, value in found.items()}


class Judge:
    """Evaluates generated faces. The features of the real faces are computed once."""

    def __init__(
        self, images: np.ndarray, training: np.ndarray, held_out: np.ndarray, copies_allowed: float | None = None
    ):
        """Compute the features of the real faces.

        Args:
            images: uint8 (n, H, W, 3), may be memory-mapped.
            training: rows of `images`, at least two.
            held_out: rows of `images`, at least two.
            copies_allowed: the share of near copies, 0 to 1, above which `repeats` is true; None: near copies are not
                counted. Counting them takes 8 KB of memory per training face.

        Raises:
            ValueError: fewer than two training or held-out faces.
        """
        if min(len(training), len(held_out)) < 2:
            raise ValueError("judging needs at least two training and two held-out faces.")
        self.held_out = features(images[fixed_subset(held_out, MOST_REAL)])
        self.training = features(images[fixed_subset(training, len(self.held_out))])
        self.copies_allowed = copies_allowed
        self._copies = None if copies_allowed is None else NearCopies(images, training, held_out)

    def judge(self, generated: np.ndarray) -> Judgement:
        """Evaluate generated images uint8 (n, H, W, 3), at least two."""
        vectors = features(generated)
        judgement = self.judge_features(vectors)
        if self._copies is None:
            return judgement
        share = self._copies.share(generated, vectors)
        return replace(judgement, near_copies=share, repeats=share > self.copies_allowed)

    def judge_features(self, generated: np.ndarray) -> Judgement:
        """Evaluate generated images by their features (n, 1280), without counting near copies."""
        held_out, train = kid(self.held_out, generated), kid(self.training, generated)
        n = min(len(self.held_out), len(generated))
        precision, recall = precision_recall(self.held_out[:n], generated[:n])
        return Judgement(held_out.value, held_out.spread, train.value, precision, recall)
