"""Train a face generator on a folder of photos, and publish it.

    python train/train.py --data PHOTOS --minutes 30
    python train/train.py --resume --out runs/PHOTOS --minutes 60
    python train/train.py --config train/configs/fairface.json --data PHOTOS
    python train/train.py --data PHOTOS --minutes 30 --about-data "..." --push-to-hub USER/NAME --space USER/SPACE

Writes RUN/model (for app.py and the Hub), RUN/faces/report.html, RUN/samples and RUN/log.jsonl.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from facegan.base import commands
from facegan.cli.command_line import (
    PRIVATE_BY_DEFAULT,
    add_card_options,
    add_data_options,
    add_visibility,
    exit_code,
    number,
    parsed,
)
from facegan.faces.options import DETECTORS, MAX_FRAMING, MIN_FRAMING
from facegan.gan.config import PRESETS

REQUIRED = ("torch", "diffusers", "onnx", "onnxruntime", "insightface", "safetensors", "tqdm", "av")
# The options that are fields of FaceOptions.
FACE_OPTIONS = ("size", "framing", "detector", "insightface_pack", "insightface_root", "workers", "person")


def size(text: str) -> int | str:
    """An argparse type: pixels, or auto."""
    return text if text == "auto" else int(text)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(p)
    add = p.add_argument
    # fmt: off (one option per line, as in a table)
    add("--out", type=Path, metavar="RUN", help="run folder (default: runs/<name of the data>)")
    sizes = "px of the faces (auto: as the initial model, else 64 on a CPU, 128 on a GPU)"
    add("--size", choices=("auto", 64, 128, 256), default="auto", type=size, help=sizes)
    add("--images-seen", type=number(int, 1), metavar="N", help="budget in images (default: the preset's)")
    add("--minutes", type=number(float, 0.01), metavar="M", help="budget in minutes, including those before --resume")
    presets = "auto: as the initial model, else large on a GPU with 5,000 faces, else small"
    add("--preset", choices=("auto", *PRESETS), default="auto", help=presets)
    closeness = "0.8 shows most hair, 1.2 is close (default: as the initial model, else what fits the photos)"
    add("--framing", type=number(float, MIN_FRAMING, MAX_FRAMING), metavar="F", help=closeness)
    start = "initial model: auto (the default one if faces are few), none, default, DIR or USER/NAME"
    add("--init", default="auto", metavar="MODEL", help=start)
    both = "only train two models, on aligned and on unaligned faces, and compare them in RUN/compare"
    add("--compare-unaligned", action="store_true", help=both)
    add("--person", default="any", metavar="WHO", help="any; auto: the most frequent person; N: the N-th; or a photo")
    detectors = "auto: InsightFace if it is available, else YuNet"
    add("--detector", choices=DETECTORS, default="auto", help=detectors)
    add("--insightface-pack", default="buffalo_sc", metavar="NAME", help="default: buffalo_sc")
    add("--insightface-root", type=Path, default=Path("~/.insightface"), metavar="DIR", help="default: ~/.insightface")
    workers = "processes that align faces (default: one per core)"
    add("--workers", type=number(int, 0, 1024), default=0, metavar="N", help=workers)
    add("--attributes", type=Path, metavar="CSV", help="table of the photos' attributes; each becomes a slider")
    drawn = "latents of drawn pictures; the generator learns to map each latent to its picture"
    add("--latents", type=Path, metavar="FILE", help=drawn)
    add(
        "--no-sliders",
        dest="sliders",
        action="store_false",
        help=f"fit none; {commands.FIT_SLIDERS} can do it later",
    )
    look_alikes = f"fit an encoder, for look-alikes; {commands.FIT_ENCODER} can also do it later"
    add("--encoder", action="store_true", help=look_alikes)
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="auto: a GPU if torch finds one")
    add("--seed", type=number(int, 0, 2**32 - 1), default=0, help="of the weights, the noise and the order of faces")
    add("--resume", action="store_true", help="continue exactly where the run stopped")
    add("--force", action="store_true", help="train even on fewer than 100 faces")
    add("--dry-run", action="store_true", help="print the resolved options and exit")
    publish = "publish the model (default: your user name and the name of the run)"
    add("--push-to-hub", nargs="?", const="", metavar="USER/NAME", help=publish)
    add("--space", metavar="USER/SPACE", help="also publish its demo as a Space; needs --push-to-hub")
    # fmt: on
    add_visibility(p, PRIVATE_BY_DEFAULT)
    add_card_options(p)
    return p


def main() -> int:
    p = parser()
    args = parsed(p, sys.argv[1:])
    if not (args["data"] or args["dataset"]) and not (args["resume"] and args["out"]):
        p.error("say where the photos are: --data DIR or --dataset USER/NAME (or continue a run: --resume --out RUN)")
    if args["latents"] and args["dataset"]:
        p.error("--latents refers to files in a folder: give the pictures with --data")
    if args["space"] and args["push_to_hub"] is None:
        p.error("a Space shows a model on the Hub: add --push-to-hub")
    missing = [name for name in REQUIRED if find_spec(name) is None]
    if missing:
        print(f"Training needs {', '.join(missing)}: run {commands.INSTALL_TRAINING}", file=sys.stderr)
        return 1

    def work() -> None:
        from facegan.faces.options import FaceOptions
        from facegan.faces.sources.dataset import DatasetChoice, plain_pictures
        from facegan.runs.run import RunOptions, run

        dataset = [args.pop(name) for name in ("dataset", "dataset_config", "dataset_split", "image_column")]
        args["dataset"] = DatasetChoice(*dataset) if dataset[0] else None
        source = args["dataset"].repo if args["dataset"] else next(iter(args["data"]), ".")
        if args["dataset"] and (folder := plain_pictures(args["dataset"])):
            print(f"{folder} is a folder of pictures, so it is read like --data.")
            args["dataset"], args["data"] = None, [folder]
        args["out"] = args["out"] or Path("runs") / Path(source).resolve().name
        args["auto_size"] = args["size"] == "auto"
        args["size"] = FaceOptions.size if args["auto_size"] else args["size"]
        args["faces"] = FaceOptions(**{name: args.pop(name) for name in FACE_OPTIONS})
        run(RunOptions(**{**args, "data": tuple(args["data"])}))

    return exit_code(work, "Stopped. What was done is kept; the same command continues.")
