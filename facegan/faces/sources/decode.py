"""The bytes of a picture file to an upright 8-bit RGB array."""

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
from facegan.faces.sources.raw import open_raw, raw_format
from facegan.faces.sources.repair import MOST_LOST, lost_share, without_metadata
from facegan.faces.sources.samples import bits_of_jpeg_2000, to_8_bits
from facegan.faces.sources.tiff import deep_size, is_tiff, opened, read_deep
from facegan.faces.sources.unreadable import UnreadablePhotoError

MAX_PIXELS = 200_000_000  # the largest cameras of 2026 make 200 megapixels; above that it is a mistake or an attack
BIG_PIXELS = 25_000_000  # above this one photo at a time is decoded, so that N workers do not need N x 600 MB
# Long side that detection and alignment see: a face of a tenth of it still fills 128 px. Half of the 4032 px of most
# phones, because JPEG's decoder halves for free: at 2048 px it would have to decode all 12 megapixels.
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
_DARK = 64  # of 255; a 16-bit colour picture below it may have fewer bits than it says


@dataclass(frozen=True)
class Photo:
    """A photo as detection and alignment see it."""

    rgb: np.ndarray  # uint8 (H, W, 3), upright, long side at most WORKING_SIDE
    width: int  # of the file, after turning it upright
    height: int


def decode_photo(data: bytes, *, one_big_photo: AbstractContextManager[object] | None = None) -> Photo:
    """Decodes JPEG, PNG, WebP, BMP, HEIC, AVIF, GIF, TIFF and camera raw by their content, whatever the file is called.

    The first frame of an animation is taken and the largest page of a TIFF, transparency becomes white, deeper samples
    become 8 bits, and colours with a profile become sRGB. A file whose metadata is broken, or which lacks its last
    bytes, is read as other programs read it. Photos are shrunk while they are decoded where the format can do it.

    Args:
        data: the file's bytes.
        one_big_photo: a lock that is held while a photo of more than BIG_PIXELS is in memory.

    Raises:
        UnreadablePhotoError: the bytes are no picture, are damaged, hold more than MAX_PIXELS pixels, are of a format
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
            # Pillow warns about sizes that we accept and about metadata that we do not use.
            warnings.simplefilter("ignore")
            return _decode(data, one_big_photo or contextlib.nullcontext())
    except UnreadablePhotoError:
        raise
    except UnidentifiedImageError as error:
        if formats.looks_like_picture(data):
            raise UnreadablePhotoError("unreadable", "damaged: its header makes no sense") from error
        raise UnreadablePhotoError("not_a_picture", "no picture format that is known here") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UnreadablePhotoError("unreadable", "too many pixels for the memory") from error
    except Exception as error:  # decoders raise everything from SyntaxError to struct.error on damaged files
        raise UnreadablePhotoError("unreadable", f"damaged: {_phrase(error)}") from error


def _decode(data: bytes, one_big_photo: AbstractContextManager[object]) -> Photo:
    if name := raw_format(data):
        with one_big_photo:
            image, orientation = open_raw(data, name, MAX_PIXELS, WORKING_SIDE)
            return _photo(image, orientation=orientation)
    if is_tiff(data) and (size := deep_size(data)):
        with _space_for(size, one_big_photo):
            if (image := read_deep(data)) is not None:
                with image:
                    return _photo(image, orientation=_orientation_of_tiff(data))
    try:
        return _by_pillow(data, one_big_photo)
    except (UnreadablePhotoError, MemoryError):
        raise
    except Exception as error:
        with contextlib.suppress(Exception), _tolerant():
            return _by_pillow(without_metadata(data), one_big_photo, tolerant=True)
        raise error  # what is wrong with the file as it is


def _by_pillow(data: bytes, one_big_photo: AbstractContextManager[object], tolerant: bool = False) -> Photo:
    with _open(data) as image:
        _choose_page(image)
        with _space_for(image.size, one_big_photo):
            return _photo(image, data, tolerant=tolerant)


def _open(data: bytes) -> ImageFile.ImageFile:
    """Image.open with our own limit on the pixels in place of Pillow's, which refuses at 179 megapixels."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(io.BytesIO(data), formats=formats.known_to_pillow())
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _choose_page(image: ImageFile.ImageFile) -> None:
    """Of a TIFF the largest page, because the first may be a thumbnail."""
    if image.format != "TIFF" or getattr(image, "n_frames", 1) == 1:
        return
    sizes = []
    for page in range(min(image.n_frames, 64)):
        image.seek(page)
        sizes.append(image.width * image.height)
    image.seek(int(np.argmax(sizes)))


@contextlib.contextmanager
def _space_for(size: tuple[int, int], one_big_photo: AbstractContextManager[object]) -> Iterator[None]:
    """Refuses a photo with too many pixels, and has big ones wait for each other."""
    pixels = size[0] * size[1]
    if pixels > MAX_PIXELS:
        raise UnreadablePhotoError(
            "unreadable", f"{size[0]} x {size[1]} pixels, more than {MAX_PIXELS // 1_000_000} megapixels"
        )
    with one_big_photo if pixels > BIG_PIXELS else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _tolerant() -> Iterator[None]:
    """Has Pillow decode as far as a file goes."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _photo(image: Image.Image, data: bytes = b"", *, orientation: int | None = None, tolerant: bool = False) -> Photo:
    """The upright working photo of an image that may not be loaded yet.

    Args:
        image: as opened.
        data: its file, to read it again where 8 bits are too few.
        orientation: of EXIF, where the image does not know it.
        tolerant: whether rows may be missing.
    """
    width, height = image.size
    profile = image.info.get("icc_profile")
    if image.format in ("JPEG", "MPO"):
        # The decoder halves while it decodes, down to the last size that is not below the wanted one.
        image.draft(None, _fit(image.size, WORKING_SIDE))
    image.load()
    if tolerant and lost_share(image) > MOST_LOST:
        raise UnreadablePhotoError("unreadable", "damaged: a part of the picture is missing")
    if orientation is None:
        # Only now: the decoders of TIFF and HEIC turn the picture and then say that it is upright.
        orientation = _orientation(image)
        if image.format == "TIFF":
            width, height = image.size
    deep = _with_all_bits(image, data)
    small = _to_rgb(_shrink(_in_8_bits(deep)), profile)
    operation = _UPRIGHT.get(orientation)
    if operation is not None:
        small = small.transpose(operation)
    turned = orientation in (5, 6, 7, 8)
    return Photo(np.asarray(small), *((height, width) if turned else (width, height)))


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged metadata is no reason to lose a photo
        return 1


def _orientation_of_tiff(data: bytes) -> int:
    try:
        with _open(data) as image:
            return image.tag_v2.get(_ORIENTATION, 1)
    except Exception:  # Pillow does not know these samples at all
        with contextlib.suppress(Exception), opened(data) as file:
            return int(file.pages[0].tags[_ORIENTATION].value)
        return 1


def _with_all_bits(image: Image.Image, data: bytes) -> Image.Image:
    """A colour picture of 16 bits, of which Pillow keeps the upper 8, as bright as it was meant.

    Of 12 bits that are stored in 16 the upper 8 are black.
    """
    deep_jpeg_2000 = image.format == "JPEG2000" and bits_of_jpeg_2000(data) > 8  # its white overflows in Pillow
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
    """Palettes to colours, deeper greys to 8 bits; everything else as it is."""
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "1":
        return image.convert("L")
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(to_8_bits(np.asarray(image)))
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
        if image.getchannel("A").getextrema()[1]:  # one that hides everything was never filled in
            ground = Image.new("RGBA", image.size, "white")  # what a browser shows behind it
            image = Image.alpha_composite(ground, image)
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
    """The decoder's own words in one short line, without the memory addresses some of them print."""
    words = str(error).strip().split("\n")[0] or type(error).__name__
    return words if len(words) <= 100 and "0x" not in words else type(error).__name__
