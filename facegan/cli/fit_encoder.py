"""Fit the encoder of a model, which finds the look-alike of a person in a photo, and write it into its folder.

    python train/fit_encoder.py runs/PHOTOS
    python train/fit_encoder.py facegan/assets/default --data runs/DRAWN --drawn

Takes 20 minutes on one core. train.py --encoder does it after the training. At the end the look-alikes are measured,
and figures and 20 examples are written into the model card. The examples are of generated faces, because no photo may
be part of a model folder; with --drawn they are of held-out faces of the run.
"""

import argparse
from pathlib import Path

from facegan.cli.command_line import exit_code, model_folder_of, number


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
        help="the run's faces were drawn and show nobody, so the card may have examples of them",
    )
    p.add_argument("--keep", action="store_true", help="keep the encoder; only measure it and draw its examples")
    args = p.parse_args()

    def work() -> None:
        from facegan.base.errors import FaceGANError
        from facegan.faces.cache import FaceCache
        from facegan.runs.model_encoder import add_encoder

        cache = FaceCache.find(args.data or args.model)
        if cache is None and args.data:
            raise FaceGANError(f"There are no prepared faces in {args.data}: give the run with --data.")
        seen = {"faces_seen": args.images_seen} if args.images_seen else {}
        add_encoder(model_folder_of(args.model), cache, drawn=args.drawn, keep=args.keep, **seen)

    return exit_code(work)
