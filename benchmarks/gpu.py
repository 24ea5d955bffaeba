"""What a CUDA GPU does with a training: whether its steps agree with the CPU's, and how many images a second it takes.

    python -m benchmarks.gpu                     # five minutes
    python -m benchmarks.gpu --presets large --sizes 256 --batches 128 256

First one step in float32 from the same weights and the same noise on both devices: the largest difference of the losses
and of the weights. Then images/s and peak memory by preset, size and batch in bfloat16: as training runs it, and with
both networks compiled (torch.compile, "reduce-overhead", which uses CUDA graphs).
"""

import argparse
import sys
import time
from dataclasses import replace

import torch

from facegan.gan.adversaries import Adversaries
from facegan.gan.config import PRESETS, TrainConfig

AGREES = 2e-3  # of losses and weights after a step: float32 sums in another order, and TF32 switched off


def faces(batch: int, size: int) -> torch.Tensor:
    """Random pictures uint8 (batch, 3, size, size)."""
    rng = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (batch, 3, size, size), generator=rng, dtype=torch.uint8)


def agreement(preset: str, size: int = 64) -> float:
    """The largest difference between the CPU's and the GPU's losses and weights after one step."""
    results = []
    for device in ("cpu", "cuda"):
        gan = Adversaries(TrainConfig(replace(PRESETS[preset], batch=16), size, 0, device, "float32"))
        losses = gan.step(faces(16, size))
        weights = torch.cat([p.detach().flatten().cpu() for p in gan.generator.parameters()])
        results.append(torch.cat([losses.cpu(), weights]))
    return float((results[0] - results[1]).abs().max())


def speed(preset: str, size: int, batch: int, compiled: bool, seconds: float) -> tuple[float, float]:
    """Images a second, and peak memory in GiB. Raises torch.cuda.OutOfMemoryError where it does not fit."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    gan = Adversaries(TrainConfig(replace(PRESETS[preset], batch=batch), size, 0, "cuda", "bfloat16"))
    if compiled:
        gan.generator = torch.compile(gan.generator, mode="reduce-overhead")
        gan.discriminator.layers = torch.compile(gan.discriminator.layers, mode="reduce-overhead")
    real = faces(batch, size).to(memory_format=torch.channels_last)
    for _ in range(10):  # both kinds of step, with and without penalties, are built and tuned
        gan.step(real)
    torch.cuda.synchronize()
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(8):
            gan.step(real)
        torch.cuda.synchronize()
        steps += 8
    return steps * batch / (time.perf_counter() - start), torch.cuda.max_memory_allocated() / 2**30


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--presets", nargs="+", default=["small", "large"], choices=tuple(PRESETS))
    p.add_argument("--sizes", nargs="+", type=int, default=[64, 128, 256])
    p.add_argument("--batches", nargs="+", type=int, default=[32, 128, 512])
    p.add_argument("--seconds", type=float, default=4.0, help="for each figure")
    p.add_argument("--compile", action="store_true", help="also with torch.compile, which takes a minute each")
    args = p.parse_args()
    if not torch.cuda.is_available():
        print("torch finds no CUDA GPU here.", file=sys.stderr)
        return 1
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    print(torch.cuda.get_device_name(), f"torch {torch.__version__}", flush=True)
    agrees = True
    for preset in args.presets:
        difference = agreement(preset)
        agrees &= difference < AGREES
        print(f"{preset}: one float32 step differs from the CPU's by at most {difference:.1e}", flush=True)
    print("| preset | size | batch | compiled | images/s | peak GiB |\n|---|---|---|---|---|---|")
    for preset in args.presets:
        for size in args.sizes:
            for batch in args.batches:
                for compiled in (False, True) if args.compile else (False,):
                    try:
                        rate, memory = speed(preset, size, batch, compiled, args.seconds)
                        print(f"| {preset} | {size} | {batch} | {compiled} | {rate:,.0f} | {memory:.1f} |", flush=True)
                    except torch.cuda.OutOfMemoryError:
                        print(f"| {preset} | {size} | {batch} | {compiled} | out of memory | |", flush=True)
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
