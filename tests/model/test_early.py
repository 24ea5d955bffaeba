"""The generator's early features and what a latent does to them, against the generator and small steps."""

import numpy as np
import pytest
import torch

from facegan import FaceModel
from facegan.model.early import EarlyFeatures
from facegan.model.folder import ONNX


@pytest.fixture(scope="module")
def model(model_folder):
    return FaceModel.load(model_folder)


def test_after_the_last_layer_they_are_the_picture(model, model_folder):
    early = EarlyFeatures((model_folder / ONNX).read_bytes(), levels=len(model.config.channels))
    latents = model.latents([1, 2])
    drawn = model._session.run(["images"], {"latents": latents})[0]
    np.testing.assert_allclose(np.tanh(early.maps(latents)), drawn, atol=1e-4)


def test_the_effect_is_that_of_a_small_step(model, model_folder):
    early = EarlyFeatures((model_folder / ONNX).read_bytes())
    latent = model.latents([3])
    latent[:, -2:] = 0.2, -0.1  # where the curves of these entries are steep
    z = torch.erf(torch.from_numpy(latent).double() / 2**0.5).numpy()

    def maps(z):
        return early.maps((torch.erfinv(torch.from_numpy(z)) * 2**0.5).float().numpy()).astype(np.float64).ravel()

    step = 1e-3 * np.random.RandomState(0).randn(*z.shape)
    change = (maps(z + step) - maps(z - step)) / 2
    effect = early.effect(latent)[0]
    assert (step @ effect @ step.T).item() == pytest.approx(change @ change, rel=0.02)
    np.testing.assert_allclose(effect, effect.T, rtol=1e-3, atol=1e-4)
