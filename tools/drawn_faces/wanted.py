"""The attributes that the last latents decide, and how each is to be spread over a set."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr


@dataclass(frozen=True)
class Wanted:
    """One attribute, in the unit of its label (facegan's labels), as knots (share of the faces, value)."""

    name: str
    knots: tuple[tuple[float, float], ...]

    def value(self, a: np.ndarray) -> np.ndarray:
        """The label that a face with the latent a ~ N(0, 1) shall have."""
        shares, values = zip(*self.knots, strict=True)
        return np.interp(ndtr(a), shares, values)

    @property
    def thirds(self) -> tuple[float, float]:
        """Where the lower and the upper third of the values begin."""
        low, high = self.knots[0][1], self.knots[-1][1]
        return low + (high - low) / 3, high - (high - low) / 3


# The ranges are those of most people as the network draws them, but for age: beyond them faces melt. Age begins at
# 28, so that nobody is read as younger than 25. Two-sided attributes have few faces in the middle: half a pair of
# glasses is a broken picture.
WANTED = (
    Wanted("gender", ((0, -6.0), (0.42, -3.0), (0.58, 3.0), (1, 6.0))),
    Wanted("age", ((0, 28.0), (1, 62.0))),
    Wanted("skin_lightness", ((0, 36.0), (1, 73.0))),
    Wanted("smile", ((0, -9.0), (0.42, -2.0), (0.55, 8.0), (1, 22.0))),
    Wanted("glasses", ((0, -13.0), (0.66, -8.0), (0.72, 4.0), (1, 9.0))),
    Wanted("turn", ((0, -19.0), (1, 19.0))),
    Wanted("mouth_open", ((0, 0.0), (0.45, 0.05), (1, 0.16))),
    Wanted("hair_lightness", ((0, 14.0), (1, 55.0))),
)
NAMES = tuple(wanted.name for wanted in WANTED)
