"""Batches of aligned faces. Their shuffled order depends only on the seed and the number of images seen."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from facegan.base.mapped import release
from facegan.gan.attributes import FaceAttributes
from facegan.gan.known_latents import KnownLatents

_RELEASE_EVERY = 16  # batches, see mapped.release


def as_floats(images: torch.Tensor) -> torch.Tensor:
    """Convert uint8 images to float32 in [-1, 1], on their device."""
    return images.to(torch.float32) / 127.5 - 1


@dataclass(frozen=True)
class TrainingFaces:
    """The faces that a run learns from.

    Attributes:
        images: uint8 (n, H, W, 3), may be memory-mapped.
        rows: int64, which of the images are trained on; at least one.
        attributes: of these rows, in a run that learns `TrainConfig.attributes`.
        latents: of these rows, in a run with `TrainConfig.known_latents`.
        sharded: whether several machines train together, each with its own part of the faces.
    """

    images: np.ndarray
    rows: np.ndarray
    attributes: FaceAttributes | None = None
    latents: KnownLatents | None = None
    sharded: bool = False


class Batch(NamedTuple):
    """A batch of faces."""

    images: torch.Tensor  # uint8 (n, 3, H, W), in channels-last memory format
    attributes: torch.Tensor | None = None  # float32 (n, k), see attributes.py
    latents: torch.Tensor | None = None  # float32 (n, 100), one for each image, see known_latents.py


class FaceBatches:
    """Endless batches over the selected rows of a memory-mapped array of faces.

    Every epoch has its own permutation, and a face is mirrored in half of the epochs. Both depend only on the seed and
    the epoch, so a resumed run gets exactly the batches that it would have got without the interruption. With known
    latents faces are not mirrored, because the latents of mirror images are unknown. A thread reads the next batch
    while the networks compute, so they do not wait for the disk.
    """

    def __init__(
        self,
        images: np.ndarray,
        rows: np.ndarray,
        seed: int,
        attributes: FaceAttributes | None = None,
        latents: KnownLatents | None = None,
    ):
        """`images` uint8 (n, H, W, 3), may be memory-mapped; `rows`: those to use, at least one. `attributes` and
        `latents`: of these rows, if the batches shall contain them."""
        if len(rows) == 0:
            raise ValueError("rows must hold at least one face.")
        self.images, self.rows, self.seed, self.attributes, self.latents = images, rows, seed, attributes, latents
        self._epoch, self._order, self._mirrored = -1, rows, rows
        self._served = 0
        self._reader = ThreadPoolExecutor(1, "faces")  # one thread, because _at caches the order of an epoch
        self._ahead: tuple[tuple, Future[Batch]] | None = None

    def batch(self, position: int, count: int, share: slice = slice(None)) -> Batch:
        """The next `count` faces after `position` faces seen, or the `share` of them."""
        wanted = (position, count, share)
        future = (
            self._ahead[1] if self._ahead and self._ahead[0] == wanted else self._reader.submit(self._read, *wanted)
        )
        following = (position + count, count, share)
        self._ahead = following, self._reader.submit(self._read, *following)
        return future.result()

    def _read(self, position: int, count: int, share: slice) -> Batch:
        picked = [self._at(position + i) for i in range(count)[share]]
        images = np.stack([self.images[row, :, ::-1] if mirrored else self.images[row] for row, mirrored in picked])
        self._served += 1
        if self._served % _RELEASE_EVERY == 0:
            release(self.images)
        attributes = None
        if self.attributes is not None:
            attributes = torch.from_numpy(np.stack([self.attributes.of(row, mirrored) for row, mirrored in picked]))
        latents = None
        if self.latents is not None:
            latents = torch.from_numpy(self.latents.of([row for row, _ in picked]))
        return Batch(torch.from_numpy(images).permute(0, 3, 1, 2), attributes, latents)

    def _at(self, position: int) -> tuple[int, bool]:
        """The row of the face at a position, and whether it is mirrored."""
        epoch, place = divmod(position, len(self.rows))
        if epoch != self._epoch:
            rng = np.random.RandomState([self.seed, epoch])
            self._order = self.rows[rng.permutation(len(self.rows))]
            self._mirrored = (rng.rand(len(self.rows)) < 0.5) & (self.latents is None)
            self._epoch = epoch
        return int(self._order[place]), bool(self._mirrored[place])
