"""Pictures of sliders: the two leakage matrices, and strips of generated faces. numpy and Pillow only."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from facegan.base import pictures

_CELL, _LABEL, _GAP = (52, 30), 190, 24  # px
_FACE = 96
_WHITE, _INK, _OWN = (255, 255, 255), (30, 30, 36), (226, 228, 236)
_LOW, _HIGH = np.array([255.0, 255.0, 255.0]), np.array([205.0, 60.0, 45.0])  # no leakage; as much as the slider itself
_STRIP_POSITIONS = (-1.0, -0.5, 0.0, 0.5, 1.0)


def matrix_picture(facts: dict, labels: dict[str, str]) -> np.ndarray:
    """Both matrices one above the other, uint8 (H, W, 3): this model's sliders, and mean-difference directions.

    `facts` is facts["judged"] of a SliderSet with at least one judged slider; `labels` are the sliders' by name.
    """
    names, rows = facts["names"], facts["sliders"]
    font, small = ImageFont.load_default(15), ImageFont.load_default(13)
    titled = [labels.get(name, name.replace("_", " ").capitalize()) for name in names]
    length = max(int(small.getlength(title)) for title in titled) + 4
    head = 30 + length
    height = head + _CELL[1] * len(rows) + _GAP
    width = _LABEL + _CELL[0] * len(names) + _GAP
    sheet = Image.new("RGB", (width, 2 * height), _WHITE)
    draw = ImageDraw.Draw(sheet)
    titles = (
        f"Moving a slider (row) changes (column): mean {_percent(facts['leakage_mean'])} of itself",
        f"The same by mean-difference directions: mean {_percent(facts['leakage_mean_before'])}",
    )
    for part, (title, key) in enumerate(zip(titles, ("leakage", "before"), strict=True)):
        top = part * height
        draw.text((8, top + 6), title, _INK, font)
        for column, text in enumerate(titled):
            _upright(sheet, text, length, _LABEL + column * _CELL[0], top + head, small)
        for row, name in enumerate(rows):
            y = top + head + row * _CELL[1]
            draw.text((8, y + 7), titled[names.index(name)], _INK, small)
            for column, other in enumerate(names):
                value = facts[key][row][column]
                value = float("nan") if value is None else float(value)
                x = _LABEL + column * _CELL[0]
                shade = np.nan_to_num(_LOW + (_HIGH - _LOW) * min(value, 1.0), nan=255.0)
                colour = _OWN if other == name else tuple(int(c) for c in shade)
                draw.rectangle((x, y, x + _CELL[0] - 2, y + _CELL[1] - 2), colour)
                draw.text((x + _CELL[0] / 2, y + _CELL[1] / 2 - 1), _percent(value), _INK, small, anchor="mm")
    return np.asarray(sheet)


def strips(generate, edit, latents: np.ndarray) -> np.ndarray:
    """Each face of latents (n, d) in a row at five positions of a slider, uint8 (H, W, 3).

    `edit(latents, value)` moves latents; `generate` draws them, uint8 (n, H, H, 3).
    """
    columns = [generate(edit(latents, value)) for value in _STRIP_POSITIONS]
    cells = [pictures.enlarge(columns[c][n], _FACE) for n in range(len(latents)) for c in range(len(columns))]
    return pictures.grid(np.stack(cells), len(columns), gap=2)


def _percent(value: float) -> str:
    return f"{value:.0%}" if np.isfinite(value) else "-"


def _upright(sheet: Image.Image, text: str, length: int, x: int, bottom: int, font: ImageFont.ImageFont) -> None:
    """A column's name, at most `length` px long, read from below."""
    written = Image.new("RGB", (length, 18), _WHITE)
    ImageDraw.Draw(written).text((0, 1), text, _INK, font)
    sheet.paste(written.rotate(90, expand=True), (x + _CELL[0] // 2 - 9, bottom - length - 4))
