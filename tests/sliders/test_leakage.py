"""The figures of sliders, on numbers small enough to work out by hand."""

import numpy as np
import pytest

from facegan.sliders.leakage import (
    agreed_change,
    crossing_share,
    flip_share,
    leakage_matrix,
    monotone_share,
    without_own,
)


def test_leakage_is_the_mean_change_by_that_of_the_slider_itself():
    change = np.array([[[4.0, -1.0], [2.0, 0.5]], [[0.3, 3.0], [np.nan, -3.0]]])  # (slider, face, reading)
    matrix = leakage_matrix(change, np.array([0, 1]))
    assert matrix == pytest.approx(np.array([[1.0, 0.75 / 3], [0.1, 1.0]]))
    assert np.isnan(without_own(matrix, np.array([0, 1]))).tolist() == [[True, False], [False, True]]


def test_what_no_face_shows_has_no_leakage():
    change = np.array([[[1.0, np.nan], [1.0, np.nan]]])
    assert np.isnan(leakage_matrix(change, np.array([0]))[0, 1])


def test_a_fall_within_the_slack_is_no_fall():
    readings = np.array([[0.0, 0.0, 0.0], [1.0, -0.05, -1.0], [2.0, 1.0, 1.0]])
    assert monotone_share(readings, 0.1) == pytest.approx(2 / 3)
    assert monotone_share(readings, 0.0) == pytest.approx(1 / 3)


def test_crossing_and_flips():
    low, high = np.array([-1.0, -1.0, 1.0, -2.0]), np.array([1.0, -0.5, 2.0, 3.0])
    assert crossing_share(low, high, 0.0) == 0.5
    assert flip_share(low, high, (0.0,)) == 0.5
    assert flip_share(low, high, (-0.75, 1.5)) == 1.0


def test_two_readers_agree_on_the_change_and_not_on_their_errors():
    rng = np.random.RandomState(0)
    true = rng.randn(200_000, 2) * [0.5, 0.0]
    one, other = (true + rng.randn(*true.shape) for _ in range(2))
    assert agreed_change(one * other) == pytest.approx([np.abs(true[:, 0]).mean(), 0], abs=0.05)
