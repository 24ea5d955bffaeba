"""Fit the upscaler of a model, which doubles the size of its images, and write it into its folder.

    python train/fit_upscaler.py runs/PHOTOS
    python train/fit_upscaler.py facegan/assets/default --data PHOTOS --out runs/LARGE

The upscaler learns from the same photos, aligned at twice the size of the generator. Takes an hour on one core. The
large images reduced by two are those of the generator. A training that starts from the model (train.py --init) keeps
the upscaler.
"""

import argparse
from pathlib import Path

from facegan.cli.command_line import exit_code, model_folder_of, number


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path, metavar="MODEL", help="a run or a model folder")
    p.add_argument(
        "--data", type=Path, nargs="+", metavar="PHOTOS", help="folders of photos (default: those of the run)"
    )
    p.add_argument("--out", type=Path, metavar="FOLDER", help="for the aligned faces (default: in the run)")
    p.add_argument(
        "--images-seen",
        type=number(int, 100, 10**8),
        metavar="N",
        help="crops of faces to learn from (default: 160000)",
    )
    args = p.parse_args()

    def work() -> None:
        from facegan.base.errors import FaceGANError
        from facegan.model.folder import ModelConfig
        from facegan.runs.model_upscaler import LARGE_FACES, add_upscaler, large_faces
        from facegan.runs.run_config import face_options_of
        from facegan.runs.run_file import facts_of

        folder = model_folder_of(args.model)
        run = args.model if folder != args.model else None
        photos = args.data or (list(facts_of(run).data) if run else [])
        if not photos:
            raise FaceGANError("It is not known which photos the model was trained on: give their folder with --data.")
        out = args.out or (run and run / LARGE_FACES)
        if out is None:
            raise FaceGANError(f"{folder} is not a run: choose a folder for the aligned faces with --out.")
        options = face_options_of(run) if run else None
        cache = large_faces(photos, out, ModelConfig.read(folder), options)
        seen = {"crops_seen": args.images_seen} if args.images_seen else {}
        add_upscaler(folder, cache, **seen)

    return exit_code(work)
