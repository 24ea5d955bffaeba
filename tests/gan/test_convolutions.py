import pytest
import torch
import torch.nn.functional as F

from facegan.gan.convolutions import Conv, conv, conv_transpose

# Channels of the small map: with few the weight gradient is torch's own, with many it is a product of patches.
FEW_AND_MANY = (3, 50)


def numbers(*shape):
    return torch.randn(shape, dtype=torch.double, requires_grad=True)


@pytest.mark.parametrize("channels", FEW_AND_MANY)
@pytest.mark.parametrize(
    ("ours", "torchs", "large"), [(conv, F.conv2d, True), (conv_transpose, F.conv_transpose2d, False)]
)
def test_maps_and_gradients_are_those_of_torch(ours, torchs, large, channels):
    torch.manual_seed(0)
    x = numbers(2, 2, 8, 8) if large else numbers(2, channels, 4, 4)
    weight, bias = numbers(channels, 2, 4, 4), numbers(channels if large else 2)
    found, expected = ours(x, weight, bias), torchs(x, weight, bias, stride=2, padding=1)
    torch.testing.assert_close(found, expected)
    toward = torch.randn_like(found)
    for mine, theirs in zip(
        torch.autograd.grad(found, (x, weight, bias), toward),
        torch.autograd.grad(expected, (x, weight, bias), toward),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("channels", FEW_AND_MANY)
def test_gradients_can_be_derived_again_as_penalties_do(channels):
    torch.manual_seed(0)
    x, weight = numbers(1, 1, 4, 6), numbers(channels, 1, 4, 4)
    assert torch.autograd.gradgradcheck(lambda x, weight: conv(x, weight).square().sum(), (x, weight))


def test_autocast_multiplies_in_bfloat16_and_gives_float32_gradients():
    layer = Conv(2, 50, bias=True)
    with torch.autocast("cpu", torch.bfloat16):
        maps = layer(torch.randn(2, 2, 8, 8))
    assert maps.dtype == torch.bfloat16
    maps.float().sum().backward()
    assert layer.weight.grad.dtype == layer.bias.grad.dtype == torch.float32
    torch.testing.assert_close(layer.bias.grad, torch.full((50,), 32.0))  # of 2 maps of 4x4
