"""Pictures and films of uint8 images: grids, enlargement, PNG, JPEG, WebP, MP4 and GIF. Numpy, Pillow and PyAV only.

Every writer takes the recipe of generated images and stamps them with it (stamp.py); pictures of photos have none.
"""

import io
import struct
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from PIL import Image, ImageDraw, ImageFont

from facegan.base.stamp import PNG_SIGNATURE, as_text, packet, png_chunk, stamp

_MIN_CAPTION = 28  # px, the height of the strip with a caption


def grid(images: np.ndarray, columns: int, gap: int = 0) -> np.ndarray:
    """Images uint8 (n, H, W, 3) row by row in one picture uint8; missing cells and gaps (px) are white."""
    n, height, width, _ = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * (height + gap), i % columns * (width + gap)
        sheet[y : y + height, x : x + width] = image
    return sheet


def enlarge(image: np.ndarray, size: int) -> np.ndarray:
    """A square uint8 image (H, W, 3) at (size, size, 3). Lanczos: 64 px stays crisp without showing its pixels."""
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS))


def captioned(image: np.ndarray, text: str) -> np.ndarray:
    """An uint8 image (H, W, 3) on a dark strip with `text` in its middle, uint8 (H + strip, W, 3).

    The strip is a sixteenth as high as the image is wide, and at least 28 px, to be legible on a phone.
    """
    height, width, _ = image.shape
    strip = max(_MIN_CAPTION, 2 * (width // 32))  # even, because H.264 needs even sides
    sheet = Image.new("RGB", (width, height + strip), (24, 26, 31))
    sheet.paste(Image.fromarray(image))
    font = ImageFont.load_default(strip * 0.58)
    ImageDraw.Draw(sheet).text((width / 2, height + strip / 2), text, (236, 236, 238), font, anchor="mm")
    return np.asarray(sheet)


def encode_png(image: np.ndarray, recipe: Mapping | None = None, *, compact: bool = False) -> bytes:
    """An uint8 image (H, W, 3) as the bytes of a PNG file, stamped with `recipe` if there is one.

    `compact`: choose the best of five filters for every row. This makes sheets of small faces smaller; for an enlarged
    face it takes three times as long and the file gets larger.
    """
    content = _as_compact_png(image) if compact else _as_png(image)
    return content if recipe is None else stamp(content, recipe)


def encode_jpeg(image: np.ndarray, recipe: Mapping | None = None, quality: int = 90) -> bytes:
    """An uint8 image (H, W, 3) as the bytes of a JPEG file, stamped with `recipe` if there is one.

    For short-lived previews: a tenth of a PNG's time and bytes.
    """
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=quality)
    return file.getvalue() if recipe is None else stamp(file.getvalue(), recipe)


def encode_webp(image: np.ndarray, recipe: Mapping | None = None, quality: int = 92) -> bytes:
    """An uint8 image (H, W, 3) as the bytes of a WebP file, stamped with `recipe` if there is one.

    For pages and messages: a tenth of a PNG's bytes.
    """
    file = io.BytesIO()
    Image.fromarray(image).save(file, "webp", quality=quality, xmp=b"" if recipe is None else packet(recipe))
    return file.getvalue()


def _as_compact_png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


def _as_png(image: np.ndarray) -> bytes:
    height, width, _ = image.shape
    rows = np.empty((height, 1 + width * 3), np.uint8)
    rows[:, 0] = 2  # the filter "Up": every row as its difference from the one above
    rows[:, 1:] = image.reshape(height, -1)
    rows[1:, 1:] -= image.reshape(height, -1)[:-1]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB, not interlaced
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), level=1)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(png_chunk(name, data) for name, data in chunks)


def write_mp4(
    path: Path,
    frames: Iterable[np.ndarray],
    frames_per_second: int = 24,
    preset: str = "medium",
    rate_factor: int = 18,
    recipe: Mapping | None = None,
    size: int | None = None,
) -> None:
    """Frames uint8 (H, W, 3) of one size as H.264, which every browser plays.

    `size`: enlarge the frames to (size, size) px while encoding, in a third of the time that `enlarge` takes. Without
    it the frames must have even sides.

    `rate_factor` is x264's crf: at 18 no loss is visible, and 6 more halve the size. `preset` is x264's: "superfast"
    takes a quarter of the time of "medium" for the same quality in 1.6 times the size.
    """
    # In a temporary folder: FFmpeg reads a colon in a path as a protocol, and accepts only UTF-8.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "film.mp4"
        _encode_mp4(file, frames, frames_per_second, {"crf": str(rate_factor), "preset": preset}, recipe, size)
        content = file.read_bytes()
    path.write_bytes(content if recipe is None else stamp(content, recipe))


def _encode_mp4(
    path: Path,
    frames: Iterable[np.ndarray],
    frames_per_second: int,
    options: dict[str, str],
    recipe: Mapping | None,
    size: int | None,
) -> None:
    scaler = VideoReformatter()
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        stream = None
        for frame in frames:
            if stream is None:
                stream = film.add_stream("libx264", rate=frames_per_second, options=options)
                stream.height, stream.width = (size, size) if size else frame.shape[:2]
                stream.pix_fmt = "yuv420p"
                if recipe is not None:
                    film.metadata["comment"] = as_text(recipe)
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            if size:
                picture = scaler.reformat(picture, size, size, stream.pix_fmt, interpolation="LANCZOS")
            film.mux(stream.encode(picture))
        if stream is None:
            raise ValueError("A film needs at least one frame.")
        film.mux(stream.encode())


def write_gif(
    path: Path, frames: Iterable[np.ndarray], frames_per_second: int = 24, recipe: Mapping | None = None
) -> None:
    """Frames uint8 (H, W, 3) as a GIF that loops forever."""
    pictures = [_indexed(Image.fromarray(frame)) for frame in frames]
    if not pictures:
        raise ValueError("A film needs at least one frame.")
    # GIF stores hundredths of a second, and browsers show a frame of less than 2 for 10.
    duration = max(2, round(100 / frames_per_second)) * 10
    options = {"save_all": True, "append_images": pictures[1:], "duration": duration, "loop": 0}
    if recipe is None:
        pictures[0].save(path, "GIF", **options)
    else:
        pictures[0].save(path, "GIF", comment=as_text(recipe), **options)
        path.write_bytes(stamp(path.read_bytes(), recipe))


def _indexed(picture: Image.Image) -> Image.Image:
    """The picture in 256 colours. FASTOCTREE is 80 times faster than the default; dithering hides its coarseness."""
    palette = picture.quantize(method=Image.Quantize.FASTOCTREE)
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
