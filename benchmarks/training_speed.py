"""Images per second of training, on random pictures, data loading and averaging included; and what judging costs.

    python -m benchmarks.training_speed --preset small --size 64

Run it on an idle machine; it prints every round, so that a disturbed one shows.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import torch

from facegan.base.seeds import latents_of
from facegan.gan.adversaries import Adversaries
from facegan.gan.best import Best
from facegan.gan.config import PRESETS, TrainConfig, choose_device, choose_precision
from facegan.gan.data import FaceBatches
from facegan.gan.judge import GENERATED_IN_TRAINING, JUDGE_EVERY, Judge


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--preset", choices=PRESETS, default="small")
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--width", type=int, help="in place of the preset's")
    p.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    p.add_argument("--augment-p", type=float, default=0.1, help="held fixed, so that augmentation is paid for")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--steps", type=int, default=64, help="of each round; eight or a multiple, for lazy penalties")
    args = p.parse_args()

    recipe = PRESETS[args.preset]
    recipe = replace(recipe, width=args.width or recipe.width)
    device = choose_device("auto")
    precision = choose_precision(device) if args.precision == "auto" else args.precision
    images = np.random.RandomState(0).randint(0, 256, (4000, args.size, args.size, 3)).astype(np.uint8)
    gan = Adversaries(TrainConfig(recipe, args.size, 0, device, precision))
    faces = FaceBatches(images, np.arange(2000), 0)
    speeds, waited = [], 0.0
    for round_ in range(args.rounds + 1):
        start = time.perf_counter()
        for _ in range(args.steps):
            gan.probability.value = args.augment_p if recipe.augment else 0.0
            before = time.perf_counter()
            batch = faces.batch(gan.images_seen, recipe.batch)
            waited += time.perf_counter() - before
            gan.step(*batch)
        if device == "cuda":
            torch.cuda.synchronize()
        if round_:  # the first one warms up
            speeds.append(args.steps * recipe.batch / (time.perf_counter() - start))
            print(f"round {round_}: {speeds[-1]:.0f} images/s")
    speed = float(np.median(speeds))
    total = (args.rounds + 1) * args.steps * recipe.batch / speed
    print(
        f"{args.preset}, width {recipe.width}, {args.size} px, {device}, {precision}, "
        f"{torch.get_num_threads()} threads: median {speed:.0f} images/s; waiting for faces {waited / total:.1%}"
    )
    latents = torch.from_numpy(latents_of(range(GENERATED_IN_TRAINING))).to(gan.device)
    best = Best(Judge(images, np.arange(2000), np.arange(2000, 4000)), latents, gan.processes)
    start = time.perf_counter()
    best.consider(gan.ema.generator, gan.images_seen)
    took = time.perf_counter() - start
    share = took / (JUDGE_EVERY / speed + took)
    print(f"judging takes {took:.1f} s every {JUDGE_EVERY:,} images: {share:.1%} of the time")


if __name__ == "__main__":
    main()
