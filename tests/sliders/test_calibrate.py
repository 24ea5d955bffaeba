"""The pace of sliders, on faces that show of a score what is known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.sliders.calibrate import calibrated, ends_of, pace_of
from facegan.sliders.slider import PACES
from tests.sliders.toy import NAMES, D, scores, toy_set


@pytest.mark.parametrize("along", [False, True], ids=["steered", "along an entry"])
def test_equal_parts_of_a_slider_change_equally_much_where_the_end_of_the_way_changes_little(along):
    g = (0.5 * np.random.RandomState(0).randn(200, D)).astype(np.float32)
    wide = replace(toy_set(), ends=np.tile(np.float32([-0.8, 0.8]), (3, 1)))
    if along:
        wide.along[0, 0] = 1
        wide.ends[0] = -1.5, 1.5

    def seen(latents, name):  # bends: the last of five equal parts changes less than half of what the first does
        return float(np.tanh(1.5 * scores(latents)[:, NAMES.index(name)]).mean())

    found = calibrated(wide, seen, g)
    for way, even in ((found, True), (replace(found, pace=wide.pace), False)):
        for sign in (-1, 1):
            places = [way.edit(g, {"smile": sign * part / PACES}) for part in range(PACES + 1)]
            steps = sign * np.diff([seen(place, "smile") for place in places])
            assert bool(steps.min() > 0.85 * steps.max()) is even, (sign, steps)
            assert steps.min() > 0


def test_the_pace_undoes_a_known_curve():
    way = np.linspace(0, 1, 11)[1:]
    curve = 1.2 * way - 0.4 * way**2  # its rate falls from 1.2 to 0.4 of that of a straight line to 0.8
    # equal fifths of 0.8 are done where the parabola says
    expected = (1.2 - np.sqrt(1.44 - 1.6 * 0.8 * np.arange(1, PACES + 1) / PACES)) / 0.8
    assert pace_of(7 * curve) == pytest.approx(expected, abs=5e-3)
    assert pace_of(way * 3) == pytest.approx(np.linspace(0, 1, PACES + 1)[1:])  # a straight one stays


@pytest.mark.parametrize("rest", [[0.0, -0.5, 0.5, 0.0], [0.3, 0.3, 0.3, 0.3]], ids=["nothing", "little"])
def test_a_way_that_brings_little_more_ends_there(rest):
    gone = np.cumsum([1.0, 1.0, 1.0, 1.0, *rest])
    assert pace_of(gone) == pytest.approx(0.5 * np.linspace(0, 1, PACES + 1)[1:])


def test_a_way_that_brings_nothing_more_may_still_have_a_least_length():
    gone = np.cumsum([1.0, 1.0, 1.0, 1.0, 0.5, -0.5, -0.5, 0.0])
    expected = [0.9 / 8, 1.8 / 8, 2.7 / 8, 3.6 / 8, 0.75]  # fifths of 4.5, and the end in place of 5 / 8
    assert pace_of(gone, least=0.75) == pytest.approx(expected)
    assert pace_of(np.arange(1.0, 9.0), least=0.75)[-1] == 1


@pytest.mark.parametrize(
    "gone", [np.zeros(8), -np.ones(8), np.full(8, np.nan), np.array([1, 2, 3, 4, 5, np.nan, 7, 8])]
)
def test_what_changes_nothing_keeps_an_even_pace(gone):
    assert pace_of(gone) == pytest.approx(np.linspace(0, 1, PACES + 1)[1:])


def test_the_ends_are_two_standard_deviations_of_normal_scores():
    drawn = np.random.RandomState(0).randn(200_000, 1)
    assert ends_of(drawn)[0] == pytest.approx([-2, 2], abs=0.02)
