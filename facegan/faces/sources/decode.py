"""Decodes the bytes of an image file to an upright 8-bit RGB array."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from facegan.base.stamp import is_stamped
from facegan.faces.sources import formats
from facegan.faces.sources.bit_depth import bits_of_jpeg_2000, to_8_bits
from facegan.faces.sources.raw import open_raw, raw_format
from facegan.faces.sources.repair import MAX_MISSING_ROWS, missing_rows, without_metadata
from facegan.faces.sources.tiff import deep_size, is_tiff, opened, read_deep
from facegan.faces.sources.unreadable import UnreadablePhotoError

MAX_PIXELS = 200_000_000  # the largest cameras of 2026 make 200 megapixels; above that it is a mistake or an attack
BIG_PIXELS = 25_000_000  # the processes decode larger photos one at a time, else N of them need N x 600 MB
# px, the long side of the photo that detection and alignment work on: a face of a tenth of it still fills 128 px. Half
# of most phones' 4032 px, because a JPEG decoder can halve while decoding: for 2048 px it would decode at full size.
WORKING_SIDE = 2016
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
_DARK = 64  # of 255; a 16-bit colour image below it may really have 10 to 14 bits


@dataclass(frozen=True)
class DecodedPhoto:
    """A photo for detection and alignment."""

    rgb: np.ndarray  # uint8 (H, W, 3), upright, long side at most WORKING_SIDE
    width: int  # of the full-size photo, upright
    height: int


def decode_photo(data: bytes, *, big_photo_lock: AbstractContextManager[object] | None = None) -> DecodedPhoto:
    """Decodes JPEG, PNG, WebP, BMP, HEIC, AVIF, GIF, TIFF, camera raw and more; the format is detected by content.

    Takes the first frame of an animation and the largest page of a TIFF, puts transparent images on white, and converts
    to 8 bits and sRGB. Files with damaged metadata or a truncated end are decoded as far as possible. The image is
    reduced while decoding if the format allows that.

    Args:
        data: the file's bytes.
        big_photo_lock: is held while a photo of more than BIG_PIXELS is in memory.

    Raises:
        UnreadablePhotoError: the bytes are not an image, are damaged, have more than MAX_PIXELS pixels, are of a format
            whose library is missing, or were made by FaceGAN.
    """
    formats.refuse_other_kinds(data[:64])
    formats.refuse_without_library(data[:64])
    if not data[0] and not data.strip(b"\0"):
        raise UnreadablePhotoError("unreadable", "it holds only zeros: copy or download it again")
    if is_stamped(data):
        raise UnreadablePhotoError("own_product", "it carries FaceGAN's stamp")
    try:
        with warnings.catch_warnings():
            # Pillow warns about sizes that are accepted here, and about metadata that is not used.
            warnings.simplefilter("ignore")
            return _decode(data, big_photo_lock or contextlib.nullcontext())
    except UnreadablePhotoError:
        raise
    except UnidentifiedImageError as error:
        if formats.looks_like_picture(data):
            raise UnreadablePhotoError("unreadable", "damaged: its header makes no sense") from error
        raise UnreadablePhotoError("not_a_picture", "not a known image format") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UnreadablePhotoError("unreadable", "too many pixels for the memory") from error
    except Exception as error:  # on damaged files decoders raise anything, from SyntaxError to struct.error
        raise UnreadablePhotoError("unreadable", f"damaged: {_phrase(error)}") from error


def _decode(data: bytes, big_photo_lock: AbstractContextManager[object]) -> DecodedPhoto:
    if name := raw_format(data):
        with big_photo_lock:
            image, orientation = open_raw(data, name, MAX_PIXELS, WORKING_SIDE)
            return _photo(image, orientation=orientation)
    if is_tiff(data) and (size := deep_size(data)):
        with _memory_for(size, big_photo_lock):
            if (image := read_deep(data)) is not None:
                with image:
                    return _photo(image, orientation=_orientation_of_tiff(data))
    try:
        return _decode_with_pillow(data, big_photo_lock)
    except (UnreadablePhotoError, MemoryError):
        raise
    except Exception as error:
        with contextlib.suppress(Exception), _tolerant():
            return _decode_with_pillow(without_metadata(data), big_photo_lock, tolerant=True)
        raise error  # of the first attempt: it describes the file as the user has it


def _decode_with_pillow(
    data: bytes, big_photo_lock: AbstractContextManager[object], tolerant: bool = False
) -> DecodedPhoto:
    with _open(data) as image:
        _choose_page(image)
        with _memory_for(image.size, big_photo_lock):
            return _photo(image, data, tolerant=tolerant)


def _open(data: bytes) -> ImageFile.ImageFile:
    """Image.open without Pillow's limit of 179 megapixels; `_memory_for` checks MAX_PIXELS."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(io.BytesIO(data), formats=formats.pillow_formats())
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _choose_page(image: ImageFile.ImageFile) -> None:
    """Selects the largest page of a TIFF, because the first may be a thumbnail."""
    if image.format != "TIFF" or getattr(image, "n_frames", 1) == 1:
        return
    sizes = []
    for page in range(min(image.n_frames, 64)):
        image.seek(page)
        sizes.append(image.width * image.height)
    image.seek(int(np.argmax(sizes)))


@contextlib.contextmanager
def _memory_for(size: tuple[int, int], big_photo_lock: AbstractContextManager[object]) -> Iterator[None]:
    """Refuses a photo with too many pixels, and holds the lock for a big one."""
    pixels = size[0] * size[1]
    if pixels > MAX_PIXELS:
        raise UnreadablePhotoError(
            "unreadable", f"{size[0]} x {size[1]} pixels, more than {MAX_PIXELS // 1_000_000} megapixels"
        )
    with big_photo_lock if pixels > BIG_PIXELS else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _tolerant() -> Iterator[None]:
    """Lets Pillow decode truncated files."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _photo(
    image: Image.Image, data: bytes = b"", *, orientation: int | None = None, tolerant: bool = False
) -> DecodedPhoto:
    """The upright photo at working size, of an opened image that may not be loaded yet.

    Args:
        image: the opened image.
        data: its file, which is decoded a second time if Pillow drops bits that matter.
        orientation: EXIF's, if the image does not have it.
        tolerant: whether the file may be truncated.
    """
    width, height = image.size
    profile = image.info.get("icc_profile")
    if image.format in ("JPEG", "MPO"):
        # The decoder halves while decoding, down to the smallest size that is not below the requested one.
        image.draft(None, _fit(image.size, WORKING_SIDE))
    image.load()
    if tolerant and missing_rows(image) > MAX_MISSING_ROWS:
        raise UnreadablePhotoError("unreadable", "damaged: a part of the picture is missing")
    if orientation is None:
        # After loading: the decoders of TIFF and HEIC rotate the image, and then report it as upright.
        orientation = _orientation(image)
        if image.format == "TIFF":
            width, height = image.size
    deep = _read_16_bits(image, data)
    small = _to_rgb(_shrink(_in_8_bits(deep)), profile)
    operation = _UPRIGHT.get(orientation)
    if operation is not None:
        small = small.transpose(operation)
    turned = orientation in (5, 6, 7, 8)
    return DecodedPhoto(np.asarray(small), *((height, width) if turned else (width, height)))


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # the photo is usable without its metadata
        return 1


def _orientation_of_tiff(data: bytes) -> int:
    try:
        with _open(data) as image:
            return image.tag_v2.get(_ORIENTATION, 1)
    except Exception:  # Pillow cannot open this bit depth
        with contextlib.suppress(Exception), opened(data) as file:
            return int(file.pages[0].tags[_ORIENTATION].value)
        return 1


def _read_16_bits(image: Image.Image, data: bytes) -> Image.Image:
    """The image, decoded by OpenCV if it is a 16-bit colour image that Pillow gives the wrong brightness.

    Pillow keeps the upper 8 of 16 bits: values of 12 bits, stored in 16, come out nearly black.
    """
    deep_jpeg_2000 = image.format == "JPEG2000" and bits_of_jpeg_2000(data) > 8  # in Pillow white overflows to black
    deep_png = image.format == "PNG" and data[24:25] == b"\x10"
    if image.mode not in ("RGB", "RGBA") or not (deep_png or deep_jpeg_2000):
        return image
    if deep_png and max(top for _, top in image.getextrema()[:3]) >= _DARK:
        return image
    import cv2

    samples = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None or samples.dtype != np.uint16 or samples.ndim != 3:
        return image
    alpha = samples.shape[2] == 4
    rgb = to_8_bits(samples, alpha=alpha)[..., [2, 1, 0, 3] if alpha else [2, 1, 0]]
    return Image.fromarray(np.ascontiguousarray(rgb))


def _in_8_bits(image: Image.Image) -> Image.Image:
    """Palettes to colours, 1-bit and deeper grey images to 8 bits; other modes unchanged."""
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(to_8_bits(np.asarray(image)))
    return image


def _shrink(image: Image.Image) -> Image.Image:
    """Down to WORKING_SIDE: first by an integer factor, which needs little memory, then with an antialiasing filter."""
    size = _fit(image.size, WORKING_SIDE)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getchannel("A").getextrema()[1]:  # an alpha channel of only zeros was never filled in: ignore it
            background = Image.new("RGBA", image.size, "white")  # as browsers show it
            image = Image.alpha_composite(background, image)
        image = image.convert("RGB")
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(image, lab, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    if profile and image.mode in ("L", "RGB", "CMYK") and b"sRGB" not in profile[:1024]:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return converted if converted is not None else image
    return image if image.mode == "RGB" else image.convert("RGB")


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = side / max(size)
    return size if scale >= 1 else (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def _phrase(error: Exception) -> str:
    """The decoder's message in one short line; its type instead if it is long or prints a memory address."""
    words = str(error).strip().split("\n")[0] or type(error).__name__
    return words if len(words) <= 100 and "0x" not in words else type(error).__name__
