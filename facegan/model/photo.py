"""Photos that visitors bring: the bytes of a picture file to an upright RGB array, or one sentence why not.

Nothing here writes a file, and nothing of a photo is in a message.
"""

import base64
import binascii
import io
import warnings

import numpy as np
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.unreadable import UnreadablePhotoError

MOST_BYTES = 6_000_000  # of a photo; one of 12 megapixels from a phone has three to five million
_MOST_PIXELS = 50_000_000  # 150 MB while it is decoded
_LEAST_SIDE = 32  # px, below which no face can be seen
_SENTENCES = {
    "not_a_picture": "This file is no picture: choose a photo as JPEG, PNG or WebP.",
    "no_library": "This kind of picture cannot be read here: save the photo as JPEG or PNG and choose that.",
    "not_downloaded": "This file is a stand-in for a picture that was not downloaded: download it first.",
    "own_product": (
        "This picture was made by FaceGAN, so it is nobody's photo: open it on the page, which brings its face back."
    ),
}
_UNREADABLE = "This picture is damaged or of a kind that cannot be read here: save it as JPEG or PNG and try again."


def read_photo(content: bytes) -> np.ndarray:
    """An upright photo uint8 (H, W, 3), its long side at most 2,016 px. Raises FaceGANError, a sentence for people."""
    if not content:
        raise FaceGANError("This file is empty: choose a photo as JPEG, PNG or WebP.")
    if len(content) > MOST_BYTES:
        raise FaceGANError(
            f"This photo has more than {MOST_BYTES // 1_000_000} MB: make it smaller, 1,024 pixels are plenty."
        )
    _check_size(content)
    try:
        photo = decode_photo(content).rgb
    except UnreadablePhotoError as error:
        raise FaceGANError(_SENTENCES.get(error.reason, _UNREADABLE)) from None
    if min(photo.shape[:2]) < _LEAST_SIDE:
        raise FaceGANError(f"This picture is too small for a face: choose one of {_LEAST_SIDE} pixels or more a side.")
    return photo


def photo_of_text(text: object) -> bytes:
    """The bytes of a photo that a call sends as a data URL, or as base64 alone. Raises FaceGANError for others."""
    if not isinstance(text, str) or not text.strip():
        raise FaceGANError('photo must be a text: a data URL such as "data:image/jpeg;base64,...".')
    head, comma, rest = text.partition(",")
    if comma and not (head.startswith("data:") and head.endswith(";base64")):
        raise FaceGANError('photo must be a data URL in base64, such as "data:image/jpeg;base64,...".')
    encoded = (rest if comma else text).strip()
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise FaceGANError("photo is not valid base64: send the data URL unchanged.") from None


def _check_size(content: bytes) -> None:
    """Raises FaceGANError for a picture of too many pixels, by its header."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as image:
                width, height = image.size
    except Exception:  # decode_photo says what it is
        return
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    if width * height > _MOST_PIXELS:
        raise FaceGANError(
            f"This picture has {width} x {height} pixels, more than {_MOST_PIXELS // 1_000_000} megapixels: make it "
            "smaller, 1,024 pixels are plenty."
        )
