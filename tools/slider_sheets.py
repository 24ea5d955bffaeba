"""Draws every slider at -1, 0 and 1 on consecutive seeds, none chosen, to be judged by eye.

python -m tools.slider_sheets OUT
python -m tools.slider_sheets OUT --model RUN/model --seeds 40

Writes OUT/SLIDER_1.png, OUT/SLIDER_2.png ... with twenty seeds each: a row of ten faces at -1, below it the same faces
as they are, below these at 1. Count the faces that are another person or broken, and name them in
docs/measurements/sliders.md.
"""

import argparse
from pathlib import Path

import numpy as np

from facegan import FaceModel
from facegan.base.files import atomic_write
from facegan.base.pictures import captioned, encode_png, grid

POSITIONS = (-1.0, 0.0, 1.0)
COLUMNS, ROWS = 10, 2  # a sheet that a screen shows whole at 128 px


def sheet(model: FaceModel, name: str, seeds: range) -> np.ndarray:
    """A picture uint8 (h, w, 3) of one slider on up to COLUMNS * ROWS seeds."""
    blocks = []
    for start in range(seeds.start, seeds.stop, COLUMNS):
        some = range(start, min(start + COLUMNS, seeds.stop))
        latents = model.latents(some, model.config.truncation)
        faces = np.concatenate([model.generate(model.edit(latents, {name: value})) for value in POSITIONS])
        missing = COLUMNS - len(some)
        rows = np.pad(
            faces.reshape(len(POSITIONS), len(some), *faces.shape[1:]),
            ((0, 0), (0, missing), (0, 0), (0, 0), (0, 0)),
            constant_values=255,
        )
        picture = grid(rows.reshape(-1, *faces.shape[1:]), COLUMNS, gap=2)
        blocks.append(captioned(picture, f"{name} at -1, 0 and 1, seeds {some.start} to {some.stop - 1}"))
    return np.concatenate(blocks)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--model", metavar="MODEL", help="folder or USER/NAME (default: the embedded one)")
    p.add_argument("--seeds", type=int, default=40, metavar="N")
    args = p.parse_args()
    model = FaceModel.load(args.model)
    args.out.mkdir(parents=True, exist_ok=True)
    for slider in model.sliders:
        for number, start in enumerate(range(0, args.seeds, COLUMNS * ROWS), 1):
            seeds = range(start, min(start + COLUMNS * ROWS, args.seeds))
            atomic_write(args.out / f"{slider.name}_{number}.png", encode_png(sheet(model, slider.name, seeds)))
    print(f"The sheets of {len(model.sliders)} sliders are in {args.out}.")


if __name__ == "__main__":
    main()
