"""Pictures whose latents are known: a generator learns each from its own latents, beside the adversary.

A stronger generator drew the pictures from these latents (tools/draw_faces.py): to learn them is to distil it.
Hinton et al. 2015, https://arxiv.org/abs/1503.02531; for images Belousov 2021, https://arxiv.org/abs/2104.04767.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.base.paths import utf8_alias
from facegan.gan.attributes import FaceAttributes
from facegan.gan.networks import LATENT_SIZE

FILE = "latents.safetensors"  # in a folder of drawn pictures, and in a run that learns from them


@dataclass(frozen=True)
class KnownLatents:
    """The latents of the faces of some rows.

    Attributes:
        rows: int64 (n,), ascending.
        latents: float32 (n, 100), about N(0, I).
        attributes: names of what the last places of the latents decide.
    """

    rows: np.ndarray
    latents: np.ndarray
    attributes: tuple[str, ...] = ()

    def of(self, rows: list[int]) -> np.ndarray:
        """Float32 (len(rows), 100)."""
        return self.latents[np.searchsorted(self.rows, rows)]

    def of_attributes(self) -> FaceAttributes | None:
        """The part of the latents that decides attributes, as the discriminator learns to read it."""
        if not self.attributes:
            return None
        k = len(self.attributes)
        return FaceAttributes(self.attributes, self.rows, self.latents[:, -k:], np.ones(k, np.float32))

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        tensors = {"rows": self.rows.astype(np.int64), "latents": self.latents.astype(np.float32)}
        atomic_write(path, save(tensors, {"attributes": json.dumps(self.attributes)}))

    @classmethod
    def load(cls, path: Path) -> "KnownLatents":
        """Read what `save` wrote. Raises FaceGANError when it is missing or damaged."""
        tensors, metadata = _read(path)
        try:
            return cls(tensors["rows"], tensors["latents"], tuple(json.loads(metadata["attributes"])))
        except (KeyError, ValueError, TypeError) as error:
            raise FaceGANError(f"{path} does not hold the latents that the run began with: start a new run.") from error


@dataclass(frozen=True)
class LatentsOfPictures:
    """A --latents file: the latents float32 (n, 100) of pictures by their names, relative to the data folder."""

    names: tuple[str, ...]
    latents: np.ndarray
    attributes: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        words = {"files": json.dumps(self.names), "attributes": json.dumps(self.attributes)}
        path.write_bytes(save({"latents": np.ascontiguousarray(self.latents, np.float32)}, words))

    @classmethod
    def load(cls, path: Path) -> "LatentsOfPictures":
        """Read a file. Raises FaceGANError, which says what is wrong with it."""
        tensors, metadata = _read(path)
        try:
            names, latents = tuple(json.loads(metadata["files"])), tensors["latents"]
            attributes = tuple(json.loads(metadata.get("attributes", "[]")))
        except (KeyError, ValueError, TypeError) as error:
            raise FaceGANError(
                f"{path} is no file of latents: it needs a tensor `latents` (n, {LATENT_SIZE}) and, in its metadata, "
                "`files`, a JSON list of n file names."
            ) from error
        if latents.dtype != np.float32 or latents.shape != (len(names), LATENT_SIZE) or not np.isfinite(latents).all():
            raise FaceGANError(
                f"{path} must hold float32 latents of shape ({len(names)}, {LATENT_SIZE}), one finite row a file, not "
                f"{latents.dtype} {latents.shape}."
            )
        return cls(names, latents, attributes)

    def for_rows(self, rows: np.ndarray, photos: list[str]) -> KnownLatents:
        """Those of the faces in `rows`, ascending, whose photos are named `photos` (one for each of the rows).

        A face of a photo without latents is left out. Raises FaceGANError where none has any.
        """
        place = {name: i for i, name in enumerate(self.names)}
        known = [(row, place[name]) for row, name in zip(rows, photos, strict=True) if name in place]
        if not known:
            example = photos[0] if photos else "none"
            raise FaceGANError(
                f"None of the photos is named in the file of latents: the photos are named like {example}, the latents "
                f"like {self.names[0] if self.names else 'none'}."
            )
        found, places = np.array(known).T
        return KnownLatents(found, self.latents[places], self.attributes)


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    try:
        with utf8_alias(path) as there, safe_open(there, "np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise FaceGANError(f"{path} cannot be read as a safetensors file ({error}).") from error
