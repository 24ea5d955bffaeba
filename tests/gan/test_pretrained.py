"""The second discriminator, which sees images through a pre-trained network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from facegan.gan.adversaries import Adversaries
from facegan.gan.config import PRESETS, TrainConfig, with_known_latents
from facegan.gan.data import FaceBatches
from facegan.gan.known_latents import KnownLatents
from facegan.gan.pretrained import MapsDiscriminator, PretrainedMaps, efficientnet_lite1

CHANNELS = (24, 40, 80)


@pytest.fixture(scope="module")
def maps():
    return PretrainedMaps()


def test_the_maps_are_those_of_the_network_with_its_normalisation(maps):
    network, images = efficientnet_lite1(), torch.rand(2, 3, 64, 64) * 2 - 1
    by_block = {}
    for number, block in enumerate(network._blocks):
        block.register_forward_hook(lambda _, __, found, number=number: by_block.update({number: found}))
    with torch.no_grad():
        network.extract_features(images)
        found = maps(images)
    for level, size, channels in zip(found, (16, 8, 4), CHANNELS, strict=True):
        last = max(number for number, value in by_block.items() if value.shape[1:] == (channels, size, size))
        torch.testing.assert_close(9 * level, by_block[last], rtol=1e-3, atol=1e-3)


def test_the_network_does_not_learn_and_passes_gradients_to_the_images(maps):
    assert not any(p.requires_grad for p in maps.parameters())
    images = torch.zeros(1, 3, 64, 64, requires_grad=True)
    sum(level.square().sum() for level in maps(images)).backward()
    assert images.grad.abs().max() > 0


@pytest.mark.parametrize(("size", "seen"), [(16, 64), (64, 64), (128, 128)])
def test_small_images_are_enlarged(maps, size, seen):
    with torch.no_grad():
        found = maps(torch.zeros(2, 3, size, size))
        logits = MapsDiscriminator()(found)
    assert [level.shape[1:] for level in found] == [
        (channels, seen // by, seen // by) for channels, by in zip(CHANNELS, (4, 8, 16), strict=True)
    ]
    assert [level.shape for level in logits] == [(2, (seen // by) ** 2) for by in (8, 16, 32)]


def adversaries(**recipe):
    changed = replace(PRESETS["small"], width=2, batch=8, **recipe)
    return Adversaries(TrainConfig(changed, 16, 0, "cpu", "float32"))


def weights(network):
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def test_its_discriminator_learns_and_the_network_stays(tiny_images):
    gan = adversaries()
    assert gan.recipe.pretrained_weight
    frozen, learning = weights(gan.second.maps), weights(gan.second.discriminator)
    faces = FaceBatches(tiny_images, np.arange(len(tiny_images)), 0)
    gan.step(*faces.batch(0, 8))
    assert all(torch.equal(value, frozen[name]) for name, value in weights(gan.second.maps).items())
    assert not any(torch.equal(value, learning[name]) for name, value in weights(gan.second.discriminator).items())


def test_it_tells_real_from_generated_images_of_a_generator_that_stands_still(tiny_images):
    gan = adversaries(lr_generator=0.0)
    faces = FaceBatches(tiny_images, np.arange(len(tiny_images)), 0)
    for _ in range(30):
        gan.step(*faces.batch(gan.images_seen, 8))
    real, fake = gan.newest
    with torch.no_grad():
        logits = [gan.second.discriminator(gan.second.maps(images)) for images in (real, fake)]
    assert all((a.mean(1) > b.mean(1)).all() for a, b in zip(*logits, strict=True))


def test_training_goes_on_from_its_state_as_if_it_had_not_been_stopped(tiny_images):
    faces = FaceBatches(tiny_images, np.arange(len(tiny_images)), 0)
    whole = adversaries()
    for _ in range(2):
        whole.step(*faces.batch(whole.images_seen, 8))
    tensors, values = whole.state()
    again = adversaries()
    again.restore({name: value.clone() for name, value in tensors.items()}, values)
    for gan in (whole, again):
        gan.step(*faces.batch(gan.images_seen, 8))
    one, other = whole.state()[0], again.state()[0]
    assert one.keys() == other.keys()
    assert any(name.startswith("adam_maps.") for name in one)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_without_its_weight_nothing_of_it_is_there():
    gan = adversaries(pretrained_weight=0.0)
    assert gan.second is None
    assert not any("maps" in name for name in gan.state()[0])


def test_known_latents_also_bring_the_maps_near(tiny_images):
    """By the maps alone: neither adversary nor pictures."""
    alone = {"match_pictures": 0.0, "match_features": 0.0, "pretrained_weight": 1e-9, "new_latents": 0.0}
    rows = np.arange(8)
    latents = np.random.RandomState(0).randn(8, 100).astype(np.float32)
    faces = FaceBatches(tiny_images, rows, 0, latents=KnownLatents(rows, latents))

    def apart(weight):
        gan = adversaries(match_pretrained=weight, augment=False, attribute_weight=0.0, **alone)
        gan = Adversaries(with_known_latents(gan.config))
        gan.loss = gan.second.adversarial = _Silent()
        for _ in range(30):
            gan.step(*faces.batch(gan.images_seen, 8))
        real, fake = gan.newest
        with torch.no_grad():
            pairs = zip(gan.second.maps(real), gan.second.maps(fake), strict=True)
            return sum(float((a - b).abs().mean() / a.abs().mean()) for a, b in pairs)

    assert apart(1.0) < 0.8 * apart(0.0)


class _Silent:
    """An adversarial loss that says nothing."""

    def discriminator(self, real, fake):
        return (real.sum() + fake.sum()) * 0

    def generator(self, fake, real):
        return fake.sum() * 0

    def overfitting_heuristic(self, real, fake):
        return torch.zeros(())
