import torch
import torch.nn.functional as F

from facegan.gan.upscaler import Upscaler, join, split


def test_the_means_of_the_joined_image_are_the_given_image():
    rng = torch.Generator().manual_seed(0)
    images, details = torch.rand(2, 3, 6, 4, generator=rng), torch.rand(2, 9, 6, 4, generator=rng) - 0.5
    large = join(images, details)
    assert large.shape == (2, 3, 12, 8)
    assert torch.allclose(F.avg_pool2d(large, 2), images, atol=1e-6)


def test_each_detail_is_a_difference_within_four_pixels():
    image = torch.tensor([[1.0, 2.0], [4.0, 8.0]]).expand(1, 3, 2, 2)
    mean, details = split(image)
    assert mean.flatten().tolist() == [3.75] * 3
    left_right, top_bottom, diagonals = (1 + 4 - 2 - 8) / 4, (1 + 2 - 4 - 8) / 4, (1 + 8 - 2 - 4) / 4
    assert details.flatten().tolist() == [left_right] * 3 + [top_bottom] * 3 + [diagonals] * 3


def test_joining_undoes_splitting():
    image = torch.rand(3, 3, 16, 8, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(join(*split(image)), image, atol=1e-6)


def test_a_new_upscaler_draws_the_given_image_with_doubled_pixels():
    torch.manual_seed(0)
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        large = Upscaler(8, 1)(image)
    assert torch.allclose(large, F.interpolate(image, scale_factor=2), atol=0.05)
