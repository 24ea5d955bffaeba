import numpy as np
import pytest

from facegan.model.refine import refined

FRAMING = 0.8


@pytest.fixture(scope="module")
def generate():
    """A generator of 64 px whose pictures follow their latents (n, 6) in smooth, bent ways."""
    rng = np.random.RandomState(0)
    waves = rng.randn(6, 8, 8, 3).repeat(8, axis=1).repeat(8, axis=2)

    def draw(latents):
        bent = np.tanh(latents + 0.3 * np.roll(latents, 1, axis=1))
        images = np.tensordot(bent, waves, axes=1)
        return np.rint(127.5 + 40 * images).clip(0, 255).astype(np.uint8)

    return draw


@pytest.mark.parametrize("seed", range(5))
def test_the_latent_of_a_picture_is_found(generate, seed):
    latent = 0.7 * np.random.RandomState(seed).randn(1, 6).astype(np.float32)
    (face,) = generate(latent)
    found = refined(face, np.zeros(6, np.float32), generate, FRAMING, penalty=1e-4)
    assert np.abs(generate(found[None])[0].astype(int) - face).mean() < 2
    assert found == pytest.approx(latent[0], abs=0.15)


def test_a_large_penalty_keeps_the_first_answer(generate):
    (face,) = generate(np.ones((1, 6), np.float32))
    first = np.zeros(6, np.float32)
    assert np.abs(refined(face, first, generate, FRAMING, penalty=1e6) - first).max() < 0.01


def test_it_is_never_worse_than_the_first_answer(generate):
    rng = np.random.RandomState(3)
    for _ in range(5):
        face = rng.randint(0, 255, (64, 64, 3)).astype(np.uint8)  # no latent draws it
        first = rng.randn(6).astype(np.float32)
        found = refined(face, first, generate, FRAMING)
        apart = [np.abs(generate(one[None])[0].astype(float) - face).mean() for one in (found, first)]
        assert apart[0] <= apart[1] * 1.05  # by its own measure never; this one is another
