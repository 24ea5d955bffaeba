"""Camera raw files: the camera's own picture inside them, or else a plain development, by LibRaw (rawpy)."""

import io

import numpy as np
from PIL import Image

from facegan.faces.sources.formats import has_library, missing_library
from facegan.faces.sources.tiff import is_raw, is_tiff
from facegan.faces.sources.unreadable import UnreadablePhotoError

# The first bytes of those that are no TIFF, or say more than that.
_MAGIC = (
    (b"FUJIFILMCCD-RAW", "RAF"),
    (b"IIRO", "ORF"),
    (b"IIRS", "ORF"),
    (b"MMOR", "ORF"),
    (b"IIU\x00", "RW2"),
    (b"\x00MRM", "MRW"),
    (b"FOVb", "X3F"),
)
_OF_FLIP = {3: 3, 5: 8, 6: 6}  # LibRaw's way to turn the sensor's picture upright as an EXIF orientation
_SMALL = 1024  # px; a preview with a shorter long side is developed anew where the raw picture is larger


def raw_format(data: bytes) -> str | None:
    """The name of a camera's raw format, None for everything else."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[4:12] == b"ftypcrx ":
        return "CR3"
    if not is_tiff(data):
        return None
    if data[8:10] == b"CR":
        return "CR2"
    return "DNG or another raw format" if is_raw(data) else None


def open_raw(data: bytes, name: str, most_pixels: int, side: int) -> tuple[Image.Image, int]:
    """The largest picture that a raw file gives with little work, and the EXIF orientation that is still to be applied.

    Args:
        data: the file.
        name: of `raw_format`.
        most_pixels: above which it is refused.
        side: the long side that is wanted; twice as large is developed at half the size, which is four times as fast.

    Raises:
        UnreadablePhotoError: rawpy is missing, LibRaw cannot read the file, or it has too many pixels.
    """
    if not has_library("camera raw"):
        raise missing_library("camera raw")
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            long_side = max(raw.sizes.width, raw.sizes.height)
            if raw.sizes.width * raw.sizes.height > most_pixels:
                raise UnreadablePhotoError(
                    "unreadable",
                    f"{raw.sizes.width} x {raw.sizes.height} pixels, more than {most_pixels // 1_000_000} megapixels",
                )
            preview = camera_jpeg(raw)
            if preview is not None and max(preview[0].size) >= min(_SMALL, long_side / 2):
                return preview
            developed = raw.postprocess(use_camera_wb=True, half_size=long_side >= 2 * side)  # upright
    except (rawpy.LibRawError, OSError, ValueError) as error:
        raise UnreadablePhotoError(
            "unreadable", f"camera raw ({name}) that LibRaw cannot read: save it as JPEG"
        ) from error
    return Image.fromarray(np.ascontiguousarray(developed)), 1


def camera_jpeg(raw) -> tuple[Image.Image, int] | None:
    """The JPEG that the camera put into an open raw file, and its EXIF orientation; None where there is none.

    A JPEG without an orientation of its own lies as the sensor does.
    """
    import rawpy

    try:
        thumbnail = raw.extract_thumb()
        if thumbnail.format != rawpy.ThumbFormat.JPEG:
            return None
        image = Image.open(io.BytesIO(thumbnail.data), formats=["JPEG"])
        return image, image.getexif().get(0x0112) or _OF_FLIP.get(raw.sizes.flip, 1)
    except (rawpy.LibRawError, OSError, ValueError):
        return None
