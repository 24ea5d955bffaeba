from dataclasses import replace

import numpy as np
import pytest

from facegan import FaceModel
from facegan.model.look_alike import readings_of
from facegan.model.refine import refined


@pytest.fixture(scope="module")
def model():
    return FaceModel.load().base


def apart(model, latent, face):
    """Mean difference of colours, levels."""
    return np.abs(model.generate(latent[None])[0].astype(int) - face).mean()


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_latent_of_a_generated_face_is_found(model, seed):
    (latent,) = model.latents([seed], 0.8)
    (face,) = model.generate(latent[None])
    begin = latent + 0.5 * np.random.RandomState(seed).randn(100).astype(np.float32)
    found = refined(face, begin, model.encoder.pixel_loss, 0.8)
    assert apart(model, found, face) < 0.25 * apart(model, begin, face)
    assert np.linalg.norm(found - latent) < np.linalg.norm(begin - latent)


def test_what_does_not_count_is_not_looked_at(model):
    (latent,) = model.latents([3], 0.8)
    (face,) = model.generate(latent[None])
    painted, shown = face.copy(), np.ones((32, 32), bool)
    painted[:, : len(face) // 2], shown[:, :16] = 255, False
    begin = np.zeros(100, np.float32)
    found = [refined(one, begin, model.encoder.pixel_loss, 0.8, shown) for one in (face, painted)]
    assert np.array_equal(*found)


def test_readings_are_held(model):
    (latent,) = model.latents([21], 0.8)
    (drawn,) = model.generate(latent[None])
    noise = np.random.RandomState(0).randint(-90, 90, drawn.shape)  # pixels that agree exactly would outweigh readings
    face = (drawn.astype(int) + noise).clip(0, 255).astype(np.uint8)
    own = readings_of(model.slider_set, drawn, 0.8)
    column = model.slider_set.scores.index("smile")
    sides = []
    for side in (-2.0, 2.0):
        scores = own.scores.copy()
        scores[column] = side
        found = refined(face, latent, model.encoder.pixel_loss, 0.8, None, replace(own, scores=scores))
        sides.append(own.surrogate.scores(found[None])[0, column])
    assert sides[1] - sides[0] > 0.5


def test_it_is_never_worse_than_the_first_answer(model):
    rng = np.random.RandomState(3)
    for _ in range(2):
        face = rng.randint(0, 255, (model.size, model.size, 3)).astype(np.uint8)  # no latent draws it
        first = rng.randn(100).astype(np.float32)
        found = refined(face, first, model.encoder.pixel_loss, 0.8)
        assert apart(model, found, face) <= apart(model, first, face) * 1.05  # by another measure than its own
