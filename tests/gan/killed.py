"""A training in a process of its own, to be killed: see test_killed.py."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from facegan.gan import trainer as module
from facegan.gan.attributes import FaceAttributes
from facegan.gan.budget import Budget
from facegan.gan.config import PRESETS, TrainConfig
from facegan.gan.data import TrainingFaces
from facegan.gan.judge import Judgement
from facegan.gan.trainer import Trainer

IMAGES = 2_000


def images() -> np.ndarray:
    """Sixty soft patterns, uint8 (60, 16, 16, 3)."""
    coarse = np.random.RandomState(0).randint(0, 256, (60, 4, 4, 3)).astype(np.uint8)
    return coarse.repeat(4, 1).repeat(4, 2)


def attributes() -> FaceAttributes:
    """How bright and how red they are."""
    seen = images().astype(float)
    scores = np.stack([seen.mean((1, 2, 3)), seen[..., 0].mean((1, 2))], axis=1)
    return FaceAttributes.of_scores(("brightness", "red"), np.arange(len(seen)), scores)


class Taste:
    """In place of a judge, whose network takes longer to load than this whole run: likes middle grey."""

    def judge(self, generated: np.ndarray) -> Judgement:
        return Judgement(abs(float(generated.mean()) - 127.0), 0.0, 0.0, 0.0, 0.0)


def train(run: Path) -> None:
    """Go on with the run in the folder, or begin it, up to IMAGES; saves as often as it can."""
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (its progress bar, until the kill)
    torch.set_num_threads(1)
    # The rules of a real run at a fraction of its distances, so that kills fall into each of them.
    module.CHECK_EVERY, module.JUDGE_EVERY, module.GOOD_EVERY, module.SAVE_EVERY = 50, 200, 200, 0.0
    # The pre-trained network would take nine tenths of the time; that its discriminator goes on bit for bit is in
    # test_adversaries.py.
    few = {"width": 2, "batch": 8, "pretrained_weight": 0.0}
    recipe = replace(PRESETS["small"], lecam=0.1, excite=True, patience=10**6, **few)
    known = attributes()
    config = TrainConfig(recipe, 16, 0, "cpu", "float32", attributes=known.names)
    faces = TrainingFaces(images(), np.arange(50), known)
    few = {"sample_seeds": range(4), "judged_faces": 8}
    trainer = Trainer(config, faces, run, judge=Taste(), say=lambda _: None, **few)
    # Rises whatever the discriminator says, so that it is a part of the state that counts.
    trainer.gan.probability.images_to_cap, trainer.gan.probability.target = 1_000, -1.0
    trainer.resume()
    trainer.train(Budget(IMAGES))
