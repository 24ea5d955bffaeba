"""Odd but readable picture files: which of them FaceGAN, OpenCV and ImageMagick read, and as bright as they were meant.

    python -m benchmarks.odd_files
    python -m benchmarks.odd_files --differences

The files are those of tests/faces/sources/odd_files.py, made anew. ImageMagick is its command convert; without it the
row is left out.
"""

import argparse
import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.unreadable import UnreadablePhotoError
from tests.faces.sources.odd_files import QUARTERS, odd_colour_files, odd_grey_files

# What may be off, of 255: JPEG's chroma subsampling and Lab's rounding move colours, greys are exact.
COLOUR_TOLERANCE, GREY_TOLERANCE = 16, 4
Reader = Callable[[bytes], np.ndarray | None]


def by_facegan(data: bytes) -> np.ndarray | None:
    try:
        return decode_photo(data).rgb
    except UnreadablePhotoError:
        return None


def by_opencv(data: bytes) -> np.ndarray | None:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else bgr[..., ::-1]


def by_imagemagick(data: bytes) -> np.ndarray | None:
    """The first picture, upright, in 8 bits, with white behind what is transparent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"  # it looks at the content
        path.write_bytes(data)
        shown = ["-auto-orient", "-background", "white", "-alpha", "remove", "-colorspace", "sRGB", "-depth", "8"]
        command = ["convert", f"{path}[0]", *shown, "-type", "TrueColor", "ppm:-"]
        done = subprocess.run(command, capture_output=True, check=False)
    return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB")) if done.stdout else None


def difference(rgb: np.ndarray, wanted: np.ndarray) -> int:
    """The largest in the middles of the four quarters, of 255."""
    height, width = rgb.shape[:2]
    rows, columns = [height // 4] * 2 + [3 * height // 4] * 2, [width // 4, 3 * width // 4] * 2
    return int(np.abs(rgb[rows, columns].astype(int) - wanted).max())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--differences", action="store_true", help="a row for each file, -1 where it is not read")
    chosen = arguments.parse_args()
    readers: dict[str, Reader] = {"FaceGAN": by_facegan, "OpenCV": by_opencv}
    if shutil.which("convert"):
        readers["ImageMagick"] = by_imagemagick
    colours = np.array(QUARTERS)
    grey = np.asarray(Image.fromarray(colours[None].astype(np.uint8)).convert("L"))[0].astype(int)
    greys = grey[:, None].repeat(3, axis=1)
    files = [(name, data, colours, COLOUR_TOLERANCE) for name, data in odd_colour_files().items()]
    files += [(f"grey {name}", data, greys, GREY_TOLERANCE) for name, data in odd_grey_files().items()]
    read, bright = dict.fromkeys(readers, 0), dict.fromkeys(readers, 0)
    for name, data, wanted, tolerance in files:
        row = []
        for reader, decode in readers.items():
            rgb = decode(data)
            off = -1 if rgb is None else difference(rgb, wanted)
            read[reader] += off >= 0
            bright[reader] += 0 <= off <= tolerance
            row.append(off)
        if chosen.differences:
            print(f"{name:45}", *(f"{off:4}" for off in row))
    print(f"| of {len(files)} files | read | as bright as they were meant |\n|---|---|---|")
    for reader in readers:
        print(f"| {reader} | {read[reader]} | {bright[reader]} |")


if __name__ == "__main__":
    main()
