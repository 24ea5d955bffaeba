"""TIFF beyond 8 bits, which Pillow reads in part: samples of 16 to 64 bits and floating point, in any order."""

import io
import logging

import numpy as np
from PIL import Image

from facegan.faces.sources.samples import to_8_bits

_MINISWHITE, _MINISBLACK, _RGB, _SEPARATED = 0, 1, 2, 5  # PhotometricInterpretation
_CFA, _LINEAR_RAW = 32803, 34892  # of DNG
_DNG_VERSION = 50706
_PAGES = 64  # of which the largest is taken; scanners put a thumbnail first, microscopes thousands of pages


def is_tiff(data: bytes) -> bool:
    """By the first bytes; BigTIFF as well."""
    return data[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def opened(data: bytes):
    """A tifffile.TiffFile, which is quiet about what it makes of odd tags. Raises whatever damage leads to."""
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    return tifffile.TiffFile(io.BytesIO(data))


def is_raw(data: bytes) -> bool:
    """Whether a TIFF holds a camera's raw picture: DNG, NEF, ARW and their kin."""
    try:
        with opened(data) as file:
            first = file.pages[0]
            if _DNG_VERSION in first.tags:
                return True
            inner = list(first.pages) if first.subifds else []
            return any(page.photometric in (_CFA, _LINEAR_RAW) for page in [*file.pages[:4], *inner])
    except Exception:  # a damaged file raises whatever its bytes lead to
        return False


def deep_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the largest page, if its samples are such that `read_deep` must read it; else None."""
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
    """The largest page as 8-bit grey, RGB, RGBA or CMYK, not turned; None when tifffile cannot read it."""
    try:
        with opened(data) as file:
            page = _largest(file)
            samples = page.asarray(maxworkers=1)
            if page.axes == "SYX":
                samples = np.moveaxis(samples, 0, 2)
            photometric, alpha = page.photometric, bool(page.extrasamples) and page.extrasamples[0] in (1, 2)
            bits = page.bitspersample
    except Exception:  # a compression that tifffile leaves to other packages, or damage
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
    """The page with the most pixels, the first of equals."""
    pages = [file.pages[i] for i in range(min(len(file.pages), _PAGES))]
    return max(pages, key=lambda page: page.imagewidth * page.imagelength)
