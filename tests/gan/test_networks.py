import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import norm

from facegan.gan.networks import (
    Discriminator,
    Generator,
    MinibatchStd,
    ResizeConv,
    SkipLayerExcitation,
    channels_at,
    uniform_noise,
)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(32, [16, 8, 4]), (64, [32, 16, 8, 4]), (128, [32, 16, 8, 4, 4]), (256, [32, 16, 8, 4, 4, 4])],
)
def test_a_thin_network_has_levels_on_top_and_never_fewer_channels_than_carry_colours(size, expected):
    assert channels_at(size, 4, thin=True) == expected


@pytest.mark.parametrize(("width", "expected"), [(48, [384, 192, 96, 48, 24, 16]), (64, [512, 256, 128, 64, 32, 16])])
def test_a_thin_networks_levels_halve(width, expected):
    assert channels_at(256, width, thin=True) == expected


@pytest.mark.parametrize(("size", "expected"), [(16, [8, 4]), (64, [32, 16, 8, 4]), (128, [32, 32, 16, 8, 4])])
def test_channels_halve_with_every_doubling_and_stop_at_eight_widths(size, expected):
    assert channels_at(size, 4) == expected


@pytest.mark.parametrize("size", [63, 96, 8])
def test_a_size_that_no_doubling_reaches_is_refused(size):
    with pytest.raises(ValueError, match=str(size)):
        channels_at(size, 4)


def test_latents_become_the_uniform_cube():
    g = torch.linspace(-3, 3, 7)
    np.testing.assert_allclose(uniform_noise(g).numpy(), 2 * norm.cdf(g.numpy()) - 1, atol=1e-6)


def test_resize_conv_equals_enlarging_and_then_convolving():
    torch.manual_seed(0)
    layer = ResizeConv(5, 7, bias=True)
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 5, 6, 8)
    enlarged = F.interpolate(x, scale_factor=2, mode="nearest")
    expected = F.conv2d(enlarged, layer.weight.transpose(0, 1), layer.bias, padding=1)
    torch.testing.assert_close(layer(x), expected, atol=1e-4, rtol=1e-4)


def test_resize_conv_learns_like_enlarging_and_then_convolving():
    torch.manual_seed(0)
    layer = ResizeConv(3, 2)
    torch.nn.init.normal_(layer.weight)
    x = torch.randn(1, 3, 4, 4)
    target = torch.randn(1, 2, 8, 8)
    (layer(x) * target).sum().backward()
    twin = layer.weight.detach().clone().requires_grad_()
    (F.conv2d(F.interpolate(x, scale_factor=2), twin.transpose(0, 1), padding=1) * target).sum().backward()
    torch.testing.assert_close(layer.weight.grad, twin.grad, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("upsample", ["resize", "transposed"])
@pytest.mark.parametrize("size", [64, 128])
def test_generator_and_discriminator_fit_together(size, upsample):
    images = Generator(size, 2, upsample)(torch.randn(4, 100))
    assert images.shape == (4, 3, size, size)
    assert images.abs().max() <= 1
    for kind in ("spectral", "batch"):
        logits, readings = Discriminator(size, 2, kind, attributes=3)(images)
        assert logits.shape == (4,)
        assert readings.shape == (4, 3)


def test_classic_has_eight_convolutions_with_batch_norm_as_in_the_paper():
    generator, discriminator = Generator(64, 2, "transposed"), Discriminator(64, 2, "batch", minibatch_std=False)
    convolutions = [m for m in generator.modules() if isinstance(m, torch.nn.ConvTranspose2d)]
    convolutions += [m for m in discriminator.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 8
    # all but the generator's last and the discriminator's first layer
    assert sum(isinstance(m, torch.nn.BatchNorm2d) for m in generator.modules()) == 4
    assert sum(isinstance(m, torch.nn.BatchNorm2d) for m in discriminator.modules()) == 3


def test_spectral_norm_holds_every_layer_at_a_largest_singular_value_of_one():
    torch.manual_seed(0)
    discriminator = Discriminator(16, 4, "spectral")
    for _ in range(50):  # power iterations
        discriminator(torch.randn(4, 3, 16, 16))
    weights = [m.weight for m in discriminator.layers if hasattr(m, "weight")]
    assert len(weights) == 3
    for weight in weights:
        largest = np.linalg.svd(weight.detach().flatten(1).numpy(), compute_uv=False)[0]
        assert largest == pytest.approx(1, abs=0.02)


def test_minibatch_std_tells_copies_from_variety():
    layer = MinibatchStd(group=2)
    same = torch.ones(4, 3, 2, 2)
    assert layer(same)[:, 3].max() < 1e-3
    x = torch.randn(4, 3, 2, 2)
    # Groups are {0, 1} and {2, 3}; the population deviation of two values is half their distance.
    first, second = ((x[i] - x[i + 1]).abs().mean() / 2 for i in (0, 2))
    found = layer(x)[:, 3, 0, 0]
    torch.testing.assert_close(found, torch.stack([first, first, second, second]), atol=1e-3, rtol=1e-3)


def test_skip_layer_excitation_gates_channels_by_the_first_maps():
    torch.manual_seed(0)
    layer = SkipLayerExcitation(6, 3)
    x = torch.randn(2, 6, 4, 4)
    first, _, second, _ = layer
    hidden = torch.einsum("nchw,ochw->no", x, first.weight) + first.bias
    hidden = torch.where(hidden > 0, hidden, 0.2 * hidden)
    gates = 1 / (1 + torch.exp(-(hidden @ second.weight[:, :, 0, 0].T + second.bias)))
    torch.testing.assert_close(layer(x), gates[:, :, None, None])
    generator = Generator(16, 2, excite=True)
    plain = Generator(16, 2)
    plain.load_state_dict(generator.state_dict(), strict=False)
    latents = torch.randn(3, 100)
    assert not torch.allclose(generator(latents), plain(latents))


def test_without_normalisation_logits_keep_the_size_of_their_images():
    torch.manual_seed(0)
    images = torch.randn(64, 3, 64, 64)
    with torch.no_grad():
        logits, _ = Discriminator(64, 8, "none")(images)
    assert 0.2 < logits.std() < 5  # the paper's N(0, 0.02) would leave 0.00003


def test_entries_with_curves_are_the_shares_of_faces_below_them():
    """2 Phi(steepness * (g - centre)) - 1, by scipy's normal distribution."""
    latents = np.random.RandomState(0).randn(6, 100)
    expected = 2 * norm.cdf(latents) - 1
    expected[:, -2] = 2 * norm.cdf(5 * (latents[:, -2] - 0.5)) - 1
    expected[:, -1] = 2 * norm.cdf(1.75 * latents[:, -1]) - 1
    found = uniform_noise(torch.from_numpy(latents), ((0.5, 5.0), (0.0, 1.75)))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(uniform_noise(torch.from_numpy(latents)), 2 * norm.cdf(latents) - 1, atol=1e-12)
