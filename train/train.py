"""Train a face generator on a folder of photos.

    python train/train.py --data PHOTOS --minutes 30
    python train/train.py --resume --out runs/PHOTOS --minutes 60

Leaves RUN/model (for app.py and the Hub), RUN/faces/report.html, RUN/samples and RUN/log.jsonl.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the package lies beside this folder; nothing has to be installed

NEEDED = (
    "torch",
    "diffusers",
    "onnx",
    "onnxscript",
    "onnxruntime",
    "insightface",
    "safetensors",
    "tqdm",
    "av",
)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        "--data",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="folder of photos, nested or flat; repeatable",
    )
    p.add_argument("--out", type=Path, metavar="RUN", help="run folder (default: runs/<name of the data>)")
    p.add_argument(
        "--size", type=int, choices=(64, 128), default=64, help="px of the faces (default: %(default)s)"
    )
    p.add_argument(
        "--images-seen",
        type=positive(int),
        metavar="N",
        help="budget in images shown to the discriminator (default: the preset's)",
    )
    p.add_argument(
        "--minutes",
        type=positive(float),
        metavar="M",
        help="budget in minutes of training; whichever ends first",
    )
    p.add_argument("--preset", choices=("auto", "classic", "small", "large"), default="auto")
    p.add_argument(
        "--framing",
        type=positive(float),
        default=0.8,
        help="1.0 is a tight crop, less shows more (default: %(default)s)",
    )
    p.add_argument("--detector", choices=("auto", "insightface", "yunet"), default="auto")
    p.add_argument("--insightface-pack", default="buffalo_sc", metavar="NAME")
    p.add_argument("--insightface-root", type=Path, default=Path("~/.insightface"), metavar="DIR")
    p.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes that align (default: one a core)"
    )
    p.add_argument(
        "--about-data",
        default="",
        metavar="TEXT",
        help="a sentence on the photos and their licence, for the model card",
    )
    p.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--resume", action="store_true", help="go on exactly where the run stopped")
    p.add_argument("--force", action="store_true", help="train even on fewer than 100 faces")
    p.add_argument("--dry-run", action="store_true", help="print the options as resolved and leave")
    return p


def positive(kind: type):
    def parse(text: str):
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    return parse


def main() -> int:
    p = parser()
    args = p.parse_args()
    if not args.data and not args.resume:
        p.error("say where the photos are: --data DIR")
    if args.resume and not (args.out or args.data):
        p.error("say which run to go on with: --out RUN")
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(
            f"Training needs {', '.join(missing)}: run pip install -r train/requirements.txt", file=sys.stderr
        )
        return 1

    from facegan.errors import FaceGANError
    from facegan.faces.options import FaceOptions
    from facegan.run import RunOptions, run

    faces = FaceOptions(
        size=args.size,
        framing=args.framing,
        detector=args.detector,
        insightface_pack=args.insightface_pack,
        insightface_root=args.insightface_root,
        workers=args.workers,
    )
    options = RunOptions(
        data=tuple(args.data),
        out=args.out or Path("runs") / args.data[0].resolve().name,
        faces=faces,
        preset=args.preset,
        images_seen=args.images_seen,
        minutes=args.minutes,
        device=args.device,
        seed=args.seed,
        about_data=args.about_data,
        resume=args.resume,
        force=args.force,
        dry_run=args.dry_run,
    )
    try:
        run(options)
    except FaceGANError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was done is kept; the same command goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":  # the workers that align import this file again
    sys.exit(main())
