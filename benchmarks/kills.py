"""Twenty kills at random moments in one run on real faces, each resumed: are the final weights the same bits?

    python -m benchmarks.kills --faces runs/PHOTOS/faces --images-seen 60000

The run of the preset at its own width and precision, saving every few seconds in place of every two minutes so that
kills come thick; it is killed with SIGKILL, and compared with the run that was never killed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def train(args: argparse.Namespace) -> None:
    """One process of the run: goes on where the folder stands."""
    from facegan.faces.cache import FaceCache
    from facegan.gan import trainer as module
    from facegan.gan.config import PRESETS, TrainConfig, choose_precision
    from facegan.gan.data import TrainingFaces
    from facegan.gan.judge import Judge

    module.SAVE_EVERY, module.JUDGE_EVERY, module.GOOD_EVERY = 3.0, 10_000, 10_000
    cache = FaceCache.open(args.faces)
    training, held_out = cache.split()
    config = TrainConfig(PRESETS[args.preset], cache.size, 0, "cpu", choose_precision("cpu"))
    judge = Judge(cache.images, training, held_out[:200])
    trainer = module.Trainer(
        config, TrainingFaces(cache.images, training), args.run, judge=judge, judged_faces=200, say=lambda _: None
    )
    trainer.resume()
    trainer.train(module.Budget(args.images_seen))


def weights(run: Path) -> dict:
    from safetensors.torch import load_file

    return load_file(sorted((run / "checkpoint").glob("*.safetensors"))[-1])


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--faces", type=Path, required=True, help="RUN/faces of a prepared run")
    p.add_argument("--preset", default="small")
    p.add_argument("--images-seen", type=int, default=60_000)
    p.add_argument("--kills", type=int, default=20)
    p.add_argument("--run", type=Path, help=argparse.SUPPRESS)  # of one process of the run
    args = p.parse_args()
    if args.run:
        train(args)
        return
    command = [sys.executable, __file__, "--faces", str(args.faces), "--preset", args.preset]
    command += ["--images-seen", str(args.images_seen), "--run"]

    def start(run: Path) -> subprocess.Popen:
        run.mkdir(exist_ok=True)
        return subprocess.Popen([*command, str(run)], stderr=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        began = time.monotonic()
        if start(whole).wait():
            sys.exit("the run that is not killed failed")
        took = time.monotonic() - began
        print(f"never killed: {took:.0f} s", flush=True)
        rng, kills = random.Random(0), 0
        while kills < args.kills:
            process = start(killed)
            try:
                # Long enough to load and get somewhere, at any moment from then on, and short enough for all the kills.
                process.wait(rng.uniform(8, 8 + took / args.kills))
                break  # it came to its end
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                found = sorted((killed / "checkpoint").glob("*.safetensors"))
                print(
                    f"kill {kills} after the checkpoint of {int(found[-1].stem) if found else 0:,} images", flush=True
                )
        if start(killed).wait():
            sys.exit("the run that was killed failed in the end")
        one, other = weights(whole), weights(killed)
        differing = [name for name in one if name not in other or not bool((one[name] == other[name]).all())]
        print(f"{kills} kills; {len(one)} tensors, {len(differing)} differ: {', '.join(differing) or 'bit-identical'}")
        sys.exit(bool(differing) or one.keys() != other.keys())


if __name__ == "__main__":
    main()
