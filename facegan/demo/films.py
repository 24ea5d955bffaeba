"""Films: what they share, and a morph as pictures: its stops, any point of its path, and the film."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from facegan.base.latent_paths import path_through, point_on_path
from facegan.base.pictures import enlarge, write_gif, write_mp4
from facegan.demo.markup import FACE_SIZE, face_strip, path_figure
from facegan.demo.state import MorphState
from facegan.demo.thumbnails import draw_thumbnails
from facegan.model.face import file_name, latent_of, short_title
from facegan.model.face_text import compacted
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, recipe_of

FORMATS = ("mp4", "gif")
_MOST_LINK = 1800  # letters of all faces in a link: 150 for each of twelve, and a stored latent takes 140
_BATCH = 24  # frames that the generator draws at once


def film_size(model: FaceModel, file_format: str) -> int:
    """The side of a film in px. A GIF of 512 px would have 8 MB for three seconds."""
    if file_format == "gif":
        return 256
    return FACE_SIZE if model.size < 256 else 512


def stops(model: FaceModel, state: MorphState) -> np.ndarray:
    """The latents float32 (n, d) of the faces that a morph passes."""
    return np.stack([latent_of(model, face, state.truncation) for face in state.faces])


def short_enough(model: FaceModel, state: MorphState) -> MorphState:
    """The same morph with shorter texts of its faces, so that its link has fewer than 2,000 letters."""
    most = _MOST_LINK // len(state.faces)
    return replace(state, faces=tuple(compacted(model, face, state.truncation, most) for face in state.faces))


def film_frames(model: FaceModel, state: MorphState) -> Iterator[np.ndarray]:
    """The frames as the generator draws them, uint8 (H, W, 3), one by one."""
    path = path_through(stops(model, state), state.frames_per_leg, state.loop)
    for start in range(0, len(path), _BATCH):
        yield from model.generate(path[start : start + _BATCH])


def recipe_of_morph(model: FaceModel, state: MorphState, position: float | None = None) -> Recipe:
    """The recipe of the film, or of the face at `position` of its path."""
    return recipe_of(
        model,
        state.faces,
        state.truncation,
        frames_per_leg=state.frames_per_leg,
        loop=state.loop,
        position=position,
    )


def film_name(state: MorphState, file_format: str) -> str:
    return f"morph-{'-'.join(map(file_name, state.faces))}.{file_format}"


def draw_film(model: FaceModel, state: MorphState, file_format: str) -> bytes:
    """The morph as the bytes of an "mp4" or a "gif"."""
    return encode_film(model, film_frames(model, state), recipe_of_morph(model, state), file_format)


def encode_film(model: FaceModel, frames: Iterable[np.ndarray], recipe: Recipe, file_format: str) -> bytes:
    """Frames uint8 (H, W, 3) as the generator draws them, as the bytes of an "mp4" or a "gif"."""
    size = film_size(model, file_format)
    with tempfile.TemporaryDirectory(prefix="facegan-") as folder:  # both writers need a file that can be read back
        path = Path(folder) / "film"
        if file_format == "gif":
            write_gif(path, (enlarge(frame, size) for frame in frames), recipe=recipe.to_dict())
        else:
            write_mp4(path, frames, preset="superfast", recipe=recipe.to_dict(), size=size)
        return path.read_bytes()


def draw_strip(model: FaceModel, state: MorphState) -> str:
    """The faces that the morph passes, as HTML."""
    images = draw_thumbnails(model, stops(model, state))
    recipes = [recipe_of(model, [face], state.truncation) for face in state.faces]
    return face_strip(images, recipes, state.loop)


def draw_position(model: FaceModel, state: MorphState, preview: bool = False) -> str:
    """The face at the state's position on the path, as HTML that carries the state's link."""
    position = state.position
    latents, names = stops(model, state), [short_title(face) for face in state.faces]
    if state.loop:
        latents, names = np.concatenate([latents, latents[:1]]), [*names, names[0]]
    point = point_on_path(latents, position)
    leg = min(int(position * state.legs), state.legs - 1)
    part = position * state.legs - leg
    caption = f"{part:.0%} of the way from {names[leg]} to {names[leg + 1].removeprefix('seed ')}"
    if part in (0, 1):
        caption = names[leg + int(part)]
    recipe = recipe_of_morph(model, state, position)
    return path_figure(model.generate(point[None])[0], caption, recipe, state.query(), preview)
