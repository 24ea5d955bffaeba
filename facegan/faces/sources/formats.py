"""What kind of file some bytes are, and which library reads a picture of that kind.

A file's kind is decided by its content: names lie.
"""

import contextlib

from PIL import Image

from facegan.faces.sources.unreadable import UnreadablePhotoError

# The formats that Pillow may try. It knows more, and some of those start other programs (EPS) or read no pixels.
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
# The first bytes of other kinds of files, for a kinder message than "no picture format".
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
# Pictures that nothing here reads.
_FOREIGN = (
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"II\xbc", "a JPEG XR picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"#?RGBE", "a Radiance HDR picture"),
    (b"qoif", "a QOI picture"),
    (b"BPG\xfb", "a BPG picture"),
)
# The first bytes of pictures, which tell a damaged one from another kind of file.
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*", b"8BPS")
_LFS = b"version https://git-lfs.github.com/spec/"
_VIDEO_BRANDS = (b"iso", b"mp4", b"qt ", b"M4V", b"avc", b"3gp", b"MSN")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
# What a format needs beyond Pillow's own codecs, and the command that installs it.
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
    """Raises UnreadablePhotoError, with what it is, for the first 64 bytes of a file that is no photo."""
    if head.startswith(_LFS):
        raise UnreadablePhotoError("not_downloaded", "in Git LFS only: run git lfs pull in its repository")
    if head[8:12] == b"WEBP":  # the one picture among the RIFF files
        return
    for magic, kind in _OTHER_KINDS:
        if head.lstrip()[:16].startswith(magic):
            raise UnreadablePhotoError("not_a_picture", kind)
    if head[4:8] == b"ftyp" and head[8:11] in _VIDEO_BRANDS:
        raise UnreadablePhotoError("not_a_picture", "a video")
    for magic, kind in _FOREIGN:
        if head.startswith(magic):
            raise UnreadablePhotoError("unreadable", f"{kind}: save it as JPEG or PNG")


def refuse_without_library(head: bytes) -> None:
    """Raises UnreadablePhotoError, with its name, when the library for a kind of picture cannot be imported."""
    kind = _special_kind(head)
    if kind and not has_library(kind):
        raise missing_library(kind)


def missing_library(kind: str) -> UnreadablePhotoError:
    """The error of a picture of the kind, a key of LIBRARIES."""
    return UnreadablePhotoError("no_library", f"{kind} needs {LIBRARIES[kind][0]}")


def how_to_install(detail: str) -> str:
    """The command for a library, from the message of `missing_library`."""
    return next((command for kind, (_, command) in LIBRARIES.items() if detail.startswith(f"{kind} needs")), "")


def has_library(kind: str) -> bool:
    """Whether pictures of the kind, a key of LIBRARIES, can be read here."""
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
    """Whether the bytes begin like a picture, whatever follows."""
    return data.startswith(_PICTURES) or data[4:8] == b"ftyp"


def known_to_pillow() -> list[str]:
    """Those of FORMATS that this build of Pillow has; what it lacks must not be asked for."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def register_heif() -> None:
    """Teaches Pillow HEIC, where pillow-heif and its libheif can be loaded."""
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
