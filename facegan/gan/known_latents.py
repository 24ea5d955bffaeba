"""Training on images with known latents: G also learns to map each latent to its image.

A stronger generator drew the images from these latents (tools/draw_faces.py), so this is knowledge distillation:
Hinton et al. 2015, https://arxiv.org/abs/1503.02531; for GANs Belousov 2021, https://arxiv.org/abs/2104.04767.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from facegan.base.curves import EntryCurves, entry_curves
from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.base.paths import utf8_alias
from facegan.gan.attributes import FaceAttributes
from facegan.gan.networks import LATENT_SIZE

FILE = "latents.safetensors"  # in the folder of a run; LatentsOfPictures has this name beside generated images


@dataclass(frozen=True)
class KnownLatents:
    """The latents of the faces in some rows of the cache.

    Attributes:
        rows: int64 (n,), ascending.
        latents: float32 (n, 100), about N(0, I).
        attributes: names of the attributes that the last entries of a latent control.
        curves: of these entries, as the latents' file brings them; not saved, because RUN/config.json has them.
    """

    rows: np.ndarray
    latents: np.ndarray
    attributes: tuple[str, ...] = ()
    curves: EntryCurves = ()

    def of(self, rows: list[int]) -> np.ndarray:
        """The latents float32 (len(rows), 100) of these rows."""
        return self.latents[np.searchsorted(self.rows, rows)]

    def of_attributes(self) -> FaceAttributes | None:
        """The entries of the latents that control attributes, for the discriminator to predict; or None."""
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
            raise FaceGANError(f"{path} does not contain the latents of this run: start a new run.") from error


@dataclass(frozen=True)
class LatentsOfPictures:
    """A --latents file: latents float32 (n, 100), and the paths of their images relative to the data folder.

    `attributes` and `curves`: as those of KnownLatents.
    """

    names: tuple[str, ...]
    latents: np.ndarray
    attributes: tuple[str, ...] = ()
    curves: EntryCurves = ()

    def save(self, path: Path) -> None:
        """Write a safetensors file."""
        words = {name: json.dumps(value) for name, value in (
            ("files", self.names), ("attributes", self.attributes), ("curves", self.curves))}  # fmt: skip
        path.write_bytes(save({"latents": np.ascontiguousarray(self.latents, np.float32)}, words))

    @classmethod
    def load(cls, path: Path) -> "LatentsOfPictures":
        """Read a --latents file. Raises FaceGANError for an invalid one."""
        tensors, metadata = _read(path)
        try:
            names, latents = tuple(json.loads(metadata["files"])), tensors["latents"]
            attributes = tuple(json.loads(metadata.get("attributes", "[]")))
        except (KeyError, ValueError, TypeError) as error:
            raise FaceGANError(
                f"{path} is not a file of latents: it needs a tensor `latents` (n, {LATENT_SIZE}) and, in its "
                "metadata, `files`, a JSON list of n file names."
            ) from error
        if latents.dtype != np.float32 or latents.shape != (len(names), LATENT_SIZE) or not np.isfinite(latents).all():
            raise FaceGANError(
                f"{path} must contain finite float32 latents of shape ({len(names)}, {LATENT_SIZE}), a row for each "
                f"file, but they are {latents.dtype} {latents.shape}."
            )
        try:
            curves = entry_curves(json.loads(metadata.get("curves", "[]")))
        except ValueError as error:
            raise FaceGANError(f"{path} has curves that no model can have: {error}.") from error
        if curves and len(curves) != len(attributes):
            raise FaceGANError(f"{path} has {len(curves)} curves for {len(attributes)} attributes.")
        return cls(names, latents, attributes, curves)

    def for_rows(self, rows: np.ndarray, photos: list[str]) -> KnownLatents:
        """The latents of the faces in `rows` (ascending). `photos`: the name of the photo of each row.

        Faces whose photo has no latent are left out. Raises FaceGANError when no photo has one.
        """
        place = {name: i for i, name in enumerate(self.names)}
        known = [(row, place[name]) for row, name in zip(rows, photos, strict=True) if name in place]
        if not known:
            example = photos[0] if photos else "none"
            raise FaceGANError(
                f"The --latents file names none of the photos: a photo is called {example}, and the file names "
                f"{self.names[0] if self.names else 'nothing'}. Give the folder that contains these by --data."
            )
        found, places = np.array(known).T
        return KnownLatents(found, self.latents[places], self.attributes, self.curves)


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    try:
        with utf8_alias(path) as alias, safe_open(alias, "np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise FaceGANError(f"{path} cannot be read as a safetensors file ({error}).") from error
