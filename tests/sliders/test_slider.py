"""Editing, on a toy whose directions are known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.sliders.slider import LEAST_MOVE, Slider
from facegan.sliders.steer import steer
from facegan.sliders.surrogate import MAX_LIPSCHITZ, Surrogate, squash
from tests.sliders.toy import D, W, linear_surrogate, scores, toy_set


def latents(n=40, seed=0):
    return (np.random.RandomState(seed).randn(n, D) * 0.5).astype(np.float32)


def test_zero_is_the_face_as_it_is():
    g = latents()
    edited = toy_set().edit(g, {"smile": 0.0})
    assert np.array_equal(edited, g)
    assert edited is not g
    assert toy_set().edit(g[:0], {"smile": 1.0}).shape == (0, D)


def test_a_slider_moves_its_own_score_to_its_end_and_no_other():
    g = latents()
    before, after = scores(g), scores(toy_set().edit(g, {"smile": 1.0}))
    end = np.maximum(1.0, before[:, 0] + LEAST_MOVE)
    assert np.abs(after[:, 0] - end).mean() < 0.1  # the penalty keeps a little back
    assert np.abs(after[:, 1:] - before[:, 1:]).mean() < 0.08


def test_the_mean_difference_direction_takes_the_others_along():
    g = latents()
    moved = scores(toy_set().edit_by_difference(g, "smile", 0.3)) - scores(g)
    assert (moved[:, 1] > 0.1).all()  # W[1] is in both


def test_a_small_step_is_the_damped_least_squares_one():
    """Near a latent the way is W' (W W' + p I)^-1 r, computed here by the normal equations of the other side."""
    g = latents(1, seed=3)
    gradients = (W * squash(g)[1].T).T  # (k, d)
    r = np.array([0.01, -0.02, 0.005])
    p = 0.1
    expected = np.linalg.solve(gradients.T @ gradients + p * np.eye(D), gradients.T @ r)
    found = steer(linear_surrogate(), g, scores(g) + r.astype(np.float32), np.ones(3), steps=1, penalty=p)
    assert np.allclose(found[0] - g[0], expected, atol=1e-5)


def test_it_goes_evenly():
    g = latents()
    way = np.stack([scores(toy_set().edit(g, {"age": value}))[:, 2] for value in np.linspace(-1, 1, 11)])
    steps = np.diff(way, axis=0)
    assert (steps > 0).all()
    assert steps[5:].std(axis=0).max() < 0.02


def test_a_bent_generator_is_followed_along_the_way():
    """One step along the gradient at the start misses; eight small ones do not."""
    sliders = toy_set(bend=0.5)
    g = latents()
    before = sliders.surrogate.scores(g)
    after = sliders.surrogate.scores(sliders.edit(g, {"smile": 1.0}))
    assert np.abs(after[:, 1:] - before[:, 1:]).mean() < 0.08
    targets = before.copy()
    targets[:, 0] = np.maximum(1.0, before[:, 0] + LEAST_MOVE)
    at_once = sliders.surrogate.scores(steer(sliders.surrogate, g, targets, np.ones(3), steps=1))
    assert np.abs(at_once[:, 1:] - before[:, 1:]).mean() > 1.5 * np.abs(after[:, 1:] - before[:, 1:]).mean()


def test_several_sliders_combine():
    g = latents()
    after = scores(toy_set().edit(g, {"smile": 1.0, "age": -1.0}))
    assert np.abs(after[:, 0].mean() - 1) < 0.15
    assert np.abs(after[:, 2].mean() + 1) < 0.15
    assert np.abs(after[:, 1] - scores(g)[:, 1]).mean() < 0.06


def test_what_is_another_name_of_it_moves_along_unless_it_is_locked():
    free = np.ones((3, 3), np.float32)
    free[0, 1] = 0
    sliders, g = toy_set(weights=free), latents()
    moved = np.abs(scores(sliders.edit(g, {"smile": 1.0})) - scores(g))[:, 1].mean()
    held = np.abs(scores(sliders.edit(g, {"smile": 1.0}, lock=("gender",))) - scores(g))[:, 1].mean()
    assert moved > 0.2
    assert held < 0.02


def test_a_face_does_not_depend_on_its_company():
    g = latents()
    together = toy_set().edit(g, {"gender": -1.0})
    assert np.allclose(together[7:8], toy_set().edit(g[7:8], {"gender": -1.0}), atol=1e-5)


@pytest.mark.parametrize("value", [1.1, -2, float("nan"), float("inf")])
def test_a_value_outside_the_range_is_refused(value):
    with pytest.raises(ValueError, match="smile must be from -1 to 1"):
        toy_set().edit(latents(), {"smile": value})


def test_unknown_names_are_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no slider 'beard'; this model has smile, gender, age"):
        toy_set().edit(latents(), {"beard": 1.0})
    with pytest.raises(ValueError, match="'beard' cannot be locked"):
        toy_set().edit(latents(), {"smile": 1.0}, lock=("beard",))


def test_a_slider_has_the_promised_parts():
    slider = Slider("smile", "Smile")
    assert (slider.low, slider.high, slider.quality, slider.note) == (-1.0, 1.0, {}, "")


def test_the_steepest_sliders_that_are_loaded_can_still_be_moved():
    """Sliders that all do one thing: beside them float32 loses the penalty, and the system has no solution."""
    k, d = 2, D
    nothing = [np.zeros(shape, np.float32) for shape in ((d, 1), (1,), (1, 1), (1,), (1, k), (k,))]
    linear = np.full((d, k), 0.99 * MAX_LIPSCHITZ / np.sqrt(d * k), np.float32)
    surrogate = Surrogate(linear, tuple(nothing[:2]), tuple(nothing[2:4]), tuple(nothing[4:]))
    assert surrogate.lipschitz() <= MAX_LIPSCHITZ
    sliders = replace(toy_set(names=("smile", "age")), surrogate=surrogate)
    assert np.isfinite(sliders.edit(latents(), {"smile": 1.0}, lock=("age", "smile"))).all()
