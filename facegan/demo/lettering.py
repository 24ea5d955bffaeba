"""Lines of text in pictures, in any alphabet that a font of this machine has."""

from functools import cache
from pathlib import Path

import gradio as gr
from PIL import ImageDraw, ImageFont

# Of gradio's fonts the one with Latin, Greek and Cyrillic letters; then what the system may have for other ones.
_FONT = Path(gr.__file__).parent / "templates/frontend/static/fonts/SourceSansPro/SourceSansPro-Regular.woff2"
_SYSTEM_FONTS = ("DejaVuSans.ttf", "NotoSansCJK-Regular.ttc", "Arial Unicode.ttf", "arial.ttf", "msgothic.ttc")


def write_line(
    pen: ImageDraw.ImageDraw,
    text: str,
    middle: tuple[float, float],
    size: float,
    width: float,
    ink: tuple[int, int, int],
    otherwise: str = "",
) -> None:
    """`text` around `middle`, smaller or cut where it is wider than `width`; `otherwise` where no font has it."""
    font = _font(text, round(size))
    if font is None:
        text, font = otherwise, _font(otherwise, round(size))
    if not text or font is None:
        return
    if font.getlength(text) > width:
        font = font.font_variant(size=max(round(size * width / font.getlength(text)), round(0.6 * size)))
    while font.getlength(text) > width and len(text) > 1:
        text = text.removesuffix("…")[:-1].rstrip() + "…"
    pen.text(middle, text, ink, font, anchor="mm")


def _font(text: str, size: int) -> ImageFont.FreeTypeFont | None:
    """The first font that has all the letters."""
    for font in _fonts():
        none = bytes(font.getmask("\u0378"))  # an unassigned code point: the glyph for missing letters
        if not any(bytes(font.getmask(letter)) == none for letter in text if not letter.isspace()):
            return font.font_variant(size=max(size, 1))
    return None


@cache
def _fonts() -> tuple[ImageFont.FreeTypeFont, ...]:
    found = []
    for font in (_FONT, *_SYSTEM_FONTS):
        try:
            found.append(ImageFont.truetype(font, 24))
        except OSError:  # this machine has none
            continue
    return (*found, ImageFont.load_default(24))
