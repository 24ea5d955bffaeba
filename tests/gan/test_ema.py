import pytest
import torch

from facegan.gan.ema import Ema, half_life, recalibrated
from facegan.gan.networks import Generator


def test_after_a_half_life_the_average_has_gone_half_the_way():
    generator = Generator(16, 2)
    ema = Ema(generator)
    start = generator.project.weight.detach().clone()
    with torch.no_grad():
        generator.project.weight += 1
    for _ in range(20):  # 20 batches of 5,000 are the half-life at 1,100,000 images
        ema.update(generator, images_seen=1_100_000, batch=5_000)
    torch.testing.assert_close(ema.generator.project.weight, start + 0.5)


@pytest.mark.parametrize(
    ("images_seen", "images"), [(0, 1), (1_000, 50), (200_000, 10_000), (300_000, 20_000), (4_100_000, 400_000)]
)
def test_the_half_life_grows_with_the_run(images_seen, images):
    assert half_life(images_seen) == pytest.approx(images)


def test_batch_norm_statistics_are_averaged_too():
    generator = Generator(16, 2)
    ema = Ema(generator)
    generator.norms[0].running_mean += 4
    ema.update(generator, images_seen=2_000, batch=100)
    torch.testing.assert_close(ema.generator.norms[0].running_mean, torch.full((4,), 2.0))


def test_recalibrated_statistics_are_those_of_the_very_weights():
    torch.manual_seed(0)
    generator = Generator(16, 2)
    with torch.no_grad():
        for p in generator.parameters():
            p.add_(torch.randn_like(p) * 0.3)
    generator.norms[0].running_mean += 100  # nonsense that an average of networks can carry
    fresh = recalibrated(generator)
    assert not fresh.training
    assert generator.norms[0].running_mean.mean() > 90  # the original is left alone
    latents = torch.randn(20_000, 100)
    with torch.no_grad():
        features = fresh.project(torch.erf(latents / 2**0.5)).unflatten(1, (4, 4, -1))
    torch.testing.assert_close(fresh.norms[0].running_mean, features.mean((0, 1, 2)), atol=0.02, rtol=0)
    torch.testing.assert_close(fresh.norms[0].running_var, features.var((0, 1, 2)), rtol=0.03, atol=0)
    # In eval mode it now draws what it drew in training mode, up to the noise of a batch's own statistics.
    with torch.no_grad():
        evaluated = fresh(latents[:2000])
        trained = fresh.train()(latents[:2000])
    assert (evaluated - trained).abs().mean().item() == pytest.approx(0, abs=0.01)
