import numpy as np
import pytest
import torch
from torch import nn

from facegan.gan import fit_encoder as module
from facegan.gan.encoder import encode, reduced
from facegan.gan.fit_encoder import RealFaces, fit_encoder
from facegan.gan.known_latents import KnownLatents

SIZE, FRAMING = 64, 0.8


class Blocks(nn.Module):
    """Draws the first 48 latents as the colours of 4 x 4 blocks, and nothing of the others."""

    def forward(self, latents):
        blocks = torch.tanh(0.7 * latents[:, :48]).view(-1, 3, 4, 4)
        return nn.functional.interpolate(blocks, (SIZE, SIZE), mode="bilinear")


@pytest.fixture
def told():
    return []


def of_run(count, known):
    latents = np.random.RandomState(7).randn(count, 100).astype(np.float32)
    with torch.no_grad():
        images = ((Blocks()(torch.from_numpy(latents)) + 1) * 127.5).permute(0, 2, 3, 1).round().byte().numpy()
    rows = np.arange(count)
    return RealFaces(images, rows, KnownLatents(rows, latents) if known else None)


def test_it_learns_what_a_generator_draws(monkeypatch):
    monkeypatch.setattr(module, "_FIRST", 2.0)  # stage one alone
    draw = Blocks()
    encoder = fit_encoder(draw, SIZE, FRAMING, faces_seen=4_000)
    latents = torch.randn(64, 100, generator=torch.Generator().manual_seed(99))
    with torch.no_grad():
        found = encode(encoder, draw, reduced(draw(latents)))[-1]
    wrong = (found - latents).square().mean(0)
    assert wrong[:48].mean() < 0.5 * latents[:, :48].square().mean()
    assert wrong[48:].mean() < 1.3  # nothing shows them, so the mean is the best answer


@pytest.mark.parametrize("known", [True, False])
def test_both_stages_learn_from_the_faces_of_a_run(monkeypatch, told, known):
    monkeypatch.setattr(module, "_SAY_EVERY", 0.0)
    monkeypatch.setattr(module, "_WARM_UP", 1)
    encoder = fit_encoder(Blocks(), SIZE, FRAMING, of_run(40, known), faces_seen=320, say=told.append)
    assert not encoder.training
    assert all(value.isfinite().all() for value in encoder.state_dict().values())
    assert ("latents of faces" in told[0]) is known
    assert all(word in told[-1] for word in ("latents", "pixels", "features"))


def test_a_seed_gives_the_same_encoder():
    one, two = (fit_encoder(Blocks(), SIZE, FRAMING, faces_seen=96, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(value, two[name]) for name, value in one.items())


def test_a_generator_of_fewer_pixels_is_refused():
    with pytest.raises(ValueError, match="64 px"):
        fit_encoder(Blocks(), 32, FRAMING)
