"""Is a generator's picture really as large as its pixels say: the power of its faces by octave of spatial frequency.

    python -m benchmarks.sharpness facegan/assets/default --faces RUN/faces
    python -m benchmarks.sharpness facegan/assets/default --faces RUN/faces --picture power.png

Prints, for each octave, the mean power of generated faces as a multiple of that of held-out faces, and for comparison
that of held-out faces at half the size, enlarged again: what a picture shows that only has more pixels.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from facegan import FaceModel
from facegan.faces.cache import FaceCache

LUMA = np.array([0.299, 0.587, 0.114])
PLOT = (640, 400)  # px


def power(images: Iterable[np.ndarray]) -> np.ndarray:
    """Mean power of square pictures uint8 (H, H, 3) by octave, (log2(H) - 1,), the highest last.

    Octave k holds the frequencies from 2^k to below 2^(k+1) periods a picture. A Hann window keeps what lies at
    opposite edges apart.
    """
    total, count = 0.0, 0
    for image in images:
        grey = image.astype(float) @ LUMA
        side = len(grey)
        window = np.hanning(side)
        spectrum = np.abs(np.fft.rfft2((grey - grey.mean()) * np.outer(window, window))) ** 2
        total, count = total + spectrum, count + 1
    rows, columns = np.fft.fftfreq(side, 1 / side)[:, None], np.fft.rfftfreq(side, 1 / side)[None]
    octave = np.floor(np.log2(np.maximum(np.hypot(rows, columns), 0.5))).astype(int)
    return np.array([(total / count)[octave == k].mean() for k in range(int(np.log2(side)) - 1)])


def enlarged(image: np.ndarray) -> np.ndarray:
    """The picture at half the size, made large again."""
    half = Image.fromarray(image).resize((len(image) // 2,) * 2, Image.Resampling.LANCZOS)
    return np.asarray(half.resize((len(image),) * 2, Image.Resampling.BICUBIC))


def plot(curves: dict[str, np.ndarray]) -> Image.Image:
    """Power against octave, both logarithmic."""
    picture = Image.new("RGB", PLOT, "white")
    draw, levels = ImageDraw.Draw(picture), np.log10(np.stack(list(curves.values())))
    low, high = levels.min(), levels.max()
    for line, ((name, _), colour) in enumerate(zip(curves.items(), ("black", "red", "blue"), strict=True)):
        x = np.linspace(40, PLOT[0] - 40, levels.shape[1])
        y = 40 + (high - levels[line]) / (high - low) * (PLOT[1] - 80)
        draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=colour, width=2)
        draw.text((PLOT[0] - 260, 12 + 16 * line), name, fill=colour)
    return picture


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument("--faces", type=Path, required=True, help="RUN/faces, or RUN/upscaler-faces, of its run")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--picture", type=Path, help="where to write the plot")
    args = p.parse_args()

    model, cache = FaceModel.load(args.model), FaceCache.open(args.faces)
    model = model if model.size == cache.size else model.base  # whose size is that of the faces
    _, held_out = cache.split()
    real = [cache.images[row] for row in held_out[: args.count]]
    curves = {
        "held-out faces": power(real),
        "generated faces": power(model.generate(model.latents(range(args.count)))),
        "held-out faces, enlarged from half": power(enlarged(image) for image in real),
    }
    print("| periods a picture | generated / held-out | enlarged from half / held-out |")
    print("|---|---|---|")
    held, drawn, large = curves.values()
    for k in range(len(held)):
        print(f"| {2**k} to {2 ** (k + 1)} | {drawn[k] / held[k]:.2f} | {large[k] / held[k]:.2f} |")
    if args.picture:
        plot(curves).save(args.picture)


if __name__ == "__main__":
    main()
