"""A printable page of faces with captions, as PNG or PDF; or a ZIP with a file for each face."""

import io
import re
import struct
import zipfile
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png, enlarge
from facegan.base.seeds import MAX_TRUNCATION
from facegan.base.stamp import as_text as as_stamp
from facegan.base.stamp import png_chunk
from facegan.demo.lettering import write_line
from facegan.demo.markup import FACE_SIZE
from facegan.demo.values import number, one_of, read_face, split_faces
from facegan.model.face import Face, Seed, file_name, latent_of, title
from facegan.model.face_text import compacted
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel
from facegan.model.provenance import recipe_of

MOST = 36  # faces: six rows of six, 3 cm wide on A4
FORMATS = ("png", "pdf", "zip")
DPI = 300  # the usual resolution for printed photos
PAPERS = {"a4": (2480, 3508), "letter": (2550, 3300)}  # px at 300 dpi
_MOST_LETTERS = 40_000  # of the list: 36 faces of the longest that a link holds, with names
_MOST_TITLE = 80  # letters
_MARGIN, _GAP, _LARGEST = 150, 45, 1100  # px; a face larger than _LARGEST only looks softer
_CAPTION = 0.16  # the height of the caption, as a share of the face's side
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')  # not allowed in file names on Windows, nor are names of devices
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)\d", re.IGNORECASE)
_INK, _FAINT = (30, 34, 42), (95, 102, 115)


@dataclass(frozen=True)
class Sheet:
    """`faces` with a caption each; `paper` is one of PAPERS."""

    faces: tuple[tuple[str, Face], ...]
    title: str
    paper: str
    truncation: float

    @classmethod
    def checked(cls, names: object, title: object, paper: object, truncation: object, weights: str = "") -> "Sheet":
        """The sheet with these values. Raises FaceGANError, naming the argument, for an invalid one."""
        if not isinstance(title, str) or len(title) > _MOST_TITLE:
            raise FaceGANError(f"title must be a text of at most {_MOST_TITLE} letters.")
        return cls(
            read_names(names, weights),
            " ".join(title.split()),
            one_of(paper, "paper", tuple(PAPERS)),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
        )


def read_names(text: object, weights: str = "") -> tuple[tuple[str, Face], ...]:
    """The captions and faces of a list such as "Anna, Ben, 7" or "Grandma = 7, Grandpa = ~...".

    Raises FaceGANError if there are none or more than 36.
    """
    if not isinstance(text, str) or len(text) > _MOST_LETTERS:
        raise FaceGANError(f"names must be a text of at most {_MOST_LETTERS} letters.")
    found = []
    for part in split_faces(text):
        caption, equals, written = part.rpartition("=") if isinstance(part, str) else ("", "", part)
        if isinstance(part, str) and not (equals and caption.strip() and written.strip()):
            caption, written = "", part
        face = read_face(written, "names", weights)
        found.append((" ".join(caption.split()) or _caption(face), face))
    if not 1 <= len(found) <= MOST:
        raise FaceGANError(f"A page holds 1 to {MOST} names, with commas or new lines between them, not {len(found)}.")
    return tuple(found)


def _caption(face: Face) -> str:
    return (face.name or str(face.number)) if isinstance(face, Seed) else title(face)


def draw(model: FaceModel, sheet: Sheet, dpi: float = DPI) -> np.ndarray:
    """The page, uint8 (H, W, 3), as large as its paper."""
    scale = dpi / DPI
    page = Image.new("RGB", tuple(round(side * scale) for side in PAPERS[sheet.paper]), "white")
    pen, (width, height) = ImageDraw.Draw(page), page.size
    margin, gap = _MARGIN * scale, _GAP * scale
    top = margin
    if sheet.title:
        write_line(pen, sheet.title, (width / 2, top + 55 * scale), 110 * scale, width - 2 * margin, _INK)
        top += 190 * scale
    bottom = height - margin - 60 * scale
    columns, cell = _layout(len(sheet.faces), width - 2 * margin, bottom - top, gap, _LARGEST * scale)
    text = _CAPTION * cell
    rows = -(-len(sheet.faces) // columns)
    across = columns * cell + (columns - 1) * gap
    down = rows * (cell + text) + (rows - 1) * gap
    y0 = top + min((bottom - top - down) / 2, 200 * scale)
    for i, ((caption, _), image) in enumerate(zip(sheet.faces, _images(model, sheet), strict=True)):
        in_row = min(columns, len(sheet.faces) - i // columns * columns)  # the last row stands in the middle
        left = (width - across) / 2 + (columns - in_row) * (cell + gap) / 2
        x, y = left + i % columns * (cell + gap), y0 + i // columns * (cell + text + gap)
        page.paste(Image.fromarray(enlarge(image, round(cell))), (round(x), round(y)))
        number_of = str(sheet.faces[i][1].number) if isinstance(sheet.faces[i][1], Seed) else ""
        write_line(pen, caption, (x + cell / 2, y + cell + 0.55 * text), 0.7 * text, cell, _INK, number_of)
    write_line(pen, footer(model.config), (width / 2, height - margin), 42 * scale, width - 2 * margin, _FAINT)
    return np.asarray(page)


def footer(config: ModelConfig) -> str:
    """What a page says of its faces, and what drew them."""
    who = "made up, of one real person" if config.data.get("one_person") is True else "none of these people exists"
    by = config.name if "facegan" in config.name.casefold() else f"FaceGAN, {config.name}"
    return f"AI-generated faces: {who}. {by}"


def _images(model: FaceModel, sheet: Sheet) -> np.ndarray:
    return model.generate(np.stack([latent_of(model, face, sheet.truncation) for _, face in sheet.faces]))


def _layout(n: int, width: float, height: float, gap: float, largest: float) -> tuple[int, float]:
    """The number of columns for which faces with captions are largest, and the side of a face in px."""

    def side(columns: int) -> float:
        rows = -(-n // columns)
        return min(
            (width - (columns - 1) * gap) / columns, (height - (rows - 1) * gap) / rows / (1 + _CAPTION), largest
        )

    columns = max(range(1, min(n, 6) + 1), key=side)
    return columns, side(columns)


def encode(model: FaceModel, sheet: Sheet, file_format: str) -> bytes:
    """The sheet as the bytes of a file in one of FORMATS."""
    if file_format == "zip":
        return _zipped(model, sheet)
    stamp = _stamp(model, sheet)
    page = draw(model, sheet)
    if file_format == "pdf":
        file = io.BytesIO()
        about = {"title": sheet.title or "Faces", "subject": "AI-generated faces", "keywords": as_stamp(stamp)}
        Image.fromarray(page).save(file, "pdf", resolution=DPI, quality=95, creator="FaceGAN", **about)
        return file.getvalue()
    content = encode_png(page, stamp)
    per_metre = round(DPI / 0.0254)
    header = content.index(b"IHDR") + 21  # 4 letters, 13 bytes, 4 of the checksum
    return content[:header] + png_chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)) + content[header:]


def _stamp(model: FaceModel, sheet: Sheet) -> dict:
    """The recipe of the page. Without the names, which are on the page for people, but not meant for programs."""
    faces = [Seed(face.number, truncation=face.truncation) if isinstance(face, Seed) else
             compacted(model, face, sheet.truncation, 160) for _, face in sheet.faces]  # fmt: skip
    values = recipe_of(model, faces, sheet.truncation).to_dict()
    try:
        as_stamp(values)
    except ValueError:  # too many made faces for one recipe
        values = {name: value for name, value in values.items() if name != "faces"} | {"shows": "a page of faces"}
    return values


def _zipped(model: FaceModel, sheet: Sheet) -> bytes:
    """A ZIP with a PNG of each face, at the size of the page's large face, with its recipe."""
    file, taken = io.BytesIO(), set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for (caption, face), image in zip(sheet.faces, _images(model, sheet), strict=True):
            name = _free_name(caption, taken)
            recipe = recipe_of(model, [face], sheet.truncation).to_dict()
            archive.writestr(name, encode_png(enlarge(image, FACE_SIZE), recipe))
    return file.getvalue()


def _free_name(caption: str, taken: set[str]) -> str:
    """A file name that is valid on every system and not yet in `taken`, to which it is added."""
    stem, n = _FORBIDDEN.sub("-", caption)[:60].strip(" .") or "face", 1
    name = stem = f"{stem}_" if _DEVICE.fullmatch(stem) else stem
    while name.lower() in taken:
        n += 1
        name = f"{stem}-{n}"
    taken.add(name.lower())
    return f"{name}.png"


def sheet_name(sheet: Sheet, file_format: str) -> str:
    return f"{file_name(Seed(0, sheet.title or 'faces'))}.{file_format}"
