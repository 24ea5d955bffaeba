"""Drawn faces as photos with labels: what a picture shows is known, because it was drawn from it.

The latents of the attributes are independent of each other, so what is learned from these faces does not take one
attribute for another, as it does from photos, where women smile more. The judge of sliders learns from the people of
odd numbers; those of even numbers are left for readings that it must be independent of.
"""

from pathlib import Path

import numpy as np

from facegan.faces.cache import FaceCache
from facegan.gan.known_latents import LatentsOfPictures
from tools.drawn_faces.targets import TARGETS

TWO_SIDED = ("gender", "smile", "glasses")  # whose values are only asked for their sign


def people(cache: FaceCache, odd: bool) -> np.ndarray:
    """The rows of a run's used faces whose pictures have even or odd numbers."""
    numbers = np.array([int(Path(cache.names[row]).stem) for row in cache.selected])
    return cache.selected[numbers % 2 == int(odd)]


def targets(cache: FaceCache, rows: np.ndarray, latents: Path, names: tuple[str, ...]) -> np.ndarray:
    """What the faces at `rows` were drawn to show, float64 (n, k): labels, 0 and 1 for those of TWO_SIDED.

    NaN for names that no latent controls.
    """
    known = LatentsOfPictures.load(latents)
    at = {name: row for row, name in enumerate(known.names)}
    drawn = known.latents[[at[Path(cache.names[row]).name] for row in rows]]
    found = np.full((len(rows), len(names)), np.nan)
    for column, target in enumerate(TARGETS):
        if target.name in names:
            values = target.value(drawn[:, column - len(TARGETS)])
            found[:, names.index(target.name)] = values > 0 if target.name in TWO_SIDED else values
    return found
