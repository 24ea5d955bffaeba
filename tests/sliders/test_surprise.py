"""Surprises of a toy whose effects and scores are known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.sliders import surprise
from facegan.sliders.surprise import find_surprises, judge_surprises, principal_directions
from facegan.sliders.surrogate import squash
from tests.sliders.toy import D, W, scores, toy_set

STRENGTH = np.array([9, 8, 7, 6, 1, 5, 2, 4, 3, 0.5, 0.4, 0.3])  # the first four move scores


def effect(latents):
    return np.tile(np.diag(STRENGTH), (len(latents), 1, 1)).astype(np.float32)


def drawn(latents):
    """A pixel for each number of z, as bright as its effect is strong."""
    images = np.zeros((len(latents), 4, 4, 3), np.uint8)
    images.reshape(len(latents), -1)[:, :D] = 128 + 10 * np.sqrt(STRENGTH) * squash(latents)[0]
    return images


@pytest.fixture
def found():
    return find_surprises(toy_set(), effect, drawn, count=3)


def test_they_are_the_strongest_directions_that_no_score_has(found):
    turned = np.zeros(D)  # in the plane of the first four numbers that the scores leave free
    turned[:4] = np.linalg.svd(W[:4].T)[2][-1]
    strength = STRENGTH[:4] @ turned[:4] ** 2
    single = [(STRENGTH[i], np.eye(D)[i]) for i in range(4, D)]
    expected = sorted([(strength, turned), *single], key=lambda one: -one[0])
    for direction, (_, axis) in zip(found.directions, expected, strict=False):
        assert abs(direction @ axis) == pytest.approx(np.sqrt(3), rel=1e-3)  # a score has a deviation of 1
    assert [slider.label for slider in found.sliders] == ["Surprise 1", "Surprise 2", "Surprise 3"]
    np.testing.assert_allclose(found.directions @ W, 0, atol=1e-5)


def test_what_changes_a_score_at_one_face_is_left_out_there_only():
    effects = np.tile(np.diag([4.0, 3.0, 2.0]), (2, 1, 1))
    gradients = np.array([[[1.0, 0, 0]], [[0, 0, 1.0]]])
    mean = np.array([1.0, 0, 1.0]) / np.sqrt(2)
    axes = principal_directions(effects, gradients, 2)
    np.testing.assert_allclose(axes @ mean, 0, atol=1e-6)
    np.testing.assert_allclose(np.abs(axes[0]), [0, 1, 0], atol=1e-6)
    assert (axes[np.arange(2), np.abs(axes).argmax(axis=1)] > 0).all()


def test_a_surprise_moves_and_the_named_scores_stay(found):
    # One number of z ends at 1.7 deviations, which a surprise of a real generator is never along.
    sliders = replace(toy_set(bend=0.3), surprises=replace(found, ends=found.ends / 2))
    g = np.random.RandomState(5).randn(60, D).astype(np.float32)
    low, high = (sliders.edit(g, {"surprise_1": value}) for value in (-1.0, 1.0))
    at = (squash(high)[0] - squash(low)[0]) @ found.directions.T
    assert at[:, 0].mean() > 1.5
    assert np.abs(at[:, 1:]).mean() < 0.1  # nor do the other surprises
    held = sliders.surrogate.scores
    assert np.abs(held(high) - held(low)).mean() < 0.05
    both = sliders.edit(g, {"smile": 1.0, "surprise_1": 1.0})
    assert (scores(both) - scores(g))[:, 0].mean() > 0.5


def test_named_sliders_draw_what_they_drew_before(found):
    g = np.random.RandomState(5).randn(6, D).astype(np.float32)
    sliders = replace(toy_set(), surprises=found)
    values = {"smile": 0.5, "surprise_1": 0.0}
    assert np.array_equal(sliders.edit(g, values, ["age"]), toy_set().edit(g, {"smile": 0.5}, ["age"]))
    locked = sliders.edit(g, {"smile": 0.5}, ["surprise_1"])
    assert np.abs((squash(locked)[0] - squash(g)[0]) @ found.directions[0]).max() < 0.05
    with pytest.raises(ValueError, match="no slider 'surprise_9'"):
        sliders.edit(g, {"surprise_9": 1.0})
    with pytest.raises(ValueError, match="surprise_1 must be from -1 to 1"):
        sliders.edit(g, {"surprise_1": 2.0})


def test_a_surprise_and_a_named_slider_begin_where_the_other_ended(found):
    g = np.random.RandomState(5).randn(8, D).astype(np.float32)
    sliders = replace(toy_set(bend=0.3), surprises=found)
    for first, second in (("surprise_1", "smile"), ("smile", "surprise_1"), ("surprise_1", "surprise_2")):
        alone, both = (sliders.edit(g, {first: 1.0, **more}) for more in ({}, {second: 1e-6}))
        assert np.abs(both - alone).max() < 1e-3, (first, second)


def test_a_surprise_is_taken_of_another_face_and_the_rest_stays(found):
    a, b = np.random.RandomState(5).randn(2, 40, D).astype(np.float32)
    sliders = replace(toy_set(), surprises=found)

    def at(latents):
        return squash(latents)[0] @ found.directions.T

    taken = sliders.edit_like(a, b, ["surprise_1"])
    left = np.abs(at(taken)[:, 0] - at(b)[:, 0]).mean()
    assert left < 0.25 * np.abs(at(a)[:, 0] - at(b)[:, 0]).mean()
    held = sliders.surrogate.scores
    assert np.abs(held(taken) - held(a)).mean() < 0.25 * np.abs(held(b) - held(a)).mean()
    assert np.array_equal(sliders.edit_like(a, b, ["smile"]), toy_set().edit_like(a, b, ["smile"]))
    with pytest.raises(ValueError, match="no slider 'surprise_9'"):
        sliders.edit_like(a, b, ["surprise_1", "surprise_9"])


def test_they_change_the_picture_as_much_as_a_named_slider_within_bounds(found):
    changes = surprise._changes(replace(toy_set(), surprises=found), drawn, np.random.RandomState(1).randn(40, D))
    usual = np.median([changes[name] for name in ("smile", "gender", "age")])
    for slider, (low, high) in zip(found.sliders, found.ends, strict=True):
        assert low == -high
        assert 1.5 <= high <= 3
        inside = 1.51 < high < 2.99
        assert not inside or changes[slider.name] == pytest.approx(usual, rel=0.3)


def test_a_name_that_a_users_column_has_is_not_taken():
    found = find_surprises(toy_set(names=("smile", "surprise_1", "age")), effect, drawn, count=2)
    assert [slider.name for slider in found.sliders] == ["surprise_2", "surprise_3"]


def test_scores_that_fill_the_latent_leave_no_surprise():
    assert find_surprises(toy_set(), effect, drawn, count=0) is None


def test_the_judge_tells_how_far_the_named_attributes_move(found):
    def read(latents):  # smile goes a half as far as the first surprise, and nothing else moves
        at = squash(latents)[0] @ found.directions[0]
        return np.stack([scores(latents)[:, 2], scores(latents)[:, 0] + at / 2], axis=1)

    g = np.random.RandomState(3).randn(50, D).astype(np.float32)
    sliders = replace(toy_set(), surprises=replace(found, ends=found.ends / 2))
    first, second, _ = judge_surprises(sliders, read, ("age", "smile"), g).surprises.sliders
    moved = first.quality["named_moved_each"]
    low, high = (read(sliders.edit(g, {"surprise_1": value}))[:, 1] for value in (-1.0, 1.0))
    assert moved["smile"] == pytest.approx(np.abs(high - low).mean() / read(g)[:, 1].std(), rel=1e-5)
    assert moved["age"] < 0.1
    assert first.quality["named_moved"] == pytest.approx((moved["smile"] + moved["age"]) / 2)
    assert "most of all the smile" in first.note
    assert second.quality["named_moved"] < 0.2
