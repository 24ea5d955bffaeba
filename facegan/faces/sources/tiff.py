"""TIFF with 16 to 64 bits per channel or floating point, of which Pillow reads only some; read by tifffile."""

import io
import logging

import numpy as np
from PIL import Image

from facegan.faces.sources.bit_depth import to_8_bits

_MINISWHITE, _MINISBLACK, _RGB, _SEPARATED = 0, 1, 2, 5  # values of PhotometricInterpretation
_CFA, _LINEAR_RAW = 32803, 34892  # the same, of DNG
_DNG_VERSION = 50706  # a tag
_MAX_PAGES = 64  # the largest of these is read: scanners put a thumbnail first; microscopes write thousands of pages


def is_tiff(data: bytes) -> bool:
    """Whether a file starts like a TIFF or BigTIFF."""
    return data[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def opened(data: bytes):
    """A tifffile.TiffFile without its warnings about unusual tags. Damaged files raise any kind of error."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    return tifffile.TiffFile(io.BytesIO(data))


def is_raw(data: bytes) -> bool:
    """Whether a TIFF is a camera raw file, such as DNG, NEF or ARW."""
    try:
        with opened(data) as file:
            first = file.pages[0]
            if _DNG_VERSION in first.tags:
                return True
            inner = list(first.pages) if first.subifds else []
            return any(page.photometric in (_CFA, _LINEAR_RAW) for page in [*file.pages[:4], *inner])
    except Exception:  # a damaged file raises any kind of error
        return False


def deep_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the largest page, if its bit depth needs `read_deep`; None if Pillow can read it."""
    try:
        with opened(data) as file:
            page = _largest(file)
            whole = page.bitspersample == 8 and page.sampleformat in (1, None)
            if whole or page.bitspersample == 1 or page.photometric not in (_MINISWHITE, _MINISBLACK, _RGB, _SEPARATED):
                return None
            return page.imagewidth, page.imagelength
    except Exception:
        return None


def read_deep(data: bytes) -> Image.Image | None:
    """The largest page as 8-bit grey, RGB, RGBA or CMYK, not yet rotated upright; None if tifffile cannot read it."""
    try:
        with opened(data) as file:
            page = _largest(file)
            samples = page.asarray(maxworkers=1)
            if page.axes == "SYX":
                samples = np.moveaxis(samples, 0, 2)
            photometric, alpha = page.photometric, bool(page.extrasamples) and page.extrasamples[0] in (1, 2)
            bits = page.bitspersample
    except Exception:  # damage, or a compression for which tifffile needs other packages
        return None
    if samples.ndim == 2:
        samples = samples[..., None]
    colours = {_RGB: 3, _SEPARATED: 4}.get(photometric, 1)
    small = to_8_bits(samples[..., : colours + alpha], bits, alpha)
    if photometric == _MINISWHITE:
        small[..., 0] = 255 - small[..., 0]
    mode = {_RGB: "RGBA" if alpha else "RGB", _SEPARATED: "CMYK"}.get(photometric, "LA" if alpha else "L")
    small = small[..., : len(mode)]
    return Image.fromarray(np.ascontiguousarray(small[..., 0] if mode == "L" else small), mode)


def _largest(file):
    """The page with the most pixels, the first one of equal size."""
    pages = [file.pages[i] for i in range(min(len(file.pages), _MAX_PAGES))]
    return max(pages, key=lambda page: page.imagewidth * page.imagelength)
