from dataclasses import replace

import numpy as np
import pytest

from facegan.gan.config import PRESETS, TrainConfig
from facegan.gan.data import TrainingFaces
from facegan.gan.trainer import Trainer


@pytest.fixture
def tiny_images():
    """Forty pictures with something to learn: a bright disc on a dark ground, uint8 (40, 16, 16, 3)."""
    rng = np.random.RandomState(0)
    y, x = np.mgrid[:16, :16]
    images = []
    for _ in range(40):
        disc = (y - rng.uniform(6, 9)) ** 2 + (x - rng.uniform(6, 9)) ** 2 < rng.uniform(9, 25)
        images.append(np.where(disc[..., None], rng.uniform(150, 255, 3), rng.uniform(0, 60, 3)))
    return np.array(images).astype(np.uint8)


@pytest.fixture
def make_trainer(tmp_path, tiny_images):
    """make_trainer(preset="small", run=..., seed=..., judge=...): real networks at width 2 and 16 px.

    `start`, `weights`: it starts from a model with these Weights, with a warm-up of 80 images.
    """

    def make(preset="small", run=None, seed=0, batch=8, judge=None, start=None, weights=None, patience=0):
        # The loop is the same without the pre-trained network, which would take nine tenths of the time.
        few = {"width": 2, "batch": batch, "warm_up": 80, "pretrained_weight": 0.0}
        recipe = replace(PRESETS[preset], patience=patience, **few)
        config = TrainConfig(recipe, size=16, seed=seed, device="cpu", precision="float32", start=start)
        run = run or tmp_path / "run"
        run.mkdir(exist_ok=True)
        rows = np.arange(len(tiny_images))
        more = {"sample_seeds": range(8), "judged_faces": 10, "judge": judge, "weights": weights}
        return Trainer(config, TrainingFaces(tiny_images, rows), run, say=lambda _: None, **more)

    return make
