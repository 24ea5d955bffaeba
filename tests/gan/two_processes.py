"""Started by accelerate in one or two processes: see test_processes.py. Arguments: RUN IMAGES_SEEN PRESET."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from facegan.gan import trainer as module
from facegan.gan.budget import Budget
from facegan.gan.config import PRESETS, TrainConfig
from facegan.gan.data import TrainingFaces
from facegan.gan.processes import Processes
from facegan.gan.trainer import Trainer
from tests.gan import killed

if __name__ == "__main__":
    run, images_seen, preset = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(1)
    module.CHECK_EVERY = 64
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
        exported = trainer.exported_generator().state_dict()
        save_file({name: value.contiguous() for name, value in exported.items()}, run / "exported.safetensors")
