"""Entries of a latent that control an attribute each."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.sliders.axes import axis_of, directions_along, ends_along
from facegan.sliders.limit import Limit
from tests.sliders.toy import D, toy_set


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


def test_a_smile_with_an_entry_of_its_own_moves_along_it(latents):
    scores = np.stack([-latents[:, 2], latents[:, 9], latents @ np.ones(D)], axis=1)
    along = directions_along(latents, scores, ("smile", "age", "mouth_open"))
    assert (along == np.stack([-np.eye(D)[2], np.zeros(D), np.zeros(D)])).all()


@pytest.fixture
def sliders():
    """The smile has the entry 0 of its own; in the toy that entry moves nothing else."""
    sliders = toy_set()
    sliders.along[0, 0] = 1
    sliders.ends[0] = -2, 2
    return sliders


@pytest.fixture
def faces():
    return np.random.RandomState(2).randn(20, D).astype(np.float32)


@pytest.mark.parametrize(("middle", "deviation"), [(0, 1), (0.3, 0.125)])
@pytest.mark.parametrize("value", [1.0, 0.5, -0.25])
def test_a_slider_along_an_entry_goes_to_the_end_of_the_population(sliders, faces, value, middle, deviation):
    """From where the entry begins to change something, 2.5 deviations from the middle of its curve, to 2 beyond it."""
    sliders.ends[0] = middle - 2 * deviation, middle + 2 * deviation
    moved = sliders.edit(faces, {"smile": value})
    assert (moved[:, 1:] == faces[:, 1:]).all()
    for before, after in zip(faces[:, 0], moved[:, 0], strict=True):
        if value > 0:
            start = max(before, middle - 2.5 * deviation)
            end = max(middle + 2 * deviation, start + 0.5 * deviation)
        else:
            start = min(before, middle + 2.5 * deviation)
            end = min(middle - 2 * deviation, start - 0.5 * deviation)
        assert after == pytest.approx(start + abs(value) * (end - start), abs=1e-5)


def test_the_limit_does_not_shorten_the_way_along_a_steep_curve(sliders, faces):
    """Half of it would end between the two kinds of faces."""
    less_sure = replace(sliders.surrogate, linear=-sliders.surrogate.linear)  # of faces that smile more
    short = replace(sliders, limit=Limit(less_sure, 1e3))  # every face is below it, so all go half of the way
    for deviation, share in ((1.0, 0.5), (0.1, 1.0)):
        sliders.ends[0] = -2 * deviation, 2 * deviation
        start = np.maximum(faces, -2.5 * deviation)[:, 0]
        end = np.maximum(2 * deviation, start + 0.5 * deviation)
        assert np.allclose(short.edit(faces, {"smile": 1.0})[:, 0], start + share * (end - start), atol=1e-5)


def test_the_ends_of_a_slider_along_an_entry_are_those_of_its_curve():
    along = np.zeros((3, D), np.float32)
    along[0, D - 2], along[2, 1] = -1, 1
    ends = ends_along(along, np.float32([[-1.5, 1.7]] * 3), ((0.5, 8.0), (0.0, 1.0)))
    assert np.allclose(ends, [[-0.75, -0.25], [-1.5, 1.7], [-2, 2]])


def test_with_another_slider_both_arrive_and_what_is_not_moved_is_held(sliders):
    g = 0.3 * np.random.RandomState(2).randn(20, D).astype(np.float32)
    alone = sliders.edit(g, {"smile": 0.5})
    both = sliders.edit(g, {"smile": 0.5, "age": -0.5})
    scores = [sliders.surrogate.scores(latents) for latents in (g, alone, both)]
    assert np.abs(scores[2][:, 0] - scores[1][:, 0]).mean() < 0.05  # the smile
    assert (scores[2][:, 2] < scores[0][:, 2] - 0.2).all()  # age
    assert np.abs(scores[2][:, 1] - scores[1][:, 1]).mean() < 0.1  # gender


def test_what_is_locked_is_held_against_a_slider_along_an_entry(faces):
    sliders = toy_set()
    sliders.along[0, 1] = 1  # this entry moves gender as well
    gender = [
        sliders.surrogate.scores(sliders.edit(faces, {"smile": 0.5}, lock=lock))[:, 1] for lock in ([], ["gender"])
    ]
    before = sliders.surrogate.scores(faces)[:, 1]
    assert np.abs(gender[1] - before).mean() < 0.3 * np.abs(gender[0] - before).mean()


def test_the_expression_of_another_face_is_its_entry(sliders, faces):
    like = sliders.edit_like(faces[:10], faces[10:], ["smile"])
    assert np.allclose(like[:, 0], faces[10:, 0], atol=1e-5)
    assert (like[:, 1:] == faces[:10, 1:]).all()


@pytest.mark.parametrize("first", [{"smile": -1.0}, {"age": 1.0}])
@pytest.mark.parametrize("lock", [(), ("gender",)])
def test_a_second_slider_begins_where_the_first_ended(first, lock):
    """Its first touch must not take back what the first slider changes beside its attribute."""
    sliders, g = toy_set(), np.random.RandomState(3).randn(20, D).astype(np.float32)
    sliders.along[0, 1] = 1  # this entry moves gender and, through it, what is held as well
    alone = sliders.edit(g, first, lock=lock)
    for second in {"smile", "gender", "age"} - {*first, *lock}:
        both = sliders.edit(g, {**first, second: 1e-6}, lock=lock)
        assert np.abs(sliders.surrogate.scores(both) - sliders.surrogate.scores(alone)).max() < 1e-3, second


@pytest.mark.parametrize("along", [True, False])
def test_a_lock_does_not_hold_the_attribute_against_its_own_slider(along, faces):
    sliders = toy_set()
    sliders.along[0, 0] = along
    assert np.array_equal(sliders.edit(faces, {"smile": 0.5}, lock=("smile",)), sliders.edit(faces, {"smile": 0.5}))
