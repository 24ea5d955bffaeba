"""Scores of aligned faces: `label_faces`, which the rest of the program calls."""

from dataclasses import dataclass

import numpy as np

from facegan.labels.attributes import ATTRIBUTES, NAMES, ODD, Attribute
from facegan.labels.evidence import Evidence
from facegan.labels.networks import FEATURE_SIZE

_CHUNK = 256  # faces at once: bounds the memory of crops and colours to 60 MB


@dataclass(frozen=True)
class Labels:
    """Scores of n faces."""

    attributes: tuple[Attribute, ...]  # what each column is
    values: np.ndarray  # float32 (n, k); NaN where a face does not show it
    features: np.ndarray | None = None  # float32 (n, 1920), networks.NetworkOutputs.features, where they were asked for

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(attribute.name for attribute in self.attributes)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, name: str) -> np.ndarray:
        """The scores (n,) of one attribute."""
        return self.values[:, self.names.index(name)]


def label_faces(images: np.ndarray, framing: float, *, mirror: bool = False, features: bool = False) -> Labels:
    """Scores of aligned faces in the order of `attributes.ATTRIBUTES`.

    Args:
        images: uint8 (n, H, H, 3), RGB, as the cache and the generators make them; may be memory-mapped.
        framing: of the images: FaceCache.report["framing"] or a model's config.data["framing"].
        mirror: score the mirror images, too, and take the mean: a little more exact at half the speed. What a mirror
            turns round (turn, tilt) is turned back first.
        features: keep the networks' inner features, too, which probes read.

    Raises:
        ValueError: the images are not uint8 squares in RGB.
    """
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] != 3 or images.shape[1] != images.shape[2]:
        raise ValueError(f"images must be uint8 (n, H, H, 3), not {images.dtype} {images.shape}.")
    chunks = [np.asarray(images[start : start + _CHUNK]) for start in range(0, len(images), _CHUNK)]
    back = np.where(np.isin(NAMES, ODD), -1, 1).astype(np.float32)
    values, inner = [np.empty((0, len(NAMES)), np.float32)], [np.empty((0, FEATURE_SIZE), np.float32)]
    for chunk in chunks:
        scores, seen = _values(chunk, framing)
        if mirror:
            mirrored, seen_there = _values(np.ascontiguousarray(chunk[:, :, ::-1]), framing)
            scores, seen = (scores + mirrored * back) / 2, (seen + seen_there) / 2
        values.append(scores)
        if features:
            inner.append(seen)
    return Labels(ATTRIBUTES, np.concatenate(values), np.concatenate(inner) if features else None)


def _values(images: np.ndarray, framing: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores float32 (n, k), and the networks' inner features (n, 1920)."""
    evidence = Evidence.of(images, framing)
    scores = [attribute.read(evidence) for attribute in ATTRIBUTES]
    return np.stack(scores, axis=1).astype(np.float32), evidence.outputs.features
