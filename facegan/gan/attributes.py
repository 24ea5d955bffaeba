"""Attributes of the training faces, as the part of the latent that is to decide them.

Of a latent g ~ N(0, I) the last k places are the attributes' own: the generator learns to draw what they say, and the
discriminator learns from the photos to read it. So every attribute has a straight way through the latent that leaves
the others where they are, and it is found by training and not afterwards (AC-GAN, Odena et al. 2017,
https://arxiv.org/abs/1610.09585, with numbers for classes).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.base.paths import utf8_alias

_LEAST_SPREAD = 0.1  # of a direction's variance: what says nearly the same as others is not blown up to a variance of 1


@dataclass(frozen=True)
class FaceAttributes:
    """What the faces of some rows say in the last k places of a latent."""

    names: tuple[str, ...]  # k
    rows: np.ndarray  # int64 (n,), ascending
    latents: np.ndarray  # float32 (n, k), about N(0, I); NaN where a face's is not known
    signs: np.ndarray  # float32 (k,): -1 where the mirror image of a face has the opposite

    @classmethod
    def of_scores(
        cls, names: tuple[str, ...], rows: np.ndarray, scores: np.ndarray, odd: tuple[str, ...] = ()
    ) -> "FaceAttributes":
        """Of scores (n, k) in any units, NaN where one is not known; `odd` names those that mirroring turns round.

        Every score becomes the normal score of its rank, so that tails and classes do not matter: of a yes and a no the
        faces get the numbers above and below a threshold, at random within. Then they are made independent by the
        whitening that changes each least (ZCA, Bell and Sejnowski 1997), so that all combinations are to be drawn.
        """
        rng = np.random.RandomState(0)
        normal = np.stack([_normal_scores(column, rng) for column in np.asarray(scores, np.float64).T], axis=1)
        signs = np.where(np.isin(names, odd), -1.0, 1.0)
        both = np.concatenate([normal, normal * signs])
        variances, directions = np.linalg.eigh(both.T @ both / len(both))
        # A mirror image has the same attributes but for the signs, and this matrix commutes with them.
        whitening = directions / np.sqrt(np.maximum(variances, _LEAST_SPREAD)) @ directions.T
        latents = np.where(np.isfinite(scores), normal @ whitening, np.nan)
        return cls(tuple(names), np.asarray(rows), latents.astype(np.float32), signs.astype(np.float32))

    def of(self, row: int, mirrored: bool) -> np.ndarray:
        """Float32 (k,) of the face of a row, or of its mirror image."""
        found = self.latents[np.searchsorted(self.rows, row)]
        return found * self.signs if mirrored else found

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        tensors = {"rows": self.rows.astype(np.int64), "latents": self.latents, "signs": self.signs}
        atomic_write(path, save(tensors, {"names": json.dumps(self.names)}))

    @classmethod
    def load(cls, path: Path) -> "FaceAttributes":
        """Read what `save` wrote. Raises FaceGANError when it is not there or broken."""
        try:
            with utf8_alias(path) as there, safe_open(there, "np") as file:
                return cls(tuple(json.loads(file.metadata()["names"])),
                           *(file.get_tensor(name) for name in ("rows", "latents", "signs")))  # fmt: skip
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise FaceGANError(
                f"{path} does not hold the attributes that the run began with ({error}): start a new run."
            ) from error


def _normal_scores(scores: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Scores (n,) to what as many draws from N(0, 1) would have at the same ranks: van der Waerden's scores.

    Ties are broken at random, and what is not known is a draw: nothing, for the other attributes that go with it.
    """
    found = rng.randn(len(scores))
    known = np.isfinite(scores)
    order = np.lexsort((rng.rand(known.sum()), scores[known]))
    ranks = np.empty(len(order))
    ranks[order] = np.arange(len(order)) + 0.5
    found[known] = torch.special.ndtri(torch.from_numpy(ranks / max(len(ranks), 1))).numpy()
    return found
