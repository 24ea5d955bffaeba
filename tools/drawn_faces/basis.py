"""Maps latents g (100,) ~ N(0, I) to MobileStyleGAN's w (512,). The last entries of g control the attributes.

They are the last ones because in every generator of facegan the last entries are the attributes (gan/attributes.py).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

LATENT_SIZE = 100  # of facegan's generators; 100 principal components of w contain all visible variation
# The squared Mahalanobis distance by which the attributes may move a person. Of samples of the network without
# truncation 95 % have less in as many dimensions; all broken pictures that were inspected had more.
MAX_DISTANCE = 36.0
# The latents at which an attribute's curve is stored. Linear between them, constant beyond.
CURVE_LATENTS = np.linspace(-3.5, 3.5, 71)


@dataclass(frozen=True)
class Basis:
    """w = mean + u @ components, where u (100,) ~ N(0, I) are the whitened principal components of w.

    A score is a linear function of u that predicts an attribute's label.

    Attributes:
        names: of the k attributes.
        mean: float32 (512,).
        components: float32 (100, 512), principal components of w times their standard deviations (and truncation).
        moves: float32 (k, 100), for each attribute the shortest change of u that raises its score by 1 and no other's.
        rest: float32 (100 - k, 100), an orthonormal basis of the changes of u that change no score.
        curves: float32 (k, 71), each attribute's score at CURVE_LATENTS.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    components: np.ndarray
    moves: np.ndarray
    rest: np.ndarray
    curves: np.ndarray

    def to_u(self, g: np.ndarray) -> np.ndarray:
        """Latents g (n, 100) to u (n, 100); the attributes move u by at most MAX_DISTANCE."""
        shrunk = np.sqrt(np.minimum(1, MAX_DISTANCE / self.distance(g)))
        return shrunk[:, None] * (self.scores(g) @ self.moves) + g[:, : -len(self.names)] @ self.rest

    def distance(self, g: np.ndarray) -> np.ndarray:
        """The squared Mahalanobis distance (n,) by which the attributes of latents (n, 100) would move u, unlimited."""
        return np.square(self.scores(g) @ self.moves).sum(axis=1)

    def attributes(self, g: np.ndarray) -> np.ndarray:
        """The entries (n, k) of latents (n, 100) that control the attributes, in the order of `names`."""
        return g[:, -len(self.names) :]

    def scores(self, g: np.ndarray) -> np.ndarray:
        """The attributes' scores (n, k) at latents (n, 100), before the distance is limited."""
        columns = [
            np.interp(a, CURVE_LATENTS, curve) for a, curve in zip(self.attributes(g).T, self.curves, strict=True)
        ]
        return np.stack(columns, axis=1)

    def to_w(self, g: np.ndarray) -> np.ndarray:
        """Latents g (n, 100) to w float32 (n, 512)."""
        return (self.mean + self.to_u(g) @ self.components).astype(np.float32)

    def save(self, path: Path) -> None:
        """Writes the basis to a safetensors file."""
        tensors = {name: getattr(self, name) for name in ("mean", "components", "moves", "rest", "curves")}
        save_file(
            {k: np.ascontiguousarray(v, np.float32) for k, v in tensors.items()},
            path,
            {"names": json.dumps(self.names)},
        )

    @classmethod
    def load(cls, path: Path) -> "Basis":
        """Reads a file that `save` wrote."""
        from safetensors import safe_open

        with safe_open(path, "np") as file:
            names = tuple(json.loads(file.metadata()["names"]))
        return cls(names, **load_file(path))


def principal_components(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean (512,) of w (n, 512), and its first 100 principal components (100, 512) times standard deviations."""
    mean = w.mean(axis=0)
    variances, vectors = np.linalg.eigh(np.cov(w, rowvar=False))
    first = np.argsort(variances)[::-1][:LATENT_SIZE]
    return mean, np.sqrt(np.maximum(variances[first], 0))[:, None] * vectors[:, first].T


def score_directions(u: np.ndarray, labels: np.ndarray, strength: float = 30.0) -> np.ndarray:
    """Ridge regression of the centred labels (n, k), which may hold NaN, on u (n, 100): directions (100, k).

    `strength`: the ridge penalty, which weighs as much as so many faces with u = 1.
    """
    columns = []
    for label in labels.T:
        known = ~np.isnan(label)
        x, y = u[known] - u[known].mean(axis=0), label[known] - label[known].mean()
        columns.append(np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y))
    return np.stack(columns, axis=1)


def moves_and_rest(directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For score directions B (100, k): moves (k, 100) = (B^T B)^-1 B^T, and an orthonormal basis of B's complement.

    Since u ~ N(0, I), the shortest change of u is the smallest Mahalanobis distance in w. The basis is (100 - k, 100).
    """
    q, _ = np.linalg.qr(directions, mode="complete")
    rest = q[:, directions.shape[1] :].T
    return np.linalg.solve(directions.T @ directions, directions.T), rest
