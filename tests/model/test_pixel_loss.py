import numpy as np
import pytest

from facegan import FaceModel


@pytest.fixture(scope="module")
def model():
    return FaceModel.load()


@pytest.fixture(scope="module")
def problem(model):
    """Latents, a face to be near, and weights."""
    (face,) = model.generate(model.latents([7]))
    factor = len(face) // 32
    wanted = face.reshape(32, factor, 32, factor, 3).mean(axis=(1, 3)) / 127.5 - 1
    weights = np.random.RandomState(0).rand(32, 32).astype(np.float32)
    return model.latents([1, 2], 0.8), wanted.transpose(2, 0, 1).astype(np.float32), weights


def test_the_loss_is_that_of_what_the_model_draws(model, problem):
    latents, wanted, weights = problem
    images = model.generate(latents)
    factor = images.shape[1] // 32
    small = images.reshape(2, 32, factor, 32, factor, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2) / 127.5 - 1
    expected = (np.square(small - wanted) * weights).sum(axis=(1, 2, 3))
    losses, _ = model.encoder.pixel_loss(latents, wanted, weights)
    assert losses == pytest.approx(expected, rel=0.01)


def test_the_gradient_is_the_quotient_of_small_differences(model, problem):
    latents, wanted, weights = problem
    _, gradients = model.encoder.pixel_loss(latents, wanted, weights)
    rng = np.random.RandomState(1)
    for _ in range(5):
        direction = rng.randn(*latents.shape).astype(np.float32)
        ends = [model.encoder.pixel_loss(latents + side * direction, wanted, weights)[0] for side in (2e-4, -2e-4)]
        quotient = (ends[0] - ends[1]) / 4e-4
        assert (gradients * direction).sum(axis=1) == pytest.approx(
            quotient, rel=0.03, abs=8
        )  # of hundreds; float32 has noise
