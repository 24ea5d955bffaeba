"""Camera raw files, built from their parts: a small thumbnail, and the sensor's picture beside it."""

import io

import numpy as np
import tifffile
from PIL import Image


def dng(rgb: np.ndarray, orientation: int = 1) -> bytes:
    """A DNG of a sensor with a Bayer pattern (RGGB) that saw `rgb`, uint8 (H, W, 3) in even numbers.

    A thumbnail of 64 px stands first in the file.
    """
    small = Image.fromarray(rgb)
    small.thumbnail((64, 64))
    linear = ((rgb / 255) ** 2.2 * 60_000).astype(np.uint16)
    mosaic = linear[..., 1].copy()
    mosaic[::2, ::2] = linear[::2, ::2, 0]
    mosaic[1::2, 1::2] = linear[1::2, 1::2, 2]
    tags = [
        (50706, "B", 4, (1, 4, 0, 0), True),  # DNGVersion
        (50708, "s", 0, "Test Camera", True),  # UniqueCameraModel
        (271, "s", 0, "Test", True),  # Make
        (272, "s", 0, "Test Camera", True),  # Model
        (274, "H", 1, orientation, True),
        # ColorMatrix1, from XYZ to the camera, which here is linear sRGB; as numerators and denominators
        (
            50721,
            "2i",
            9,
            [n for v in (32405, -15371, -4985, -9693, 18760, 416, 556, -2040, 10572) for n in (v, 10_000)],
            True,
        ),  # fmt: skip
        (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),  # AsShotNeutral
        (50778, "H", 1, 21, True),  # CalibrationIlluminant1, D65
    ]
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        file.write(np.asarray(small), photometric="rgb", subfiletype=1, subifds=1, extratags=tags, software="")
        file.write(
            mosaic,
            photometric=32803,  # a colour filter array
            subfiletype=0,
            software="",
            extratags=[
                (33421, "H", 2, (2, 2), True),  # CFARepeatPatternDim
                (33422, "B", 4, (0, 1, 1, 2), True),  # CFAPattern
                (50717, "I", 1, 60_000, True),  # WhiteLevel
            ],
        )
    return stream.getvalue()
