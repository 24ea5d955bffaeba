"""One file to an upright 8-bit RGB array."""

import contextlib
import hashlib
import io
import stat
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

# The formats that Pillow may try. It knows more, and some of those start other programs (EPS) or read no pixels.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "HEIF", "AVIF", "PPM", "JPEG2000")
MAX_PIXELS = 200_000_000  # the largest cameras of 2026 make 200 megapixels; above that it is a mistake or an attack
MAX_BYTES = 500_000_000  # a 200 megapixel PNG of noise has 600 MB, of a photo less than half
BIG_PIXELS = 25_000_000  # above this one photo at a time is decoded, so that N workers do not need N x 600 MB
WORKING_SIDE = 2048  # long side that detection and alignment see: a face of a tenth of it still fills 128 px
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The first bytes of formats that people mistake for pictures, for a kinder message than "not a picture".
_OTHER_KINDS = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"Rar!", "an archive"),
    (b"\x1f\x8b", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"RIFF", "a video or a sound"),
    (b"<svg", "a drawing (SVG)"),
    (b"<?xml", "an XML text"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"{\\rtf", "a text"),
)
# The first bytes of pictures, which tell a damaged one from another kind of file.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")


class UnreadablePhotoError(Exception):
    """A file that gives no photo. ``reason`` is a slug of filters.REASONS, the message a phrase for the report."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Photo:
    """A photo as detection and alignment see it."""

    rgb: np.ndarray  # uint8 (H, W, 3), upright, long side at most WORKING_SIDE
    width: int  # of the file, after turning it upright
    height: int


def read_bytes(path: Path) -> tuple[bytes, str]:
    """The file's bytes and their SHA-1, which only serves to recognise a second copy.

    Raises:
        UnreadablePhotoError: the file cannot be opened, is empty, is too large, or is no file.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadablePhotoError("not_a_picture", "a folder with the name of a picture")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadablePhotoError("not_a_picture", "not an ordinary file")
        if status.st_size == 0:
            raise UnreadablePhotoError("unreadable", "the file is empty")
        if status.st_size > MAX_BYTES:
            _refuse_other_kinds(path.open("rb").read(64))
            raise UnreadablePhotoError(
                "unreadable", f"the file has {status.st_size / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f}"
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        what = "a link to a file that is not there" if path.is_symlink() else "the file has gone"
        raise UnreadablePhotoError("unreadable", what) from error
    except PermissionError as error:
        raise UnreadablePhotoError("unreadable", "no permission to read the file") from error
    except OSError as error:
        raise UnreadablePhotoError("unreadable", f"the disk says: {error.strerror or error}") from error
    return data, hashlib.sha1(data, usedforsecurity=False).hexdigest()


def file_state(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds; zeros for a file that cannot be asked."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def decode_photo(data: bytes, *, one_big_photo: AbstractContextManager[object] | None = None) -> Photo:
    """Decodes JPEG, PNG, WebP, BMP, HEIC, AVIF, GIF and TIFF by their content, whatever the file is called.

    The first frame of an animation is taken, transparency becomes white, 16 bits become 8, and colours with a
    profile become sRGB. Photos are shrunk while they are decoded where the format can do it.

    Args:
        data: the file's bytes.
        one_big_photo: a lock that is held while a photo of more than BIG_PIXELS is in memory.

    Raises:
        UnreadablePhotoError: the bytes are no picture, are damaged, or hold more than MAX_PIXELS pixels.
    """
    _register_heif()
    _refuse_other_kinds(data[:64])
    try:
        with warnings.catch_warnings():
            # Pillow warns about sizes that we accept and about metadata that we do not use.
            warnings.simplefilter("ignore")
            with _open(data) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise UnreadablePhotoError(
                        "unreadable",
                        f"{width} x {height} pixels, more than {MAX_PIXELS // 1_000_000} megapixels",
                    )
                big = width * height > BIG_PIXELS
                with one_big_photo if big and one_big_photo else contextlib.nullcontext():
                    rgb, turned = _decode(image)
    except UnreadablePhotoError:
        raise
    except UnidentifiedImageError as error:
        if data.startswith(_PICTURES) or data[4:8] == b"ftyp":
            raise UnreadablePhotoError("unreadable", "damaged: its header makes no sense") from error
        raise UnreadablePhotoError("not_a_picture", "no picture format that is known here") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UnreadablePhotoError("unreadable", "too many pixels for the memory") from error
    except Exception as error:  # decoders raise everything from SyntaxError to struct.error on damaged files
        raise UnreadablePhotoError("unreadable", f"damaged: {_phrase(error)}") from error
    return Photo(rgb, *((height, width) if turned else (width, height)))


def _open(data: bytes) -> ImageFile.ImageFile:
    """Image.open with our own limit on the pixels in place of Pillow's, which refuses at 179 megapixels."""
    Image.init()  # loads all of Pillow's formats; what this build of Pillow lacks must not be asked for
    known = [name for name in FORMATS if name in Image.OPEN]
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(io.BytesIO(data), formats=known)
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _decode(image: ImageFile.ImageFile) -> tuple[np.ndarray, bool]:
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged metadata is no reason to lose a photo
        orientation = 1
    profile = image.info.get("icc_profile")
    if image.format in ("JPEG", "MPO"):
        # The decoder halves while it decodes, down to the last size that is not below the wanted one.
        image.draft(None, _fit(image.size, WORKING_SIDE))
    image.load()
    small = _to_rgb(_shrink(_to_8_bits(image)), profile)
    operation = _UPRIGHT.get(orientation)
    if operation is not None:
        small = small.transpose(operation)
    return np.asarray(small), orientation in (5, 6, 7, 8)


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Palettes to colours, 16-bit and floating point greys to 8 bits; everything else as it is."""
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        top = float(values.max(initial=0))
        # 16-bit files use 0..65535, floating point ones 0..1; what stays below 256 already has 8 bits.
        scale = 255.0 if top <= 1.0 and image.mode == "F" else 255.0 / 65535.0 if top > 255.0 else 1.0
        grey = np.empty(values.shape, np.uint8)
        for row in range(0, len(grey), 256):  # strips: 100 megapixels of float32 copies would need a gigabyte
            grey[row : row + 256] = np.clip(values[row : row + 256] * scale + 0.5, 0, 255)
        return Image.fromarray(grey)
    return image


def _shrink(image: Image.Image) -> Image.Image:
    """Down to WORKING_SIDE; first by whole numbers, which needs little memory, then with an antialiasing filter."""
    size = _fit(image.size, WORKING_SIDE)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")  # what a browser shows behind it
        image = Image.alpha_composite(ground, image).convert("RGB")
    if profile and image.mode in ("RGB", "CMYK") and b"sRGB" not in profile[:1024]:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return converted if converted is not None else image
    return image.convert("RGB")


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = side / max(size)
    return size if scale >= 1 else (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def _refuse_other_kinds(head: bytes) -> None:
    if head[8:12] == b"WEBP":  # the one picture among the RIFF files
        return
    for magic, kind in _OTHER_KINDS:
        if head.lstrip()[:16].startswith(magic):
            raise UnreadablePhotoError("not_a_picture", kind)
    if head[4:8] == b"ftyp" and head[8:11] in (b"iso", b"mp4", b"qt ", b"M4V", b"avc", b"3gp", b"MSN"):
        raise UnreadablePhotoError("not_a_picture", "a video")


def _register_heif() -> None:
    if "HEIF" not in Image.OPEN:
        with contextlib.suppress(ImportError):
            import pillow_heif

            pillow_heif.register_heif_opener()


def _phrase(error: Exception) -> str:
    """The decoder's own words in one short line, without the memory addresses some of them print."""
    words = str(error).strip().split("\n")[0] or type(error).__name__
    return words if len(words) <= 100 and "0x" not in words else type(error).__name__
