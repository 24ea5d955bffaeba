"""Camera raw files, read by LibRaw (rawpy): the embedded JPEG preview, or else LibRaw's default rendering."""

import io

import numpy as np
from PIL import Image

from facegan.faces.sources.formats import has_library, missing_library
from facegan.faces.sources.tiff import is_raw, is_tiff
from facegan.faces.sources.unreadable import UnreadablePhotoError

# The first bytes of raw formats that are not based on TIFF, or have their own variant of its header.
_MAGIC = (
    (b"FUJIFILMCCD-RAW", "RAF"),
    (b"IIRO", "ORF"),
    (b"IIRS", "ORF"),
    (b"MMOR", "ORF"),
    (b"IIU\x00", "RW2"),
    (b"\x00MRM", "MRW"),
    (b"FOVb", "X3F"),
)
_ORIENTATION_OF_FLIP = {3: 3, 5: 8, 6: 6}  # LibRaw's `flip` to EXIF's orientation
_SMALL = 1024  # px, the long side; a smaller preview is not used if the raw image is more than twice as large


def raw_format(data: bytes) -> str | None:
    """The name of a camera raw format, None for any other file."""
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


def open_raw(data: bytes, name: str, max_pixels: int, side: int) -> tuple[Image.Image, int]:
    """The embedded preview, or the rendered image if that is too small; and the EXIF orientation still to be applied.

    Args:
        data: the file.
        name: the format, from `raw_format`.
        max_pixels: a larger raw image is refused.
        side: the long side that is needed; raw data of twice the size are rendered at half size, four times as fast.

    Raises:
        UnreadablePhotoError: rawpy is missing, LibRaw cannot read the file, or it has too many pixels.
    """
    if not has_library("camera raw"):
        raise missing_library("camera raw")
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            long_side = max(raw.sizes.width, raw.sizes.height)
            if raw.sizes.width * raw.sizes.height > max_pixels:
                raise UnreadablePhotoError(
                    "unreadable",
                    f"{raw.sizes.width} x {raw.sizes.height} pixels, more than {max_pixels // 1_000_000} megapixels",
                )
            preview = camera_jpeg(raw)
            if preview is not None and max(preview[0].size) >= min(_SMALL, long_side / 2):
                return preview
            rendered = raw.postprocess(use_camera_wb=True, half_size=long_side >= 2 * side)  # upright
    except (rawpy.LibRawError, OSError, ValueError) as error:
        raise UnreadablePhotoError(
            "unreadable", f"camera raw ({name}) that LibRaw cannot read: save it as JPEG"
        ) from error
    return Image.fromarray(np.ascontiguousarray(rendered)), 1


def camera_jpeg(raw) -> tuple[Image.Image, int] | None:
    """The JPEG preview in an open raw file and its EXIF orientation; None if it has none.

    A preview without an EXIF orientation has the orientation of the raw data.
    """
    import rawpy

    try:
        thumbnail = raw.extract_thumb()
        if thumbnail.format != rawpy.ThumbFormat.JPEG:
            return None
        image = Image.open(io.BytesIO(thumbnail.data), formats=["JPEG"])
        return image, image.getexif().get(0x0112) or _ORIENTATION_OF_FLIP.get(raw.sizes.flip, 1)
    except (rawpy.LibRawError, OSError, ValueError):
        return None
