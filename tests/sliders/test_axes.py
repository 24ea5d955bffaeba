"""Entries of a latent that control an attribute each."""

import numpy as np
import pytest

from facegan.sliders.axes import axis_of, free_entries
from facegan.sliders.steer import steer
from tests.sliders.toy import D, W, linear_surrogate, toy_set


@pytest.fixture
def latents():
    return np.random.RandomState(0).randn(2000, D).astype(np.float32)


def test_an_entry_controls_a_score_that_the_others_say_little_about(latents):
    noise = np.random.RandomState(1).randn(len(latents))
    score = np.tanh(latents[:, 4]) + 0.2 * latents[:, 7] + noise  # the noise is no entry's
    assert axis_of(latents, score) == 4
    score[::2] = np.nan
    assert axis_of(latents, score) == 4


def test_no_entry_controls_a_score_that_two_make_or_none(latents):
    assert axis_of(latents, latents[:, 4] + 0.8 * latents[:, 7]) is None
    assert axis_of(latents, np.zeros(len(latents))) is None
    assert axis_of(latents, np.full(len(latents), np.nan)) is None


def test_a_smile_with_an_entry_of_its_own_may_change_that_entry_alone(latents):
    scores = np.stack([latents[:, 2], -latents[:, 9], latents @ np.ones(D)], axis=1)
    free = free_entries(latents, scores, ("smile", "age", "mouth_open"))
    assert [set(np.flatnonzero(row)) for row in free] == [{2}, set(range(D)), set(range(D))]


def test_entries_that_are_not_free_stay(latents):
    surrogate, latents, weights = linear_surrogate(), latents[:50], np.ones(3, np.float32)
    wanted = surrogate.scores(latents) + np.float32([0.3, 0, 0])
    unbound = steer(surrogate, latents, wanted, weights)
    enough = (np.abs(W).sum(axis=1) > 0).astype(np.float32)  # the scores depend on these entries alone
    assert np.allclose(steer(surrogate, latents, wanted, weights, enough), unbound, atol=1e-5)
    one = np.eye(D, dtype=np.float32)[0]
    changed = steer(surrogate, latents, wanted, weights, one) != latents
    assert changed[:, 0].all() and not changed[:, 1:].any()


@pytest.fixture
def sliders():
    """The smile has the entry 0 of its own; in the toy that entry moves nothing else."""
    sliders = toy_set()
    sliders.free[0] = np.eye(D)[0]
    return sliders


def test_a_slider_with_its_own_entry_reaches_its_end_by_it(sliders):
    g = 0.3 * np.random.RandomState(2).randn(20, D).astype(np.float32)
    moved = sliders.edit(g, {"smile": 0.5})
    assert (moved[:, 1:] == g[:, 1:]).all()
    before, after = (sliders.surrogate.scores(latents)[:, 0] for latents in (g, moved))
    assert np.allclose(after, before + 0.5 * (np.maximum(1, before + 0.5) - before), atol=0.1)


def test_with_another_slider_both_arrive_and_what_is_not_moved_is_held(sliders):
    g = 0.3 * np.random.RandomState(2).randn(20, D).astype(np.float32)
    alone = sliders.edit(g, {"smile": 0.5})
    both = sliders.edit(g, {"smile": 0.5, "age": -0.5})
    scores = [sliders.surrogate.scores(latents) for latents in (g, alone, both)]
    assert np.abs(scores[2][:, 0] - scores[1][:, 0]).mean() < 0.05  # the smile
    assert (scores[2][:, 2] < scores[0][:, 2] - 0.2).all()  # age
    assert np.abs(scores[2][:, 1] - scores[1][:, 1]).mean() < 0.1  # gender


def test_a_locked_score_may_need_any_entry(sliders):
    g = np.zeros((1, D), np.float32)
    alone, locked = sliders.edit(g, {"smile": 0.5}), sliders.edit(g, {"smile": 0.5}, lock=["gender"])
    assert np.flatnonzero(alone).tolist() == [0]
    assert np.count_nonzero(locked) > 1
