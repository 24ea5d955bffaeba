"""Latents g (100,) ~ N(0, I) to MobileStyleGAN's w (512,): the last ones are attributes, the rest everything else.

The last, because those are the places in which facegan/gan/attributes.py has the attributes of every generator.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

LATENT_SIZE = 100  # of facegan's generators; as many principal components of w hold all that is seen
# Squared Mahalanobis distance that the attributes may move a person. Of people as the network draws them without
# truncation 95 % have less in as many dimensions; all of the broken pictures that were looked at had more.
FURTHEST = 36.0
CURVE_AT = np.linspace(-3.5, 3.5, 71)  # latents at which an attribute's curve is known; linear between and beyond


@dataclass(frozen=True)
class Basis:
    """w = mean + u @ components, where u (100,) ~ N(0, I) stands for a person.

    Attributes:
        names: of the k attributes.
        mean: float32 (512,).
        components: float32 (100, 512), principal components of w times their standard deviations (and truncation).
        moves: float32 (k, 100): what raises one attribute's score by 1 and no other's, by the least change of u.
        rest: float32 (100 - k, 100), orthonormal, along which no score changes.
        curves: float32 (k, 71): an attribute's score at the latents CURVE_AT.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    components: np.ndarray
    moves: np.ndarray
    rest: np.ndarray
    curves: np.ndarray

    def people(self, g: np.ndarray) -> np.ndarray:
        """Latents g (n, 100) to u (n, 100)."""
        shrunk = np.sqrt(np.minimum(1, FURTHEST / self.distance(g)))
        return shrunk[:, None] * (self.scores(g) @ self.moves) + g[:, : -len(self.names)] @ self.rest

    def distance(self, g: np.ndarray) -> np.ndarray:
        """The squared Mahalanobis distance (n,) that the attributes of latents (n, 100) ask for."""
        return np.square(self.scores(g) @ self.moves).sum(axis=1)

    def attributes(self, g: np.ndarray) -> np.ndarray:
        """The latents (n, k) of latents (n, 100) that decide the attributes, in the order of `names`."""
        return g[:, -len(self.names) :]

    def scores(self, g: np.ndarray) -> np.ndarray:
        """The attributes' scores (n, k) that latents (n, 100) ask for."""
        columns = [np.interp(a, CURVE_AT, curve) for a, curve in zip(self.attributes(g).T, self.curves, strict=True)]
        return np.stack(columns, axis=1)

    def w_of(self, g: np.ndarray) -> np.ndarray:
        """Latents g (n, 100) to w float32 (n, 512)."""
        return (self.mean + self.people(g) @ self.components).astype(np.float32)

    def save(self, path: Path) -> None:
        """As one safetensors file."""
        tensors = {name: getattr(self, name) for name in ("mean", "components", "moves", "rest", "curves")}
        save_file(
            {k: np.ascontiguousarray(v, np.float32) for k, v in tensors.items()},
            path,
            {"names": json.dumps(self.names)},
        )

    @classmethod
    def load(cls, path: Path) -> "Basis":
        """Of `save`."""
        from safetensors import safe_open

        with safe_open(path, "np") as file:
            names = tuple(json.loads(file.metadata()["names"]))
        return cls(names, **load_file(path))


def principal_components(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (512,) of w (n, 512), and its first 100 components (100, 512) times their standard deviations."""
    mean = w.mean(axis=0)
    variances, vectors = np.linalg.eigh(np.cov(w, rowvar=False))
    first = np.argsort(variances)[::-1][:LATENT_SIZE]
    return mean, np.sqrt(np.maximum(variances[first], 0))[:, None] * vectors[:, first].T


def ridge_scores(u: np.ndarray, labels: np.ndarray, strength: float = 30.0) -> np.ndarray:
    """Directions (100, k): u @ directions reads the centred labels (n, k), which may hold NaN, in least squares.

    `strength` is in faces: the penalty weighs as much as so many faces with u = 1.
    """
    columns = []
    for label in labels.T:
        known = ~np.isnan(label)
        x, y = u[known] - u[known].mean(axis=0), label[known] - label[known].mean()
        columns.append(np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y))
    return np.stack(columns, axis=1)


def moves_and_rest(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For score directions B (100, k): moves (k, 100) = (B^T B)^-1 B^T, and a basis (100 - k, 100) of what they ignore.

    u ~ N(0, I), so the least change of u is the least Mahalanobis distance that w travels.
    """
    q, _ = np.linalg.qr(directions, mode="complete")
    rest = q[:, directions.shape[1] :].T
    return np.linalg.solve(directions.T @ directions, directions.T), rest
