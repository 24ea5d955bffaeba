"""Attribute values of the training faces, in the form of the last entries of a latent, which control them.

The last k entries of a latent g ~ N(0, I) are attribute values: the discriminator learns from the photos to predict
them, and the generator learns to draw faces for which it predicts them. So changing one entry changes one attribute and
keeps the others (AC-GAN, Odena et al. 2017, https://arxiv.org/abs/1610.09585, with numbers in place of classes).
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

_LEAST_SPREAD = 0.1  # smallest variance that whitening scales up to 1: below it an attribute is nearly a copy of others


@dataclass(frozen=True)
class FaceAttributes:
    """The attribute values of faces, as the last k entries of a latent."""

    names: tuple[str, ...]  # k
    rows: np.ndarray  # int64 (n,), ascending: which faces of the cache
    latents: np.ndarray  # float32 (n, k), about N(0, I); NaN where a value is unknown
    signs: np.ndarray  # float32 (k,): -1 where mirroring a face changes the sign (such as the turn of the head)

    @classmethod
    def of_scores(
        cls, names: tuple[str, ...], rows: np.ndarray, scores: np.ndarray, odd: tuple[str, ...] = ()
    ) -> "FaceAttributes":
        """Attribute values from scores.

        Every score becomes the normal score of its rank, so that units and tails do not matter. For a yes/no attribute
        these are random values on either side of a threshold. ZCA whitening (Bell and Sejnowski 1997), which changes
        each attribute as little as possible, then removes the correlations, so that all combinations occur.

        Args:
            names: of the k attributes.
            rows: int64 (n,), ascending.
            scores: (n, k) in any units, NaN where one is unknown.
            odd: names of the attributes whose sign changes when a face is mirrored.
        """
        rng = np.random.RandomState(0)
        normal = np.stack([_normal_scores(column, rng) for column in np.asarray(scores, np.float64).T], axis=1)
        signs = np.where(np.isin(names, odd), -1.0, 1.0)
        both = np.concatenate([normal, normal * signs])
        variances, directions = np.linalg.eigh(both.T @ both / len(both))
        # Computed on faces and mirror images, so whitening commutes with the change of signs.
        whitening = directions / np.sqrt(np.maximum(variances, _LEAST_SPREAD)) @ directions.T
        latents = np.where(np.isfinite(scores), normal @ whitening, np.nan)
        return cls(tuple(names), np.asarray(rows), latents.astype(np.float32), signs.astype(np.float32))

    def of(self, row: int, mirrored: bool) -> np.ndarray:
        """The values float32 (k,) of the face in a row, or of its mirror image."""
        found = self.latents[np.searchsorted(self.rows, row)]
        return found * self.signs if mirrored else found

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        tensors = {"rows": self.rows.astype(np.int64), "latents": self.latents, "signs": self.signs}
        atomic_write(path, save(tensors, {"names": json.dumps(self.names)}))

    @classmethod
    def load(cls, path: Path) -> "FaceAttributes":
        """Read what `save` wrote. Raises FaceGANError when it is missing or damaged."""
        try:
            with utf8_alias(path) as alias, safe_open(alias, "np") as file:
                return cls(tuple(json.loads(file.metadata()["names"])),
                           *(file.get_tensor(name) for name in ("rows", "latents", "signs")))  # fmt: skip
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise FaceGANError(
                f"{path} does not contain the attributes that the run was started with ({error}): start a new run."
            ) from error


def _normal_scores(scores: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Replace scores (n,) by the normal quantiles of their ranks (van der Waerden scores), about N(0, 1).

    Ties are broken at random. An unknown score becomes a random draw from N(0, 1), which has no correlation with the
    other attributes.
    """
    found = rng.randn(len(scores))
    known = np.isfinite(scores)
    order = np.lexsort((rng.rand(known.sum()), scores[known]))
    ranks = np.empty(len(order))
    ranks[order] = np.arange(len(order)) + 0.5
    found[known] = torch.special.ndtri(torch.from_numpy(ranks / max(len(ranks), 1))).numpy()
    return found
