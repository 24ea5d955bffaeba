"""File types, by content, and the library that decodes each.

Not by file name, because suffixes are often wrong.
"""

import contextlib

from PIL import Image

from facegan.faces.sources.unreadable import UnreadablePhotoError

# The formats that Pillow may decode. It has more decoders, some of which start other programs (EPS) or give no pixels.
FORMATS = (
    "JPEG",
    "PNG",
    "WEBP",
    "BMP",
    "DIB",
    "GIF",
    "TIFF",
    "HEIF",
    "AVIF",
    "PPM",
    "PFM",
    "JPEG2000",
    "PSD",
    "SGI",
    "PCX",
)
# The first bytes of file types that are not images, to name the type in the report.
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
# Image formats that no library here decodes.
_UNSUPPORTED = (
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"II\xbc", "a JPEG XR picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"#?RGBE", "a Radiance HDR picture"),
    (b"qoif", "a QOI picture"),
    (b"BPG\xfb", "a BPG picture"),
)
# The first bytes of image formats, to tell a damaged image from another type of file.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*", b"8BPS")
_LFS = b"version https://git-lfs.github.com/spec/"
_VIDEO_BRANDS = (b"iso", b"mp4", b"qt ", b"M4V", b"avc", b"3gp", b"MSN")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
# The library that a format needs if Pillow cannot decode it, and the command that installs it.
_PILLOW = "a Pillow with its codec", "pip install --upgrade --force-reinstall pillow"
LIBRARIES = {
    "HEIC": ("pillow-heif", "pip install pillow-heif"),
    "camera raw": ("rawpy", "pip install rawpy"),
    "AVIF": _PILLOW,
    "WebP": _PILLOW,
    "JPEG 2000": _PILLOW,
}
_IN_PILLOW = {"HEIC": "HEIF", "AVIF": "AVIF", "WebP": "WEBP", "JPEG 2000": "JPEG2000"}


def refuse_other_kinds(head: bytes) -> None:
    """Raises UnreadablePhotoError, naming the type, if the first 64 bytes are of a file that cannot be decoded."""
    if head.startswith(_LFS):
        raise UnreadablePhotoError("not_downloaded", "in Git LFS only: run git lfs pull in its repository")
    if head[8:12] == b"WEBP":  # the one picture among the RIFF files
        return
    for magic, kind in _OTHER_KINDS:
        if head.lstrip()[:16].startswith(magic):
            raise UnreadablePhotoError("not_a_picture", kind)
    if head[4:8] == b"ftyp" and head[8:11] in _VIDEO_BRANDS:
        raise UnreadablePhotoError("not_a_picture", "a video")
    for magic, kind in _UNSUPPORTED:
        if head.startswith(magic):
            raise UnreadablePhotoError("unreadable", f"{kind}: save it as JPEG or PNG")


def refuse_without_library(head: bytes) -> None:
    """Raises UnreadablePhotoError, naming the library, if the library for this type cannot be imported."""
    kind = _special_kind(head)
    if kind and not has_library(kind):
        raise missing_library(kind)


def missing_library(kind: str) -> UnreadablePhotoError:
    """The error for an image whose library is missing; ``kind`` is a key of LIBRARIES."""
    return UnreadablePhotoError("no_library", f"{kind} needs {LIBRARIES[kind][0]}")


def how_to_install(detail: str) -> str:
    """The command that installs the library named in a message of `missing_library`; empty for other messages."""
    return next((command for kind, (_, command) in LIBRARIES.items() if detail.startswith(f"{kind} needs")), "")


def has_library(kind: str) -> bool:
    """Whether the library for ``kind``, a key of LIBRARIES, can be imported."""
    if kind == "camera raw":
        try:
            import rawpy  # noqa: F401
        except (ImportError, OSError):  # OSError: the shared library is missing
            return False
        return True
    register_heif()
    Image.init()
    return _IN_PILLOW[kind] in Image.OPEN


def looks_like_picture(data: bytes) -> bool:
    """Whether the first bytes are those of an image format."""
    return data.startswith(_PICTURES) or data[4:8] == b"ftyp"


def pillow_formats() -> list[str]:
    """The FORMATS that this build of Pillow can decode: Image.open raises on names that it does not have."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def register_heif() -> None:
    """Registers pillow-heif with Pillow, for HEIC, if it can be imported."""
    if "HEIF" not in Image.OPEN:
        with contextlib.suppress(ImportError, OSError):  # OSError: the shared library is missing
            import pillow_heif

            pillow_heif.register_heif_opener()


def _special_kind(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "HEIC" if brand in _HEIC_BRANDS else "AVIF" if brand in (b"avif", b"avis") else None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head.startswith((b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")):
        return "JPEG 2000"
    return None
