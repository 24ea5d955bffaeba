"""Averages the EMA generators of several checkpoints of a run, and writes the result as the run's model.

    python -m tools.average RUN COPIES/*.safetensors

A run keeps only its newest checkpoints, so copy some from RUN/checkpoint while it is running, without renaming them.
Their EMA generators already average a tenth of the run each. Averaging distant ones improves them further: for the
default generator KID x 100 is 2.83 with checkpoints from the whole run, 2.94 with late ones only
(docs/measurements/recipes.md). The model card's metrics, near copies and shares of people are measured again; sliders
are not fitted.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from facegan.base.seeds import latents_of
from facegan.faces.cache import FaceCache
from facegan.gan.adversaries import discriminator_of, generator_of
from facegan.gan.best import Best
from facegan.gan.checkpoint import load_checkpoint, with_prefix
from facegan.gan.judge import GENERATED_IN_TRAINING, Judge
from facegan.gan.processes import Processes
from facegan.model.folder import ModelConfig
from facegan.model.save import save_model
from facegan.runs.findings import add_findings
from facegan.runs.metadata import metrics_of
from facegan.runs.model_upscaler import upscaler_of
from facegan.runs.run_config import RunOptions, read_config

MEASURED = ("metrics", "memorisation", "shares")  # facts in config.json that depend on the weights


def mean_of(checkpoints: list[Path]) -> dict[str, torch.Tensor]:
    """The state dict of the mean of the checkpoints' EMA generators; integer counters are taken from the last one."""
    states = [with_prefix(load_file(path), "ema") for path in checkpoints]
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if last.is_floating_point() else last
        for name, last in states[-1].items()
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("run", type=Path, metavar="RUN", help="a run that has been stopped, with its model folder")
    p.add_argument("checkpoints", type=Path, nargs="+")
    args = p.parse_args()

    _, train, _ = read_config(args.run, RunOptions(data=(), out=args.run, resume=True))
    generator = generator_of(train)
    generator.load_state_dict(mean_of(args.checkpoints))
    discriminator = None
    if (args.run / "model" / "discriminator.safetensors").exists():
        discriminator = discriminator_of(train)
        discriminator.load_state_dict(with_prefix(load_checkpoint(args.run / "checkpoint")[0], "discriminator"))

    cache = FaceCache.open(args.run / "faces")
    training, held_out = cache.split()
    latents = torch.from_numpy(latents_of(range(GENERATED_IN_TRAINING)))
    images_seen = max(int(path.stem) for path in args.checkpoints)
    best = Best(Judge(cache.images, training, held_out), latents, Processes("cpu"))
    print(best.consider(generator, images_seen))
    config = ModelConfig.read(args.run / "model")
    facts = {name: value for name, value in config.training.items() if name not in MEASURED}
    data = {name: value for name, value in config.data.items() if name not in MEASURED}
    facts |= {"images_seen": images_seen, **metrics_of(best.figures)}
    films = sorted((args.run / "samples").glob("progress.*"))
    config = replace(config, training=facts, data=data, curves=train.curves)
    model = save_model(
        best.exported(generator), config, args.run / "model", films, discriminator, upscaler_of(args.run)
    )
    add_findings(model, args.run / "model", cache, training, held_out)


if __name__ == "__main__":
    main()
