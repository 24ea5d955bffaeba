"""Makes slightly damaged images decodable: broken metadata, or a truncated end. Other programs show such files."""

import struct

import numpy as np
from PIL import Image

MAX_MISSING_ROWS = 0.1  # share of the rows; the filters reject a face in the missing part as cut off or dark
_PADDING = 4096  # bytes, appended to WebP, HEIC and AVIF: their decoders refuse a file shorter than its header says
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf")
_EXIF, _ADOBE = b"Exif\x00\x00", b"Adobe"


def without_metadata(data: bytes) -> bytes:
    """A JPEG or PNG reduced to its pixels, transparency and EXIF; any other format padded with zeros at its end.

    Comments, XMP, colour profiles and thumbnails are damaged more often than pixels.
    """
    if data.startswith(b"\xff\xd8"):
        return _jpeg_without(data)
    return _png_without(data) if data.startswith(_PNG) else data + bytes(_PADDING)


def missing_rows(image: Image.Image) -> float:
    """The share of the rows that a decoder left empty because the file is truncated, 0..1.

    JPEG's decoder fills them with grey, the others with zeros. They are at the bottom, and at the top in a BMP.
    """
    rows = np.asarray(image).reshape(image.height, -1)
    is_jpeg = image.format in ("JPEG", "MPO")
    filled = np.flatnonzero((rows != 0).any(axis=1) & ((rows != 128).any(axis=1) | (not is_jpeg)))
    if not filled.size:
        return 1.0
    return max(int(filled[0]), image.height - 1 - int(filled[-1])) / image.height


def _jpeg_without(data: bytes) -> bytes:
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        body = data[at + 4 : end]
        if not 0xE0 <= marker <= 0xEF and marker != 0xFE:  # neither an application's segment nor a comment
            if marker == 0xDA:  # the pixels begin
                break
            kept.append(data[at:end])
        elif (marker == 0xE1 and body.startswith(_EXIF)) or (
            # The Adobe segment: without it CMYK colours are decoded wrongly.
            marker == 0xEE and body.startswith(_ADOBE) and len(body) >= 12
        ):
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:], b"\xff\xd9"])  # the end marker, which a truncated file lacks


def _png_without(data: bytes) -> bytes:
    kept, at = [_PNG], len(_PNG)
    colour_type = data[25] if len(data) > 25 else 0
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        # tRNS of a grey image has 2 bytes, of a colour image 6; other lengths are invalid, except for palettes.
        sound = name != b"tRNS" or length == {0: 2, 2: 6}.get(colour_type, length)
        if name in _PNG_KEPT and sound:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
