"""The attributes that the last entries of a latent control, and the target distribution of each over a set."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class TargetDistribution:
    """The inverse cumulative distribution of one attribute's label, as knots (share of the faces, value).

    `curve`: that of the latent's entry in a generator that learns from the pictures (base/curves.py).
    """

    name: str
    knots: tuple[tuple[float, float], ...]
    curve: tuple[float, float] = (0.0, 1.0)

    def value(self, a: np.ndarray) -> np.ndarray:
        """The target label of a face whose latent has the entry a ~ N(0, 1)."""
        shares, values = zip(*self.knots, strict=True)
        return np.interp(ndtr(a), shares, values)

    @property
    def thirds(self) -> tuple[float, float]:
        """The bounds of the middle third of the range of values."""
        low, high = self.knots[0][1], self.knots[-1][1]
        return low + (high - low) / 3, high - (high - low) / 3


# Except for age, the ranges are those of most random people of the network: beyond them faces are distorted. Ages begin
# at 28, so that no face is labelled younger than 25. Two-sided attributes have few faces in the middle, because half a
# pair of glasses is a broken picture, and generators get their entries along steep curves. The label of glasses begins
# at -10.9: what lowers it further is no longer the lack of glasses, but hats and the heads of children.
TARGETS = (
    TargetDistribution("gender", ((0, -6.0), (0.42, -3.0), (0.58, 3.0), (1, 6.0)), curve=(0.0, 8.0)),
    TargetDistribution("age", ((0, 28.0), (1, 62.0))),
    TargetDistribution("skin_lightness", ((0, 36.0), (1, 73.0))),
    TargetDistribution("smile", ((0, -9.0), (0.42, -2.0), (0.55, 8.0), (1, 22.0))),
    # The centre is the entry below which 0.68 of all are.
    TargetDistribution("glasses", ((0, -10.9), (0.67, -10.3), (0.69, 4.0), (1, 9.0)), curve=(0.46875, 5.0)),
    TargetDistribution("turn", ((0, -19.0), (1, 19.0))),
    TargetDistribution("mouth_open", ((0, 0.0), (0.45, 0.05), (1, 0.16))),
    TargetDistribution("hair_lightness", ((0, 14.0), (1, 55.0))),
)
NAMES = tuple(target.name for target in TARGETS)
CURVES = tuple(target.curve for target in TARGETS)
