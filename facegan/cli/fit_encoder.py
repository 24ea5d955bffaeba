"""Fit the encoder of a model, which finds the look-alike of a person in a photo, and write it into its folder.

    python train/fit_encoder.py runs/PHOTOS
    python train/fit_encoder.py facegan/assets/default --data runs/DRAWN --drawn

Takes 20 minutes of one core. train.py does this after the training with --encoder. At the end it measures the
look-alikes, and writes figures and 20 examples into the model card. The examples are of generated faces, because no
photo may be part of a model folder; with --drawn they are of faces that the run has held out.
"""

import argparse
from pathlib import Path

from facegan.cli.command_line import exit_code, number


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path, metavar="MODEL", help="a run or a model folder")
    p.add_argument("--data", type=Path, metavar="RUN", help="the run whose faces it learned from (default: MODEL)")
    p.add_argument(
        "--images-seen", type=number(int, 100, 10**8), metavar="N", help="faces to learn from (default: 100000)"
    )
    p.add_argument(
        "--drawn",
        action="store_true",
        help="the run's faces were drawn and show nobody: the card may have examples of them",
    )
    p.add_argument("--keep", action="store_true", help="keep the encoder, and only measure it and draw its examples")
    args = p.parse_args()

    def work() -> None:
        from facegan.base.errors import FaceGANError
        from facegan.faces.cache import FaceCache
        from facegan.runs.model_encoder import add_encoder

        folder = args.model / "model" if (args.model / "model").is_dir() else args.model
        cache = FaceCache.find(args.data or args.model)
        if cache is None and args.data:
            raise FaceGANError(f"There are no prepared faces in {args.data}: give the run by --data.")
        seen = {"faces_seen": args.images_seen} if args.images_seen else {}
        add_encoder(folder, cache, drawn=args.drawn, keep=args.keep, **seen)

    return exit_code(work)
