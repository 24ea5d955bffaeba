"""Draws the pictures of docs/gallery.md with a model: consecutive seeds, none chosen by hand.

python -m tools.gallery
python -m tools.gallery --model RUN/model --out GALLERY
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from facegan import FaceModel
from facegan.base.latent_paths import path_through
from facegan.base.pictures import captioned, encode_webp, enlarge, grid
from facegan.model.provenance import recipe_of

ROOT = Path(__file__).resolve().parent.parent
CELL = 128  # px
QUALITY = 88  # of WebP: a hundred faces of 256 px are 1.5 MB, as PNG eleven
TRUNCATIONS = (0.0, 0.4, 0.6, 0.8, 1.0, 1.2)
STEPS = 8  # pictures from one face of a morph to the next
POSITIONS = 7  # of a slider
SHEET = {"shows": "gallery"}  # the recipe of pictures that do not show a single state of the demo


def cells(faces: np.ndarray) -> list[np.ndarray]:
    return [enlarge(face, CELL) for face in faces]


def with_label(row: list[np.ndarray], label: str) -> np.ndarray:
    return captioned(grid(np.stack(row), len(row), gap=2), label)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", metavar="MODEL", help="folder or USER/NAME (default: the embedded one)")
    p.add_argument("--out", type=Path, default=ROOT / "docs" / "gallery")
    args = p.parse_args()
    model = FaceModel.load(args.model)
    psi = model.config.truncation
    args.out.mkdir(parents=True, exist_ok=True)

    def save(name: str, picture: np.ndarray, recipe: Mapping) -> None:
        (args.out / name).write_bytes(encode_webp(picture, recipe, QUALITY))

    seeds = range(100)
    for name, truncation in (("faces.webp", psi), ("faces-all-variety.webp", 1.0)):
        faces = model.generate(model.latents(seeds, truncation))  # not enlarged: a hundred make a large picture
        save(name, grid(faces, 10, gap=2), recipe_of(model, seeds, truncation).to_dict())

    seeds = range(8)
    rows = [with_label(cells(model.generate(model.latents(seeds, t))), f"truncation {t:g}") for t in TRUNCATIONS]
    save("truncation.webp", np.concatenate(rows), SHEET)

    seeds = range(5)
    legs = [model.latents(pair, psi) for pair in zip(seeds, seeds[1:], strict=False)]
    rows = [
        with_label(cells(model.generate(path_through(leg, STEPS - 1, loop=False))), f"seed {a} to seed {a + 1}")
        for a, leg in enumerate(legs)
    ]
    save("morphs.webp", np.concatenate(rows), SHEET)

    rows = []
    for seed, slider in enumerate(model.sliders):
        values = np.linspace(slider.low, slider.high, POSITIONS)
        latents = model.latents([seed], psi)
        faces = [model.generate(model.edit(latents, {slider.name: float(value)}))[0] for value in values]
        label = f"{slider.label}, {slider.low:g} to {slider.high:g} (seed {seed})"
        rows.append(with_label(cells(np.stack(faces)), label))
    if rows:
        save("sliders.webp", np.concatenate(rows), SHEET)
    print(*(f"{path} {path.stat().st_size / 1e3:,.0f} kB" for path in sorted(args.out.glob("*.webp"))), sep="\n")


if __name__ == "__main__":
    main()
