"""The pictures of the report."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from facegan.base.errors import FaceGANError
from facegan.base.stamp import OF_PHOTOS, stamp
from facegan.faces.align import Frame, face_transform, warp
from facegan.faces.filters import Verdict
from facegan.faces.person.identity import People
from facegan.faces.reasons import REASONS
from facegan.faces.report.spread import centre_transform
from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.photos import Photo
from facegan.faces.sources.unreadable import UnreadablePhotoError

CELL = 112  # pixels of one face in a sheet
CAPTION = 60  # pixels of text below it
REJECTED_COLUMNS, REJECTED_CELLS = 8, 48
PEOPLE_COLUMNS, PEOPLE_ROWS = 8, 8
GIF_COLUMNS, GIF_ROWS = 8, 3
GIF_STEPS = 10  # frames from before to after
GIF_HOLD_MS, GIF_STEP_MS = 1400, 60
_GROUND, _INK, _DIM, _ACCENT = (24, 25, 28), (236, 236, 238), (160, 163, 170), (255, 196, 84)


@dataclass(frozen=True)
class BeforeAfter:
    """A photo that was read again for the report, with the keypoints of its used face."""

    rgb: np.ndarray  # uint8 (H, W, 3)
    keypoints: np.ndarray  # (5, 2)


def read_again(photo: Photo) -> np.ndarray | None:
    """The working photo, or None if it can no longer be read."""
    try:
        return decode_photo(photo.read()[0]).rgb
    except (UnreadablePhotoError, FaceGANError):
        return None


def before(photo: BeforeAfter, size: int) -> np.ndarray:
    """The photo's central square, shrunk: uint8 (size, size, 3)."""
    return warp(photo.rgb, centre_transform(photo.rgb.shape[1], photo.rgb.shape[0], size), size)


def after(photo: BeforeAfter, frame: Frame) -> np.ndarray:
    """The aligned face, uint8 (frame.size, frame.size, 3)."""
    return warp(photo.rgb, face_transform(photo.keypoints, frame), frame.size)


def average(pictures: list[np.ndarray]) -> Image.Image:
    """The mean of pictures of the same size."""
    return Image.fromarray(np.mean(np.stack(pictures), axis=0).round().astype(np.uint8))


def before_after_gif(path: Path, photos: list[BeforeAfter], frame: Frame) -> None:
    """An animation in which faces move from their positions in the photos to those of the template."""
    photos = photos[: GIF_COLUMNS * GIF_ROWS]
    columns = min(GIF_COLUMNS, len(photos))
    shown = Frame(CELL, frame.framing)
    smooth = 0.5 - 0.5 * np.cos(np.pi * np.arange(GIF_STEPS + 1) / GIF_STEPS)
    frames = [_gif_frame(photos, shown, columns, float(share)) for share in smooth]
    frames += frames[-2:0:-1]  # and back
    holds = [GIF_STEP_MS] * len(frames)
    holds[0] = holds[GIF_STEPS] = GIF_HOLD_MS
    # Without dithering, whose pattern would flicker from frame to frame.
    paletted = [frame.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE) for frame in frames]
    gif = io.BytesIO()
    paletted[0].save(gif, "GIF", save_all=True, append_images=paletted[1:], duration=holds, loop=0, optimize=False)
    path.write_bytes(_stamped(gif.getvalue()))


def _gif_frame(photos: list[BeforeAfter], frame: Frame, columns: int, share: float) -> Image.Image:
    rows = -(-len(photos) // columns)
    sheet = Image.new("RGB", (columns * CELL, rows * CELL + 22), _GROUND)
    draw = ImageDraw.Draw(sheet)
    for index, photo in enumerate(photos):
        start = centre_transform(photo.rgb.shape[1], photo.rgb.shape[0], CELL)
        transform = (1 - share) * start + share * face_transform(photo.keypoints, frame)
        corner = (index % columns * CELL, index // columns * CELL)
        sheet.paste(Image.fromarray(warp(photo.rgb, transform, CELL)), corner)
    eyes = frame.template()
    for row in range(rows):  # the line on which all eyes are after alignment
        y = row * CELL + round(float(eyes[0, 1]))
        draw.line([(0, y), (sheet.width, y)], fill=_ACCENT, width=1)
    words = "before" if share == 0 else "after" if share == 1 else ""
    draw.text((sheet.width / 2, rows * CELL + 11), words, fill=_INK, font=_font(13), anchor="mm")
    return sheet


def rejected_sheet(path: Path, verdicts: list[Verdict], images: np.ndarray, photos: Mapping[str, Photo]) -> int:
    """Draws rejected photos with their reasons, some for each reason. Returns the number of photos.

    Args:
        path: the PNG to write.
        verdicts: those of rejected faces and photos.
        images: uint8 (rows, size, size, 3), to which the rows of the faces refer.
        photos: those that can be read again, by name, for photos in which no face was found.
    """
    chosen = _some_of_each(verdicts, REJECTED_CELLS, photos)
    if not chosen:
        path.unlink(missing_ok=True)
        return 0
    columns = min(REJECTED_COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    sheet = Image.new("RGB", (columns * (CELL + 8) + 8, rows * (CELL + CAPTION + 8) + 8), _GROUND)
    draw = ImageDraw.Draw(sheet)
    for index, verdict in enumerate(chosen):
        x, y = 8 + index % columns * (CELL + 8), 8 + index // columns * (CELL + CAPTION + 8)
        picture = _rejected_picture(verdict, images, photos)
        if picture is None:
            draw.rectangle([x, y, x + CELL - 1, y + CELL - 1], fill=(44, 46, 51))
            draw.text((x + CELL / 2, y + CELL / 2), "?", fill=_DIM, font=_font(40), anchor="mm")
        else:
            sheet.paste(picture, (x, y))
        lines = [(REASONS[verdict.reason].caption, _ACCENT)]
        lines += [(words, _INK) for words in _two_lines(verdict.detail, 11, CELL)]
        lines.append((Path(verdict.name).name, _DIM))
        for line, (words, colour) in enumerate(lines):
            draw.text((x, y + CELL + 2 + 14 * line), _fitted(words, 11, CELL), fill=colour, font=_font(11))
    save(path, sheet)
    return len(chosen)


def people_sheet(path: Path, people: People, images: np.ndarray) -> int:
    """Draws the most frequent people, each as a row of faces. Returns the number of people.

    Args:
        path: the PNG to write.
        people: the groups; the wanted person is drawn even if many are more frequent.
        images: uint8 (rows, size, size, 3), to which the members of the groups refer.
    """
    shown = sorted({*range(min(PEOPLE_ROWS, len(people.groups))), people.wanted})
    sheet = Image.new("RGB", (8 + PEOPLE_COLUMNS * (CELL + 8), len(shown) * (CELL + 30) + 8), _GROUND)
    draw = ImageDraw.Draw(sheet)
    for place, number in enumerate(shown):
        group, y = people.groups[number], 8 + place * (CELL + 30)
        kept = number == people.wanted
        words = f"{number + 1}: in {group.photos:,} photos{', kept' if kept else ''}"
        draw.text((8, y), words, fill=_ACCENT if kept else _INK, font=_font(13))
        spread = np.linspace(0, len(group.members) - 1, min(PEOPLE_COLUMNS, len(group.members))).round().astype(int)
        for column, row in enumerate(group.members[spread]):
            face = Image.fromarray(np.asarray(images[row])).resize((CELL, CELL), Image.Resampling.BICUBIC)
            sheet.paste(face, (8 + column * (CELL + 8), y + 18))
    save(path, sheet)
    return len(shown)


def _some_of_each(verdicts: list[Verdict], count: int, photos: Mapping[str, Photo]) -> list[Verdict]:
    """Up to ``count`` verdicts, taken from the reasons in turn, then sorted by reason."""
    queues = [[v for v in verdicts if v.reason == reason] for reason in REASONS]
    # Of a data set only some photos can be read again: prefer those to empty cells.
    queues = [[v for v in queue if v.face or v.name in photos] or queue for queue in queues]
    chosen: list[Verdict] = []
    for turn in range(count):
        for queue in queues:
            if turn < len(queue) and len(chosen) < count:
                # evenly spaced, not only the first files
                chosen.append(queue[turn * max(1, len(queue) // count)] if len(queue) > count else queue[turn])
    order = list(REASONS)
    return sorted(chosen, key=lambda verdict: order.index(verdict.reason))


def _rejected_picture(verdict: Verdict, images: np.ndarray, photos: Mapping[str, Photo]) -> Image.Image | None:
    if verdict.face is not None:
        return Image.fromarray(np.asarray(images[verdict.face.row])).resize((CELL, CELL), Image.Resampling.BICUBIC)
    photo = photos.get(verdict.name)
    rgb = read_again(photo) if photo is not None and verdict.reason in ("no_face", "duplicate") else None
    if rgb is None:
        return None
    return Image.fromarray(warp(rgb, centre_transform(rgb.shape[1], rgb.shape[0], CELL), CELL))


def save(path: Path, image: Image.Image) -> None:
    """Write a picture of the report as PNG."""
    png = io.BytesIO()
    image.save(png, "PNG", optimize=True)
    path.write_bytes(_stamped(png.getvalue()))


def _stamped(content: bytes) -> bytes:
    """With a stamp, so that a later run does not take the picture for a photo."""
    return stamp(content, {"shows": "report"}, OF_PHOTOS)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _two_lines(words: str, size: int, width: int) -> list[str]:
    """The text in one or two lines; the first is as long as fits."""
    first: list[str] = []
    rest = words.split()
    while rest and _font(size).getlength(" ".join([*first, rest[0]])) <= width:
        first.append(rest.pop(0))
    return [line for line in (" ".join(first), " ".join(rest)) if line]


def _fitted(words: str, size: int, width: int) -> str:
    """The text, cut off with an ellipsis if it is wider than `width`."""
    words = words.encode("utf-8", "replace").decode()
    font = _font(size)
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "...") > width:
        words = words[:-1]
    return words + "..."
