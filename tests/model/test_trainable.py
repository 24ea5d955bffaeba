import numpy as np
import pytest
import torch

from facegan.base.seeds import latents_of
from facegan.gan.ema import recalibrated
from facegan.model.diffusers_model import load_generator
from facegan.model.export import shipped_form
from facegan.model.folder import DEFAULT_FOLDER
from facegan.model.load import FaceModel
from facegan.model.trainable import NotFoldedError, trainable_form
from tests.model.conftest import CURVES, trained_like


def latents(count=16):
    return torch.from_numpy(latents_of(range(count)))


@pytest.mark.parametrize(("upsample", "curves"), [("resize", ()), ("transposed", ()), ("resize", CURVES)])
def test_the_way_back_is_the_same_function(upsample, curves):
    shipped = shipped_form(trained_like(32, 2, upsample, curves))
    back = trainable_form(shipped, 32, 2, upsample)
    with torch.no_grad():
        torch.testing.assert_close(back(latents()), shipped(latents()), atol=1e-4, rtol=1e-4)


def test_scales_and_kernels_come_back_as_they_were_trained():
    """The kernels but for their size, which normalisation takes out; the scales as exactly as they are measured."""
    trained = recalibrated(trained_like(16, 4))
    back = trainable_form(shipped_form(trained), 16, 4, "resize")
    for one, other in zip(trained.norms, back.norms, strict=True):
        np.testing.assert_allclose(other.weight.detach(), one.weight.detach().abs(), rtol=0.08)
    for one, other in zip(trained.ups, back.ups, strict=True):
        a, b = one.weight.detach().swapaxes(0, 1).flatten(1), other.weight.detach().swapaxes(0, 1).flatten(1)
        np.testing.assert_allclose(torch.cosine_similarity(a, b), 1.0, atol=1e-5)


def test_a_generator_trains_on_with_its_own_statistics():
    """What the normalisation measures in a batch is what the eval mode has: the faces stay nearly the same."""
    back = trainable_form(shipped_form(trained_like(16, 4)), 16, 4, "resize")
    with torch.no_grad():
        still, moving = back(latents(256)), back.train()(latents(256))
    assert (still - moving).abs().mean() < 0.1 * still.std()


def test_the_default_draws_its_faces_to_one_level():
    model = FaceModel.load().base
    width = model.config.channels[0] // 8
    back = trainable_form(load_generator(DEFAULT_FOLDER), model.size, width, "resize", thin=True)
    with torch.no_grad():
        drawn = (back(latents(8)).permute(0, 2, 3, 1).numpy() + 1) * 127.5
    assert np.abs(drawn - model.generate(model.latents(range(8)))).max() <= 1


def test_free_kernels_are_not_taken_for_folded_ones():
    shipped = shipped_form(trained_like(16, 4, "transposed"))
    with pytest.raises(NotFoldedError):
        trainable_form(shipped, 16, 4, "resize")


def test_another_width_is_refused():
    with pytest.raises(ValueError, match=r"\(16, 8\)"):
        trainable_form(shipped_form(trained_like(16, 4)), 16, 8, "resize")
