"""How many faces a detector is unsure of at the ends of sliders, with the limit of each face and without.

    python -m benchmarks.slider_ends
    python -m benchmarks.slider_ends RUN/model --seeds 1000 --detector insightface --insightface-root ROOT

Unsure: its score is under the 5th percentile of unmoved faces, of seeds that no slider is measured on. Random ends are
those of four sliders, different ones for each face. "Path" is how far a face is moved, as a share of its path without
limit.
"""

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.face_scores import best_faces
from facegan import FaceModel
from facegan.faces.detectors.registry import make_detector
from facegan.faces.options import FaceOptions
from facegan.sliders.slider import SliderSet

UNMOVED_FROM = 100_000  # the first seed of the unmoved faces
PERCENTILE = 5
TOGETHER = 4


def ends(sliders: SliderSet, latents: np.ndarray) -> dict[str, np.ndarray]:
    """The latents at either end of each slider, and with TOGETHER of them at random ends, by what was moved."""
    names = [slider.name for slider in sliders.sliders]
    found = {f"{name} {value:+g}": sliders.edit(latents, {name: value}) for name in names for value in (-1.0, 1.0)}
    rng, together = np.random.RandomState(0), []
    for face in latents:
        some = rng.choice(len(names), min(TOGETHER, len(names)), replace=False)
        together.append(sliders.edit(face[None], {names[one]: float(rng.choice([-1.0, 1.0])) for one in some}))
    return {**found, f"{TOGETHER} at random ends": np.concatenate(together)}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", nargs="?", help="folder or USER/NAME (default: the embedded one)")
    p.add_argument("--seeds", type=int, default=200, metavar="N")
    p.add_argument("--unmoved", type=int, default=1000, metavar="N", help="faces that the percentile is of")
    p.add_argument("--truncation", type=float, default=1.0)
    p.add_argument("--detector", choices=("yunet", "insightface"), default="yunet")
    p.add_argument("--insightface-root", default="~/.insightface")
    args = p.parse_args()

    model = FaceModel.load(args.model)
    detector, sentence = make_detector(
        FaceOptions(detector=args.detector, insightface_root=args.insightface_root), say=lambda _: None
    )
    print(sentence)

    def scores(latents: np.ndarray) -> np.ndarray:
        return best_faces(detector, model.generate(latents))[0]

    unmoved = range(UNMOVED_FROM, UNMOVED_FROM + args.unmoved)
    floor = np.percentile(scores(model.latents(unmoved, args.truncation)), PERCENTILE)
    latents = model.latents(range(args.seeds), args.truncation)
    print(
        f"{args.seeds} faces, score of the detector under {floor:.3f}: unmoved {(scores(latents) < floor).mean():.1%}"
    )
    limited = ends(model.slider_set, latents)
    free = ends(replace(model.slider_set, limit=None), latents)
    print("\n| | without limit | with it | path |\n|---|---|---|---|")
    for what, moved in limited.items():
        path = np.linalg.norm(moved - latents, axis=1) / np.linalg.norm(free[what] - latents, axis=1)
        shares = [f"{(scores(some) < floor).mean():.1%}" for some in (free[what], moved)]
        print(f"| {what} | {' | '.join(shares)} | {path.mean():.2f} |", flush=True)


if __name__ == "__main__":
    main()
