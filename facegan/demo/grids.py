"""A picture in which one slider goes across and another one up: five by five faces, with labelled axes."""

from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from facegan.base.pictures import enlarge
from facegan.demo.lettering import write_line
from facegan.demo.sheet import footer
from facegan.model.face import Edited, Face, latent_of, title
from facegan.model.load import FaceModel
from facegan.model.provenance import recipe_of

VALUES = (-1.0, -0.5, 0.0, 0.5, 1.0)
_CELL, _GAP, _MARGIN = 192, 6, 20  # px; sharp on a phone, whose screen has three pixels for each of CSS
_AXIS, _TICK = 44, 34  # px of a line with an axis' label, and of one with its values
_FOOTER = 44
_INK, _FAINT = (30, 34, 42), (95, 102, 115)


def draw_grid(model: FaceModel, face: Face, across: str, up: str, truncation: float) -> tuple[np.ndarray, dict]:
    """The picture uint8 (H, W, 3) and what it is stamped with.

    `across` and `up` are names of sliders, which go from -1 to 1 and take the place of what the face has of them. Its
    other sliders and its locks stay. Raises FaceGANError when the model cannot draw the face.
    """
    edited = face if isinstance(face, Edited) else Edited(face)
    rest = {name: value for name, value in edited.sliders.items() if name not in (across, up)}
    base = replace(edited, sliders=rest)
    cells = [replace(base, sliders={**rest, up: y, across: x}) for y in reversed(VALUES) for x in VALUES]
    images = model.generate(np.stack([latent_of(model, cell, truncation) for cell in cells]))
    recipe = recipe_of(model, [base if rest else base.of], truncation).to_dict()
    return _with_axes(model, images, across, up, title(base.of)), {**recipe, "grid": [across, up]}


def _with_axes(model: FaceModel, images: np.ndarray, across: str, up: str, whose: str) -> np.ndarray:
    """Faces uint8 (25, H, W, 3), row by row, in a picture with the axes left of them and below."""
    n, step = len(VALUES), _CELL + _GAP
    left, bottom = _MARGIN + _AXIS + 2 * _TICK, _MARGIN + n * step
    width, height = left + n * step + _MARGIN, bottom + _TICK + _AXIS + _FOOTER
    page = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(page)
    for i, image in enumerate(images):
        place = left + i % n * step, _MARGIN + i // n * step
        page.paste(Image.fromarray(enlarge(image, _CELL)), place)
    for i, value in enumerate(VALUES):
        text, middle = f"{value:+g}" if value else "0", _CELL / 2 + i * step
        write_line(pen, text, (left + middle, bottom + _TICK / 2), 24, _CELL, _FAINT)
        write_line(pen, text, (left - _TICK, bottom - _GAP - middle), 24, 2 * _TICK, _FAINT)
    labels = {slider.name: slider.label for slider in model.all_sliders}
    write_line(pen, labels[across], (left + n * step / 2, bottom + _TICK + _AXIS / 2), 32, n * step, _INK)
    page.paste(_rotated(labels[up], n * step), (_MARGIN, _MARGIN))
    line = f"{whose}. {footer(model.config)}"
    write_line(pen, line, (width / 2, height - _FOOTER / 2), 20, width - 2 * _MARGIN, _FAINT)
    return np.asarray(page)


def _rotated(text: str, length: int) -> Image.Image:
    """A line of text that is read from below."""
    line = Image.new("RGB", (length, _AXIS), "white")
    write_line(ImageDraw.Draw(line), text, (length / 2, _AXIS / 2), 32, length, _INK)
    return line.transpose(Image.Transpose.ROTATE_90)
