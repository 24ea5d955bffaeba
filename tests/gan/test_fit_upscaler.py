import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facegan.gan import fit_upscaler as module
from facegan.gan.fit_upscaler import fit_upscaler
from facegan.gan.upscaler import split

SIDE = 32  # px of the generator


def stripes(phases, side=2 * SIDE):
    """Images float (n, 3, side, side) of slanting waves, which doubled pixels draw as stairs."""
    places = torch.arange(side, dtype=torch.float32)
    waves = torch.sin((places[:, None] + places[None]) * (2 * torch.pi / 12) + phases.view(-1, 1, 1))
    return 0.8 * waves[:, None].expand(-1, 3, -1, -1).contiguous()


class Stripes(nn.Module):
    """Draws the waves, reduced by two, that the first latent asks for."""

    def forward(self, latents):
        return F.avg_pool2d(stripes(latents[:, 0]), 2)


def faces(count=40):
    phases = torch.rand(count, generator=torch.Generator().manual_seed(0)) * 6.28
    images = (stripes(phases).permute(0, 2, 3, 1) + 1) * 127.5
    return images.round().byte().numpy(), np.arange(count)


def test_it_draws_the_details_of_images_that_it_has_not_seen(monkeypatch):
    monkeypatch.setattr(module, "_DISTANCE_ONLY", 1.0)  # the critic needs more steps than a test has
    upscaler = fit_upscaler(Stripes(), *faces(), crops_seen=16 * 150)
    wanted = stripes(torch.tensor([0.35, 2.4]))
    small, details = split(wanted)
    with torch.no_grad():
        wrong = (upscaler.details(small) - details).abs().mean()
    assert wrong < 0.6 * details.abs().mean()  # which is what doubled pixels are wrong by


def test_both_networks_learn_and_say_how_far_they_are(monkeypatch):
    monkeypatch.setattr(module, "_SAY_EVERY", 0.0)
    told = []
    upscaler = fit_upscaler(Stripes(), *faces(), crops_seen=16 * 25, say=told.append)
    assert not upscaler.training
    assert all(value.isfinite().all() for value in upscaler.state_dict().values())
    assert "distance" in told[0] and "features" not in told[0]  # the first steps learn by the distance alone
    assert "features" in told[-1] and "400 of 400" in told[-1]


def test_a_seed_gives_the_same_upscaler():
    one, two = (fit_upscaler(Stripes(), *faces(), crops_seen=64, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(value, two[name]) for name, value in one.items())


def test_only_the_given_rows_are_learned_from():
    images, _ = faces()
    other = images.copy()
    other[10:] = 0
    rows = np.arange(10)
    one, two = (fit_upscaler(Stripes(), some, rows, crops_seen=64).state_dict() for some in (images, other))
    assert all(torch.equal(value, two[name]) for name, value in one.items())


def test_faces_of_another_size_are_refused():
    images, rows = faces()
    with pytest.raises(ValueError, match="64, 64"):
        fit_upscaler(Stripes(), images[:, ::2, ::2], rows)
