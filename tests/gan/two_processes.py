"""Trainings in one process, or in two that accelerate starts: see test_processes.py.

Arguments: RUN IMAGES_SEEN PRESET of each.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from facegan.gan import trainer as module
from facegan.gan.budget import Budget
from facegan.gan.config import PRESETS, TrainConfig
from facegan.gan.data import TrainingFaces
from facegan.gan.processes import Processes
from facegan.gan.trainer import Trainer
from tests.gan import killed


def train(run: Path, images_seen: int, preset: str) -> None:
    """Go on with the run in the folder, or begin it."""
    run.mkdir(exist_ok=True)
    recipe = replace(PRESETS[preset], width=2, batch=16)
    processes = Processes()
    judge = killed.Taste() if processes.main else None
    known = killed.attributes()
    config = TrainConfig(recipe, 16, 0, "cpu", "float32", attributes=known.names)
    faces = TrainingFaces(killed.images(), np.arange(50), known)
    few = {"sample_seeds": range(4), "judged_faces": 8}
    trainer = Trainer(config, faces, run, judge=judge, processes=processes, **few)
    trainer.gan.probability.value = 0.3
    trainer.resume()
    trainer.train(Budget(images_seen))
    if processes.main:
        trainer.exported_generator()  # would wait for ever for the other process if it averaged with it


if __name__ == "__main__":
    torch.set_num_threads(1)
    module.CHECK_EVERY = 64
    for folder, images_seen, preset in zip(*[iter(sys.argv[1:])] * 3, strict=True):
        train(Path(folder), int(images_seen), preset)
