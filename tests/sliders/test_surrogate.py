"""The surrogate's scores against torch, its gradients against differences, and its squash against erf."""

from math import erf, sqrt

import numpy as np
import torch

from facegan.sliders.learn import learn_surrogate
from facegan.sliders.surrogate import Surrogate, squash


def random_surrogate(d=5, m=7, k=3, seed=0):
    rng = np.random.RandomState(seed)

    def draw(*shape):
        return rng.randn(*shape).astype(np.float32)

    return Surrogate(draw(d, k), (draw(d, m), draw(m)), (draw(m, m) / 3, draw(m)), (draw(m, k), draw(k)))


def test_the_squash_is_the_uniform_of_the_generator():
    g = np.linspace(-4, 4, 81, dtype=np.float32)
    exact = np.array([erf(x / sqrt(2)) for x in g])
    assert np.abs(squash(g)[0] - exact).max() < 4e-4
    step = 1e-3
    slope = (squash(g + step)[0] - squash(g - step)[0]) / (2 * step)
    assert np.abs(squash(g)[1] - slope).max() < 2e-3


def test_scores_are_those_of_the_same_network_in_torch():
    s = random_surrogate()
    g = np.random.RandomState(1).randn(4, 5).astype(np.float32)
    z = torch.from_numpy(squash(g)[0])
    one = torch.tanh(z @ torch.from_numpy(s.first[0]) + torch.from_numpy(s.first[1]))
    two = torch.tanh(one @ torch.from_numpy(s.second[0]) + torch.from_numpy(s.second[1]))
    expected = z @ torch.from_numpy(s.linear) + two @ torch.from_numpy(s.last[0]) + torch.from_numpy(s.last[1])
    assert np.allclose(s.scores(g), expected.numpy(), atol=1e-5)


def test_gradients_are_the_scores_differences():
    s = random_surrogate()
    g = np.random.RandomState(2).randn(3, 5).astype(np.float32)
    scores, gradients = s.gradients(g)
    assert np.allclose(scores, s.scores(g))
    step = 1e-2
    for i in range(5):
        move = np.zeros(5, np.float32)
        move[i] = step
        assert np.allclose(gradients[:, :, i], (s.scores(g + move) - s.scores(g - move)) / (2 * step), atol=5e-3)


def test_it_learns_what_a_line_cannot_say():
    g = np.random.RandomState(3).randn(3000, 6).astype(np.float32)
    z = squash(g)[0]
    truth = np.stack([z[:, 0] * 2 + z[:, 1], 3 * z[:, 2] * z[:, 3], z[:, 4]], axis=1).astype(np.float32)
    truth[::3, 2] = np.nan  # what a face does not show teaches nothing, and harms nothing
    s = learn_surrogate(g[:2500], truth[:2500], hidden=48, epochs=60)
    left = np.nanvar(s.scores(g[2500:]) - truth[2500:], axis=0) / np.nanvar(truth[2500:], axis=0)
    assert left.max() < 0.1


def test_learning_leaves_torchs_random_numbers_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two = (
        learn_surrogate(np.eye(4, dtype=np.float32), np.ones((4, 1), np.float32), hidden=2, epochs=2) for _ in range(2)
    )
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(one.linear, two.linear)


def test_no_gradient_is_longer_than_the_lipschitz():
    s = random_surrogate()
    _, gradients = s.gradients(np.random.RandomState(2).randn(500, 5).astype(np.float32))
    longest = np.linalg.norm(gradients, 2, axis=(1, 2)).max()
    assert 0.1 * s.lipschitz() < longest <= s.lipschitz()
