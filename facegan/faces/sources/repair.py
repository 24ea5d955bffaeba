"""Pictures that other programs show although something in them is broken: metadata, or the last few bytes."""

import struct

import numpy as np
from PIL import Image

MOST_LOST = 0.1  # of the rows; a face that lies there is refused as cut off or dark
_LOST_BYTES = 4096  # at the end of a WebP, HEIC or AVIF, whose containers say how long they are
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf")
_EXIF, _ADOBE = b"Exif\x00\x00", b"Adobe"


def without_metadata(data: bytes) -> bytes:
    """The bytes of a JPEG or PNG with its pixels, transparency and EXIF alone; other formats with zeros for lost bytes.

    Comments, XMP, profiles and thumbnails break more often than pictures do.
    """
    if data.startswith(b"\xff\xd8"):
        return _jpeg_without(data)
    return _png_without(data) if data.startswith(_PNG) else data + bytes(_LOST_BYTES)


def lost_share(image: Image.Image) -> float:
    """The share of the rows that a decoder left empty because the file was cut off, 0..1.

    JPEG's decoder fills them with grey, the others leave zeros; BMP is stored from the bottom to the top.
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
            # The colours of CMYK depend on it.
            marker == 0xEE and body.startswith(_ADOBE) and len(body) >= 12
        ):
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:], b"\xff\xd9"])  # the end of the image, which a cut took


def _png_without(data: bytes) -> bytes:
    kept, at = [_PNG], len(_PNG)
    colour_type = data[25] if len(data) > 25 else 0
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        # One grey, one colour, or a palette's: other lengths mean nothing.
        sound = name != b"tRNS" or length == {0: 2, 2: 6}.get(colour_type, length)
        if name in _PNG_KEPT and sound:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)
