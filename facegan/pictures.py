"""Pictures and films of uint8 images: grids, enlargement, MP4 and GIF. Numpy, Pillow and PyAV only."""

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from PIL import Image


def grid(images: np.ndarray, columns: int, gap: int = 0) -> np.ndarray:
    """Images uint8 (n, H, W, 3) row by row in one picture uint8; missing cells and gaps (px) are white."""
    n, height, width, _ = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * (height + gap), i % columns * (width + gap)
        sheet[y : y + height, x : x + width] = image
    return sheet


def enlarge(image: np.ndarray, size: int) -> np.ndarray:
    """A square uint8 image (H, W, 3) at (size, size, 3). Lanczos: 64 px stays crisp without showing its pixels."""
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS))


def write_mp4(path: Path, frames: Iterable[np.ndarray], frames_per_second: int = 24) -> None:
    """Frames uint8 (H, W, 3) of one even-sided size as H.264, which every browser plays."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        stream = None
        for frame in frames:
            if stream is None:
                stream = film.add_stream("libx264", rate=frames_per_second, options={"crf": "18"})
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = "yuv420p"
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        if stream is None:
            raise ValueError("A film needs at least one frame.")
        film.mux(stream.encode())


def write_gif(path: Path, frames: Iterable[np.ndarray], frames_per_second: int = 24) -> None:
    """Frames uint8 (H, W, 3) as a GIF that loops forever. FASTOCTREE is 80 times faster than Pillow's default."""
    pictures = [Image.fromarray(frame).quantize(method=Image.Quantize.FASTOCTREE) for frame in frames]
    if not pictures:
        raise ValueError("A film needs at least one frame.")
    # GIF counts hundredths of a second, and browsers slow anything below 2 down to 10.
    duration = max(2, round(100 / frames_per_second)) * 10
    pictures[0].save(path, "GIF", save_all=True, append_images=pictures[1:], duration=duration, loop=0)
