"""Images per second of training, on random pictures, data loading and averaging included.

    python benchmarks/training_speed.py --preset small --size 64

Run it on an idle machine; it prints every round, so that a disturbed one shows.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from facegan.gan.config import PRESETS, TrainConfig, choose_device, choose_precision
from facegan.gan.trainer import Trainer
from facegan.latent.seeds import latents_of


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--preset", choices=PRESETS, default="small")
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--width", type=int, help="in place of the preset's")
    p.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    p.add_argument("--augment-p", type=float, default=0.3, help="held fixed, so that augmentation is paid for")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--steps", type=int, default=60, help="of each round")
    args = p.parse_args()

    recipe = PRESETS[args.preset]
    recipe = replace(recipe, width=args.width or recipe.width)
    device = choose_device("auto")
    precision = choose_precision(device) if args.precision == "auto" else args.precision
    images = np.random.RandomState(0).randint(0, 256, (2000, args.size, args.size, 3)).astype(np.uint8)
    config = TrainConfig(recipe, args.size, 0, device, precision)
    with tempfile.TemporaryDirectory() as run:
        trainer = Trainer(config, images, np.arange(len(images)), Path(run), latents_of(range(8)))
        speeds = []
        for round_ in range(args.rounds + 1):
            start = time.perf_counter()
            for _ in range(args.steps):
                trainer.probability.value = args.augment_p if recipe.augment else 0.0
                trainer.step()
            if device == "cuda":
                torch.cuda.synchronize()
            if round_:  # the first one warms up
                speeds.append(args.steps * recipe.batch / (time.perf_counter() - start))
                print(f"round {round_}: {speeds[-1]:.0f} images/s")
    print(
        f"{args.preset}, width {recipe.width}, {args.size} px, {device}, {precision}, "
        f"{torch.get_num_threads()} threads: median {np.median(speeds):.0f} images/s"
    )


if __name__ == "__main__":
    main()
