"""Train a face generator on a folder of photos.

    python train/train.py --data PHOTOS --minutes 30
    python train/train.py --resume --out runs/PHOTOS --minutes 60

Leaves RUN/model (for app.py and the Hub), RUN/faces/report.html, RUN/samples and RUN/log.jsonl.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the package lies beside this folder

NEEDED = ("torch", "diffusers", "onnx", "onnxscript", "onnxruntime", "insightface", "safetensors", "tqdm", "av")


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = p.add_argument
    # fmt: off (an option a line reads as the table that it is)
    add("--data", type=Path, action="append", default=[], metavar="DIR", help="folder of photos; repeatable")
    add("--out", type=Path, metavar="RUN", help="run folder (default: runs/<name of the data>)")
    add("--size", type=int, choices=(64, 128), default=64, help="px of the faces (default: 64)")
    add("--images-seen", type=number(int, 1), metavar="N", help="budget in images (default: the preset's)")
    add("--minutes", type=number(float, 0.01), metavar="M", help="budget in minutes of training; whichever ends first")
    add("--preset", choices=("auto", "classic", "small", "large"), default="auto")
    add(
        "--framing",
        type=number(float, 0.3, 1.5),
        metavar="F",
        help="0.8 shows most hair, 1.2 is close; default: what fits",
    )
    add("--detector", choices=("auto", "insightface", "yunet"), default="auto")
    add("--insightface-pack", default="buffalo_sc", metavar="NAME")
    add("--insightface-root", type=Path, default=Path("~/.insightface"), metavar="DIR")
    add(
        "--workers",
        type=number(int, 0, 1024),
        default=0,
        metavar="N",
        help="processes that align (default: one a core)",
    )
    add("--about-data", default="", metavar="TEXT", help="a sentence on the photos and their licence, for the card")
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    add("--seed", type=number(int, 0, 2**32 - 1), default=0, help="of the weights, the noise and the order of faces")
    add("--resume", action="store_true", help="go on exactly where the run stopped")
    add("--force", action="store_true", help="train even on fewer than 100 faces")
    add("--dry-run", action="store_true", help="print the options as resolved and leave")
    # fmt: on
    return p


def number(kind: type, least: float, most: float = 1e12):
    def parse(text: str):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    parse.__name__ = kind.__name__  # for argparse's "invalid int value"
    return parse


def main() -> int:
    p = parser()
    args = vars(p.parse_args())
    if not args["data"] and not (args["resume"] and args["out"]):
        p.error("say where the photos are: --data DIR (or which run to go on with: --resume --out RUN)")
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(f"Training needs {', '.join(missing)}: run pip install -r train/requirements.txt", file=sys.stderr)
        return 1

    from facegan.errors import FaceGANError
    from facegan.faces.options import FaceOptions
    from facegan.run import RunOptions, run

    faces = ("size", "framing", "detector", "insightface_pack", "insightface_root", "workers")
    try:
        args["out"] = args["out"] or Path("runs") / args["data"][0].resolve().name
        args["faces"] = FaceOptions(**{name: args.pop(name) for name in faces})
        run(RunOptions(**{**args, "data": tuple(args["data"])}))
    except FaceGANError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was done is kept; the same command goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":  # the workers that align import this file again
    sys.exit(main())
