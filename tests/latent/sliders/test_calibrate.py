"""The pace of sliders, on faces that show of a score what is known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.latent.sliders.calibrate import calibrated, ends_of, pace_of
from facegan.latent.sliders.slider import PACES

from .toy import NAMES, D, scores, toy_set


def test_equal_parts_of_a_slider_change_equally_much_where_the_end_of_the_way_changes_little():
    g = (0.5 * np.random.RandomState(0).randn(200, D)).astype(np.float32)
    wide = replace(toy_set(), ends=np.tile(np.float32([-0.8, 0.8]), (3, 1)))

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
    way = np.linspace(0, 1, PACES + 1)[1:]
    assert pace_of(np.sqrt(way) * 7) == pytest.approx(
        [np.interp(share, [0, *np.sqrt(way)], [0, *way]) for share in way], abs=1e-6
    )
    assert pace_of(way * 3) == pytest.approx(way)  # a straight one stays


def test_a_way_that_brings_nothing_more_ends_there():
    assert pace_of(np.array([1.0, 2.0, 2.0, 1.5, 2.0])) == pytest.approx([0.08, 0.16, 0.24, 0.32, 0.4])


@pytest.mark.parametrize("gone", [np.zeros(PACES), -np.ones(PACES), np.full(PACES, np.nan)])
def test_what_changes_nothing_keeps_an_even_pace(gone):
    assert pace_of(gone) == pytest.approx(np.linspace(0, 1, PACES + 1)[1:])


def test_the_ends_are_two_standard_deviations_of_normal_scores():
    drawn = np.random.RandomState(0).randn(200_000, 1)
    assert ends_of(drawn)[0] == pytest.approx([-2, 2], abs=0.02)
