"""Where sliders end for one face, on a toy whose certainty is known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.sliders.limit import LEAST_SHARE, Limit, shares_of
from facegan.sliders.slider import Slider, Surprises
from facegan.sliders.surrogate import Surrogate, squash
from tests.sliders.test_slider import latents
from tests.sliders.toy import D, scores, toy_set

LEAST = -0.5


def certainty(g):
    """Falls as the first number, which is in the smile alone, rises."""
    return -squash(g)[0][:, 0]


def limited(**changes):
    linear = np.zeros((D, 1), np.float32)
    linear[0] = -1
    nothing = [np.zeros(shape, np.float32) for shape in ((D, 1), (1,), (1, 1), (1,), (1, 1), (1,))]
    network = Surrogate(linear, tuple(nothing[:2]), tuple(nothing[2:4]), tuple(nothing[4:]))
    return replace(toy_set(), limit=Limit(network, LEAST), **changes)


def test_a_path_ends_where_its_certainty_falls_under_the_least():
    paths = np.array([
        [2.0, 2.0, 2.0, 2.0, 2.0],  # never
        [2.0, 1.0, 0.5, -0.5, 1.0],  # half way through the third part
        [1.0, -1.0, 2.0, 2.0, 2.0],  # half way through the first: not beyond, though it gets better there
        [-1.0, -0.5, 0.5, 1.0, 1.0],  # begins under it and gets better
        [-1.0, -0.5, -1.5, -2.0, -2.0],  # gets better, then worse than it began
        [-1.0, -2.0, -3.0, -3.0, -3.0],  # gets worse
    ]).T  # fmt: skip
    expected = np.maximum([1, 2.5 / 4, 0.5 / 4, 1, 1.5 / 4, 0], LEAST_SHARE)
    assert shares_of(paths, 0.0) == pytest.approx(expected)


def test_no_face_is_moved_beyond_its_limit():
    g = latents()
    for values, lock in (({"smile": 1.0}, ()), ({"smile": 1.0, "age": -1.0}, ()), ({"smile": 1.0}, ("gender",))):
        free, held = (certainty(one.edit(g, values, lock)) for one in (toy_set(), limited()))
        allowed = np.minimum(certainty(g), LEAST)
        goes_on = held > allowed + 0.03  # where the end of the slider comes first
        assert (free < allowed - 0.2).mean() > 0.2
        least = certainty(replace(limited(), limit=Limit(limited().limit.certainty, 9.0)).edit(g, values, lock))
        assert (held > np.minimum(allowed, least) - 0.05).all()
        assert np.allclose(held[goes_on], free[goes_on], atol=1e-4)


def test_the_way_back_has_no_limit():
    g = latents()
    assert np.array_equal(limited().edit(g, {"smile": -1.0}), toy_set().edit(g, {"smile": -1.0}))
    assert np.array_equal(limited().edit(g, {"smile": 0.0}), g)


def test_a_shortened_slider_goes_evenly():
    g = latents()
    path = np.stack([scores(limited().edit(g, {"smile": value}))[:, 0] for value in np.linspace(0, 1, 6)])
    steps = np.diff(path, axis=0)
    assert (steps > 0).all()
    assert (steps.std(axis=0) < 0.1 * steps.mean(axis=0) + 0.02).all()


def test_edits_of_an_edited_face_keep_its_limit():
    g = latents()
    once = limited().edit(g, {"smile": 1.0})
    again = once
    for _ in range(3):
        again = limited().edit(again, {"gender": 1.0})
    assert (certainty(again) > np.minimum(certainty(once), LEAST) - 0.1).all()


def test_surprises_have_the_limit_too():
    directions = np.zeros((1, D), np.float32)
    directions[0, 0] = 1
    found = Surprises((Slider("surprise_1", "Surprise 1"),), directions, np.float32([[-2, 2]]))
    g, values = latents(), {"surprise_1": 1.0}
    free, held = (certainty(one.edit(g, values)) for one in (toy_set_with(found), limited(surprises=found)))
    assert held.mean() > free.mean() + 0.05


def toy_set_with(surprises):
    return replace(toy_set(), surprises=surprises)


def test_a_face_does_not_depend_on_its_company():
    g = latents()
    together = limited().edit(g, {"smile": 1.0})
    assert np.allclose(together[7:8], limited().edit(g[7:8], {"smile": 1.0}), atol=1e-5)
