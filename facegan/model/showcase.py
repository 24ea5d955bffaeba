"""The pictures of a model folder: generated faces only, of consecutive seeds, none chosen by hand."""

from pathlib import Path

import numpy as np

from facegan.base import pictures
from facegan.base.latent_paths import path_through
from facegan.model import folder as layout
from facegan.model.load import FaceModel
from facegan.model.provenance import recipe_of

_SAMPLES, _COLUMNS = 32, 8
_CELL = 128  # px: what a face is enlarged to on a page
FRAMES_PER_LEG = 24
_MORPH_SEEDS, _MORPH_SIZE = range(6), 256


def write_showcase(model: FaceModel, folder: Path) -> None:
    """Write samples.png (seeds 0 to 31) and morph.mp4 (a loop through seeds 0 to 5) at the model's own truncation."""
    psi = model.config.truncation
    faces = model.generate(model.latents(range(_SAMPLES), psi))
    cells = np.stack([pictures.enlarge(face, _CELL) for face in faces])
    recipe = recipe_of(model, range(_SAMPLES), psi)
    sheet = pictures.encode_png(pictures.grid(cells, _COLUMNS, gap=2), recipe.to_dict(), compact=True)
    (folder / layout.SAMPLES).write_bytes(sheet)
    path = path_through(model.latents(_MORPH_SEEDS, psi), FRAMES_PER_LEG, loop=True)
    frames = (pictures.enlarge(face, _MORPH_SIZE) for face in model.generate(path))
    recipe = recipe_of(model, _MORPH_SEEDS, psi, frames_per_leg=FRAMES_PER_LEG, loop=True)
    pictures.write_mp4(folder / layout.MORPH, frames, recipe=recipe.to_dict())
