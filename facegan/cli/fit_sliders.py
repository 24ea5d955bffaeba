"""Fit the sliders of a model again, judge them, and write them into its folder and its card.

    python train/fit_sliders.py runs/PHOTOS
    python train/fit_sliders.py facegan/assets/default --data runs/PHOTOS --seeds 1000 --positions 11
    python train/fit_sliders.py runs/PHOTOS --attributes list_attr.csv
    python train/fit_sliders.py runs/PHOTOS --surprises
    python train/fit_sliders.py runs/PHOTOS --complete

Takes some minutes on two cores. train.py does this after the training.
"""

import argparse
from pathlib import Path

from facegan.cli.command_line import exit_code, model_folder_of, number


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path, metavar="MODEL", help="a run or a model folder")
    p.add_argument("--data", type=Path, metavar="RUN", help="the run whose faces it learned from (default: MODEL)")
    p.add_argument("--attributes", type=Path, metavar="CSV", help="table of the photos' attributes")
    p.add_argument(
        "--samples", type=number(int, 500, 10**6), metavar="N", help="generated faces to learn from (default: 16000)"
    )
    p.add_argument("--seeds", type=number(int, 20, 10_000), metavar="N", help="faces to judge by (default: 100)")
    p.add_argument(
        "--positions", type=number(int, 3, 101), metavar="N", help="positions of each slider to judge, odd (default: 5)"
    )
    p.add_argument("--surprises", action="store_true", help="only replace the surprise sliders; named ones are kept")
    p.add_argument(
        "--complete",
        action="store_true",
        help="keep the sliders, add those of new attributes, fit the limits of faces again, and judge all sliders",
    )
    args = p.parse_args()

    def work() -> None:
        from facegan.base.errors import FaceGANError
        from facegan.faces.cache import FaceCache
        from facegan.runs.model_sliders import (
            add_sliders,
            add_surprises,
            as_table,
            attributes_of,
            complete_sliders,
        )

        folder = model_folder_of(args.model)
        if args.surprises:
            add_surprises(folder, **({"seeds": args.seeds} if args.seeds else {}))
            return
        cache = FaceCache.find(args.data or args.model)
        if cache is None and (args.data or args.attributes):
            raise FaceGANError(f"There are no prepared faces in {args.data or args.model}: give the run with --data.")
        judged = {name: getattr(args, name) for name in ("seeds", "positions") if getattr(args, name)}
        if args.complete:
            print(as_table(complete_sliders(folder, cache, **judged).slider_set))
            return
        table = attributes_of(args.attributes, cache) if args.attributes else None
        chosen = {name: getattr(args, name) for name in ("samples", "seeds", "positions") if getattr(args, name)}
        model = add_sliders(folder, cache, table, **chosen)
        if model.sliders:
            print(as_table(model.slider_set))

    return exit_code(work)
