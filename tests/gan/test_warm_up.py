"""A training that starts from a model: its discriminator learns alone first."""

import numpy as np
import pytest
import torch

from facegan.gan.adversaries import Weights
from facegan.gan.budget import Budget
from facegan.gan.config import Start
from facegan.gan.networks import Discriminator, Generator
from facegan.gan.samples import draw

START = Start("user/faces@abc")


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(5)
    return Weights(Generator(16, 2).state_dict())


@pytest.fixture(scope="module")
def both(weights):
    """With a discriminator."""
    return Weights(weights.generator, Discriminator(16, 2, "none").state_dict())


def parameters(network):
    return [p.detach().clone() for p in network.parameters()]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_both_generators_begin_as_the_model_and_the_discriminator_as_ever(make_trainer, weights, tmp_path):
    trainer, ever = make_trainer(start=START, weights=weights), make_trainer(run=tmp_path / "ever")
    for network in (trainer.gan.generator, trainer.gan.ema.generator):
        assert all(torch.equal(value, weights.generator[name]) for name, value in network.state_dict().items())
    assert same(parameters(trainer.gan.discriminator), parameters(ever.gan.discriminator))
    assert not same(parameters(trainer.gan.generator), parameters(ever.gan.generator))


def test_a_models_discriminator_goes_on_as_well(make_trainer, weights, both):
    trainer, alone = make_trainer(start=START, weights=both), make_trainer(start=START, weights=weights)
    found = trainer.gan.discriminator.state_dict()
    assert found.keys() == both.discriminator.keys()
    assert all(torch.equal(value, both.discriminator[name]) for name, value in found.items())
    assert same(parameters(trainer.gan.generator), parameters(alone.gan.generator))
    assert torch.equal(trainer.gan.rng.get_state(), alone.gan.rng.get_state())  # it changes nothing else
    trainer.train(Budget(images_seen=80))
    assert same(parameters(trainer.gan.generator), parameters(alone.gan.generator))  # it learns alone, too
    assert not torch.equal(trainer.gan.discriminator.layers[0].weight, both.discriminator["layers.0.weight"])


def test_the_discriminator_learns_alone_and_then_the_generator_at_a_rising_rate(make_trainer, weights):
    trainer = make_trainer(start=START, weights=weights)
    model = Generator(16, 2)
    model.load_state_dict(weights.generator)
    before = parameters(trainer.gan.discriminator)
    trainer.train(Budget(images_seen=80))
    assert same(parameters(trainer.gan.generator), parameters(model))
    assert same(parameters(trainer.gan.ema.generator), parameters(model))
    assert not same(parameters(trainer.gan.discriminator), before)
    rate = trainer.gan.recipe.lr_generator
    for images, share in ((96, 0.1), (128, 0.5), (160, 0.9), (168, 1.0), (240, 1.0)):  # of the step that ends there
        trainer.train(Budget(images_seen=images))
        assert trainer.gan.adam_g.param_groups[0]["lr"] == pytest.approx(share * rate)
    assert not same(parameters(trainer.gan.generator), parameters(model))


def test_the_first_sample_is_the_models_face(make_trainer, weights):
    trainer = make_trainer(start=START, weights=weights)
    model = Generator(16, 2).eval()
    model.load_state_dict(weights.generator)
    np.testing.assert_array_equal(
        draw(trainer.gan.ema.generator, trainer.sample_latents), draw(model, trainer.sample_latents)
    )


@pytest.mark.parametrize("stop", [40, 120])  # in the warm-up; while the rate rises
def test_resume_goes_on_bit_for_bit_and_needs_no_model(make_trainer, both, tmp_path, stop):
    whole = make_trainer(run=tmp_path / "whole", start=START, weights=both)
    whole.train(Budget(images_seen=240))
    make_trainer(run=tmp_path / "parts", start=START, weights=both).train(Budget(images_seen=stop))
    again = make_trainer(run=tmp_path / "parts", start=START)
    assert again.resume()
    again.train(Budget(images_seen=240))
    for part in ("generator", "discriminator"):
        assert same(parameters(getattr(whole.gan, part)), parameters(getattr(again.gan, part)))
    assert same(parameters(whole.gan.ema.generator), parameters(again.gan.ema.generator))


def test_a_rollback_slows_the_warm_up_too(make_trainer, weights):
    trainer = make_trainer(start=START, weights=weights)
    trainer.gan.scale_learning_rates(0.5)
    trainer.train(Budget(images_seen=128))
    assert trainer.gan.adam_g.param_groups[0]["lr"] == pytest.approx(0.5 * 0.5 * trainer.gan.recipe.lr_generator)


def test_from_random_weights_the_generator_learns_at_once(make_trainer):
    trainer = make_trainer()
    before = parameters(trainer.gan.generator)
    trainer.train(Budget(images_seen=8))
    assert not same(parameters(trainer.gan.generator), before)
